"""Business time that passes: clocks run out, breaches are confirmed, ladders are climbed. `shared.timers` runs these on one
replica; each has its own transactions, so that nothing holds up a breach."""

from dataclasses import dataclass
from datetime import datetime

from services.tickets.ports import TicketsUnit
from services.tickets.usecases.clockwork import (
    breach_due_clocks,
    confirm_breaches,
    fire_due_steps,
    next_confirmable,
    next_due,
    next_wake,
)
from shared.clock import Clock

__all__ = ["Ladders", "breach_due_clocks", "confirm_breaches", "next_confirmable", "next_due", "next_wake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladders:
    """Steps are due by business time; what they send is spread and retried by real time (`clock`)."""

    clock: Clock
    public_url: str

    async def fire(self, unit: TicketsUnit, now: datetime) -> int:
        return await fire_due_steps(unit, now, real_now=self.clock.now(), public_url=self.public_url)
