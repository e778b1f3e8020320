"""REST: parse, call one use case, answer. A module per subject."""

from services.tickets.api import policies, tickets

ROUTERS = [tickets.router, policies.router]
