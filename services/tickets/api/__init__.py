"""REST: parse, call one use case, answer. A module per subject."""

from services.tickets.api import clocks, exemptions, policies, reports, tickets

ROUTERS = [clocks.router, tickets.router, policies.router, exemptions.router, reports.router]
