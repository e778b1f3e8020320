"""REST: parse, call one use case, answer. A module per subject."""

from services.tickets.api import exemptions, policies, reports, tickets

ROUTERS = [tickets.router, policies.router, exemptions.router, reports.router]
