"""Clocks across tickets: what runs out, what is to be confirmed, what escalates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tickets.domain.attribution import Attribution
from services.tickets.domain.policy import Priority, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A breach in the ledger with what is told of it. `confirmed`: no earlier fact of its source can be on its way."""

    clock_id: str
    ticket_id: str
    number: int
    subject: str
    target: Target
    cycle: int
    priority: Priority
    policy: str
    attribution: Attribution | None
    due_at: datetime
    breached_at: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """A source has been read in full up to `synced_until`."""

    source: str
    synced_until: datetime
    told_at: datetime
    told_by: str

    def covers(self, breached_at: datetime) -> bool:
        """Every fact before that instant is known; what happens at the very instant is too late to matter."""
        return self.synced_until >= breached_at


def is_confirmed(breached_at: datetime, watermark: Watermark | None) -> bool:
    """Sources without a watermark are not waited for."""
    return watermark is None or watermark.covers(breached_at)


class Clocks(Protocol):
    """What the timers need. Each method is a handful of statements however many clocks it concerns."""

    async def next_due(self) -> datetime | None:
        """The earliest instant at which a clock runs out."""
        ...

    async def breach_due(self, now: datetime, limit: int) -> list[Missed]:
        """Breach what is due by `now`, the earliest first: clocks, ledger and history. Tickets that somebody changes at this
        moment are left out; whoever changes them finds the breach."""
        ...

    async def watermarks(self, sources: Collection[str]) -> Mapping[str, Watermark]: ...

    async def advance_watermark(self, watermark: Watermark) -> Watermark:
        """The watermark as it is then: one never goes back."""
        ...

    async def remove_watermark(self, source: str) -> bool:
        """The source is not waited for any more; False if it was not."""
        ...

    async def list_watermarks(self) -> Sequence[Watermark]: ...

    async def next_confirmable(self) -> datetime | None:
        """The earliest breach that waits for nothing any more."""
        ...

    async def confirm_breaches(self, now: datetime, limit: int) -> list[Missed]:
        """Confirm what waits for nothing any more, the earliest first."""
        ...
