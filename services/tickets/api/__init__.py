"""REST: parse, call one use case, answer. A module per subject."""

from services.tickets.api import (
    calendars,
    clocks,
    exemptions,
    migrations,
    policies,
    reports,
    tickets,
    webhooks,
    what_if,
)

ROUTERS = [
    clocks.router,
    webhooks.router,
    tickets.router,
    policies.router,
    calendars.router,
    migrations.router,
    exemptions.router,
    reports.router,
    what_if.router,
]
