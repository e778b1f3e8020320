"""What happens because time passes: clocks run out, breaches are confirmed, ladders are climbed."""

from services.tickets.usecases.clockwork.breaching import breach_due_clocks, next_due
from services.tickets.usecases.clockwork.confirming import (
    advance_watermark,
    confirm_breaches,
    forget_watermark,
    next_confirmable,
)
from services.tickets.usecases.clockwork.escalating import fire_due_steps, next_wake, plan_steps
from services.tickets.usecases.clockwork.forecasting import AtRisk, clocks_at_risk

__all__ = [
    "AtRisk",
    "advance_watermark",
    "breach_due_clocks",
    "clocks_at_risk",
    "confirm_breaches",
    "fire_due_steps",
    "forget_watermark",
    "next_confirmable",
    "next_due",
    "next_wake",
    "plan_steps",
]
