"""Clocks across tickets: what runs out, what is to be confirmed, what escalates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.tickets.domain.attribution import Attribution
from services.tickets.domain.clock import Clock
from services.tickets.domain.ladder import Firing
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
    rule: str
    team: str | None
    assignee: str | None
    source: str | None
    target_seconds: float


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Waking:
    """A clock whose ladder has a step that may be due. `touched_at` is when the desk last did something about its ticket."""

    watched: Watched
    fired: tuple[Firing, ...] = ()
    touched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A step as it was fired. `told` are e-mail addresses and `webhook:name`; nobody was told for a `reason`."""

    escalation_id: str
    clock_id: str
    ticket_id: str
    threshold: str
    occurrence: int
    fires_at: datetime
    fired_at: datetime
    told: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A post to a webhook, not before `try_at` (real time)."""

    message_id: str
    webhook: str
    body: str
    recorded_at: datetime
    try_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where escalations are posted to. `secret` is sealed for the webhook's name."""

    name: str
    url: str
    secret: str
    changed_at: datetime
    changed_by: str


class Post(Protocol):
    """The way out of the house."""

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises `TemporaryFailure`, `PermanentFailure`, `AddressRefused` for an address that is not outside."""
        ...


class Webhooks(Protocol):
    """Webhooks and what is on its way to them. Instants are real time."""

    async def find(self, name: str) -> Webhook | None: ...

    async def list_all(self) -> Sequence[Webhook]: ...

    async def put(self, webhook: Webhook) -> None: ...

    async def remove(self, name: str) -> bool: ...

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Keep them for the worker that posts them."""
        ...

    async def due(self, now: datetime, limit: int) -> list[tuple[Outgoing, Webhook | None]]:
        """What is to be posted, the longest due first, with where to; None if that webhook is gone."""
        ...

    async def note_sent(self, message_id: str, at: datetime) -> None: ...

    async def note_failed(self, message_id: str, problem: str, *, at: datetime, try_at: datetime | None) -> None:
        """Tried again at `try_at`; None gives it up."""
        ...


class Clocks(Protocol):
    """What the timers need. Each method is a handful of statements however many clocks it concerns."""

    async def next_due(self) -> datetime | None:
        """The earliest instant at which a clock runs out."""
        ...

    async def breach_due(self, now: datetime, limit: int) -> list[Missed]:
        """Breach what is due by `now`, the earliest first: clocks, ledger and history. Tickets that somebody changes at this
        moment are left out; whoever changes them finds the breach."""
        ...

    async def next_wake(self) -> datetime | None:
        """The earliest instant at which a ladder has a step."""
        ...

    async def take_waking(self, now: datetime, limit: int) -> list[Waking]:
        """Clocks whose ladder may have a step by `now`, the earliest first; locked with their tickets, without those that
        somebody changes at this moment."""
        ...

    async def fired(self, clock_ids: Collection[str]) -> Mapping[str, tuple[Firing, ...]]:
        """What was fired for each; those for which nothing was are left out."""
        ...

    async def plan(self, wakes: Mapping[str, datetime | None]) -> None:
        """When to look at these clocks' ladders next; None is never."""
        ...

    async def note_escalations(self, escalations: Sequence[Escalation]) -> None:
        """In the table and in the tickets' histories."""
        ...

    async def page_escalations(self, ticket_id: str, paging: PagingRequest) -> tuple[list[Escalation], str | None]:
        """Of one ticket, in the order in which they were due."""
        ...

    async def managers_of(self, emails: Collection[str]) -> Mapping[str, str]:
        """The e-mail address of each one's manager, where the directory knows it; addresses in lower case."""
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
