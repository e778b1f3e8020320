"""A clock as it reads at an instant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.tickets.domain.calendar import Hours
from services.tickets.domain.policy import Target

FOREVER = datetime.max.replace(tzinfo=UTC)
_NOTHING = timedelta(0)


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class StopKind(StrEnum):
    """Why a clock stood still: `paused` by the policy, `settled` because the ticket was solved and later reopened."""

    PAUSED = "paused"
    SETTLED = "settled"


class Cause(StrEnum):
    """How a breach came about, which says what its instant is.

    `elapsed`: the time was used up, then. `retarget`: a change of target, policy or calendar found more used up than is
    allowed now; the instant is that of the change. `merged`: the earlier start of a ticket that was merged in did. `retracted`:
    something that had stopped the clock was taken back; the instant is when it was, since nobody could have known before.
    """

    ELAPSED = "elapsed"
    RETARGET = "retarget"
    RETRACTED = "retracted"
    MERGED = "merged"


class CancelledBecause(StrEnum):
    """`policy`: what it measured is no longer promised. `restarted`: a changed target began a new cycle."""

    MERGED = "merged"
    POLICY = "policy"
    DELETED = "deleted"
    RESTARTED = "restarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A half-open span in which nothing counts; `ended_at` is None while it lasts."""

    kind: StopKind
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One target of one ticket in one cycle.

    `target_for` is open time of `hours`, and None where nothing is promised any more. `due_at` is when it is used up if the
    clock runs on, None while that moves (paused). `rule` and `policy` (a label) are where the promise was last made.
    `settled_at` is when it stood still, by being met, solved or cancelled.
    """

    ticket_id: str
    target: Target
    cycle: int = 1
    started_at: datetime
    target_for: timedelta | None
    hours: Hours
    team: str | None = None
    """Whose promise it is (OLA)."""
    rule: str = ""
    policy: str = ""
    state: ClockState = ClockState.RUNNING
    stops: tuple[Stop, ...] = ()
    due_at: datetime | None = None
    breached_at: datetime | None = None
    cause: Cause = Cause.ELAPSED
    settled_at: datetime | None = None
    answered: bool = False
    """Settled for good in this cycle: a reopened ticket does not start it again."""
    cancelled_because: CancelledBecause | None = None
    would_not_have_breached: bool = field(default=False, compare=False)
    """A calendar that was corrected for the past shows that the time was not used up; the breach stays all the same. It is
    said by a replay only: where it is kept, it is kept with the breach."""

    @property
    def clock_id(self) -> str:
        return f"{self.ticket_id}:{self.target}:{self.cycle}"

    @property
    def active(self) -> bool:
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)

    @property
    def pending(self) -> bool:
        """Will be breached at `due_at` if nothing happens before."""
        return self.state is ClockState.RUNNING and self.breached_at is None

    @property
    def outcome(self) -> str | None:
        """`met`, `breached` or `cancelled` once it stands still for good, else None."""
        if self.state is ClockState.CANCELLED:
            return "cancelled"
        if self.state is ClockState.SETTLED:
            return "breached" if self.breached_at is not None else "met"
        return None

    @property
    def counting_since(self) -> datetime:
        """When the first open time after its start begins. Raises `NeverDue`."""
        return self.hours.next_open(self.started_at)

    def elapsed(self, until: datetime) -> timedelta:
        """Open time counted up to `until`, or to where the clock stands still."""
        return sum((self.hours.open_between(*stretch) for stretch in self.stretches(until)), _NOTHING)

    def remaining(self, until: datetime) -> timedelta | None:
        """Open time left at `until`, negative once overdue; None where nothing is promised."""
        return None if self.target_for is None else self.target_for - self.elapsed(until)

    def stretches(self, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Where it runs, hours aside: from its start to `until` without the stops."""
        return stretches(self.started_at, self.stops, until)

    def counted_at(self, counted: timedelta, since: datetime | None = None) -> datetime | None:
        """When it has counted this much (since `since`), if it runs on as it stands; None while it stands still before.

        Raises `NeverDue`.
        """
        return counted_at(self.hours, self.stretches(FOREVER), counted, since or self.started_at)


ClockKey = tuple[Target, int]


def stretches(started_at: datetime, stops: Iterable[Stop], until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From the start to `until` without the stops, which are in order and apart."""
    since = started_at
    for stop in stops:
        if since < min(stop.began_at, until):
            yield since, min(stop.began_at, until)
        if stop.ended_at is None or stop.ended_at >= until:
            return
        since = stop.ended_at
    if since < until:
        yield since, until


def counted_at(
    hours: Hours, running: Iterable[tuple[datetime, datetime]], counted: timedelta, since: datetime
) -> datetime | None:
    """The first instant at which `counted` of open time has passed in these stretches; None if they end before.

    Only what lies after `since` counts. Raises `NeverDue`.
    """
    needed = counted
    for start, end in running:
        begin = max(start, since)
        if begin >= end:
            continue
        if end == FOREVER:
            return hours.after(begin, needed)
        available = hours.open_between(begin, end)
        if needed <= available:
            return hours.after(begin, needed)
        needed -= available
    return None
