"""Clocks across tickets: what runs out, what is to be confirmed, what escalates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.tickets.domain.attribution import Attribution
from services.tickets.domain.clock import Clock
from services.tickets.domain.policy import Priority, Target
from shared.rest import PagingRequest


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


class WatchState(StrEnum):
    """Open clocks as people look for them: `overdue` has been breached and is not settled, `running` and `paused` have not."""

    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFilter:
    """What a list of clocks is cut down to; None does not cut. `team` holds the ticket."""

    state: WatchState = WatchState.RUNNING
    due_before: datetime | None = None
    rollout: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An open clock with what is shown of its ticket."""

    clock: Clock
    number: int
    subject: str
    priority: Priority
    team: str | None
    assignee: str | None
    source: str | None
    attribution: Attribution | None
    unconfirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCounts:
    """Figures stop at `most`."""

    running: int
    due_within_an_hour: int
    due_within_a_day: int
    paused: int
    overdue: int
    unconfirmed: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Population:
    """Clocks that are alike: what one took says something of what another will take. `policy` is a name, of any version."""

    policy: str
    target: str
    priority: str


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

    async def page(self, cut: ClockFilter, paging: PagingRequest) -> tuple[list[Watched], str | None]:
        """What is due soonest first; of what is overdue, the longest overdue."""
        ...

    async def soonest(self, now: datetime, until: datetime, limit: int) -> list[Watched]:
        """Running clocks that are due after `now` and before `until`, the soonest first."""
        ...

    async def count(self, now: datetime) -> ClockCounts: ...

    async def finished(
        self, populations: Collection[Population], since: datetime
    ) -> Mapping[Population, Sequence[float]]:
        """Seconds of business time that the newest finished clocks of each kind took, cancelled ones left out."""
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
