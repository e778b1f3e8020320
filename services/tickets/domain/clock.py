"""SLA clocks: what they read after a list of moments, and what that is news of.

`run_clocks` plays the moments in order. Before each one the clocks are brought to its instant, so a target that ran out
earlier is breached at that earlier instant and one that was met in time is not, whenever the moment became known. A clock
counts `[began_at, ...)` less its stops, half-open, in open time of the policy's calendar; it is breached at the very instant
at which the target is used up, so what happens at that instant comes too late.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.moment import Moment, MomentKind, in_order
from services.tickets.domain.policy import Policy, Priority, Status, Target


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
    """`elapsed`: the time was used up. `retarget`: a change of target found more used than the new one allows."""

    ELAPSED = "elapsed"
    RETARGET = "retarget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A half-open span in which nothing counts; `ended_at` is None while it lasts."""

    kind: StopKind
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One target of one ticket in one cycle. `target_for` is open time; `due_at` is None while it moves (paused)."""

    ticket_id: str
    target: Target
    cycle: int = 1
    started_at: datetime
    target_for: timedelta
    state: ClockState = ClockState.RUNNING
    stops: tuple[Stop, ...] = ()
    due_at: datetime | None = None
    breached_at: datetime | None = None
    cause: Cause = Cause.ELAPSED
    settled_at: datetime | None = None
    answered: bool = False
    """Settled for good in this cycle: a reopened ticket does not start it again."""

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

    def elapsed(self, calendar: Calendar, until: datetime) -> timedelta:
        """Open time counted up to `until`, or to where the clock stands still."""
        return sum((calendar.open_between(*stretch) for stretch in self.stretches(until)), timedelta(0))

    def stretches(self, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Where it runs, calendar aside: from its start to `until` without the stops."""
        since = self.started_at
        for stop in self.stops:
            if since < min(stop.began_at, until):
                yield since, min(stop.began_at, until)
            if stop.ended_at is None or stop.ended_at >= until:
                return
            since = stop.ended_at
        if since < until:
            yield since, until


ClockKey = tuple[Target, int]


def run_clocks(ticket_id: str, moments: Iterable[Moment], policy: Policy, until: datetime) -> dict[ClockKey, Clock]:
    """The clocks of a ticket as they stand at `until`. The result does not depend on the order of `moments`."""
    face = _Face(ticket_id, policy)
    for moment in in_order(moments):
        face.take(moment)
    face.run_to(until)
    return face.clocks


class _Face:
    """The clocks of one ticket while its moments are played."""

    def __init__(self, ticket_id: str, policy: Policy) -> None:
        self.clocks: dict[ClockKey, Clock] = {}
        self._ticket_id = ticket_id
        self._policy = policy
        self._calendar = policy.calendar
        self._at: datetime | None = None
        self._status = Status.NEW
        self._deleted = False

    def run_to(self, at: datetime) -> None:
        for key, clock in self.clocks.items():
            if clock.pending and clock.due_at is not None and clock.due_at <= at:
                self.clocks[key] = replace(clock, breached_at=clock.due_at, cause=Cause.ELAPSED)

    def take(self, moment: Moment) -> None:
        opening = moment.kind is MomentKind.OPENED
        # An earlier opening may be known: what was learned first was not the beginning.
        if self._deleted or opening != (self._at is None):
            return
        at = moment.at if self._at is None else max(self._at, moment.at)
        self._at = at
        self.run_to(at)
        if moment.kind is MomentKind.OPENED:
            self._open(at, moment.priority)
        elif moment.kind is MomentKind.STATUS:
            self._move(at, moment.status)
        elif moment.kind is MomentKind.PRIORITY:
            self._retarget(at, moment.priority)
        elif moment.kind is MomentKind.ANSWERED:
            self._answer(at)
        elif moment.kind is MomentKind.DELETED:
            self._cancel(at)

    def _open(self, at: datetime, priority: Priority) -> None:
        for target in Target:
            target_for = self._policy.target_for(priority, target)
            if target_for is not None:
                clock = Clock(ticket_id=self._ticket_id, target=target, started_at=at, target_for=target_for)
                self.clocks[target, clock.cycle] = self._timed(clock)

    def _move(self, at: datetime, status: Status) -> None:
        before, self._status = self._status, status
        if self._phase(before) == self._phase(status):
            return
        for key, clock in self.clocks.items():
            self.clocks[key] = self._moved(clock, at)

    def _moved(self, clock: Clock, at: datetime) -> Clock:
        phase = self._phase(self._status)
        continues = clock.state is ClockState.SETTLED and not clock.answered
        if phase == ClockState.SETTLED:
            return _settled(clock, at) if clock.active else clock
        if not clock.active and not continues:
            return clock
        clock = _resumed(clock, at)
        return _stopped(clock, at) if phase == ClockState.PAUSED else self._timed(clock)

    def _phase(self, status: Status) -> ClockState:
        if status.done:
            return ClockState.SETTLED
        return ClockState.PAUSED if status in self._policy.pause_on else ClockState.RUNNING

    def _retarget(self, at: datetime, priority: Priority) -> None:
        """Keeps start and stops and swaps the target; what is used up already is breached now, never back-dated."""
        for key, clock in self.clocks.items():
            target_for = self._policy.target_for(priority, clock.target)
            # A target that the new priority does not have keeps what was promised; `cancelled(policy)` is a later rule.
            if not clock.active or target_for is None or target_for == clock.target_for:
                continue
            changed = self._timed(replace(clock, target_for=target_for))
            if changed.breached_at is None and changed.elapsed(self._calendar, at) >= target_for:
                changed = replace(changed, breached_at=at, cause=Cause.RETARGET)
            self.clocks[key] = changed

    def _answer(self, at: datetime) -> None:
        for key, clock in self.clocks.items():
            if clock.target is Target.FIRST_RESPONSE and clock.active:
                self.clocks[key] = replace(_settled(clock, at), answered=True)

    def _cancel(self, at: datetime) -> None:
        self._deleted = True
        for key, clock in self.clocks.items():
            if clock.active:
                self.clocks[key] = replace(_settled(clock, at), state=ClockState.CANCELLED)

    def _timed(self, clock: Clock) -> Clock:
        """With the instant at which the target is used up if the clock runs on; None while that moves."""
        needed = clock.target_for
        for start, end in clock.stretches(_FOREVER):
            if end == _FOREVER:
                return replace(clock, due_at=self._calendar.after(start, needed))
            available = self._calendar.open_between(start, end)
            if needed <= available:
                return replace(clock, due_at=self._calendar.after(start, needed))
            needed -= available
        return replace(clock, due_at=None)


def _settled(clock: Clock, at: datetime) -> Clock:
    """Stands still from `at`: a pause that lasts ends there and the rest is a stop of its own."""
    clock = _resumed(clock, at)
    stops = (*clock.stops, Stop(kind=StopKind.SETTLED, began_at=at))
    return replace(clock, state=ClockState.SETTLED, settled_at=at, stops=stops)


def _stopped(clock: Clock, at: datetime) -> Clock:
    stops = (*clock.stops, Stop(kind=StopKind.PAUSED, began_at=at))
    due_at = None if clock.breached_at is None else clock.due_at
    return replace(clock, state=ClockState.PAUSED, due_at=due_at, stops=stops)


def _resumed(clock: Clock, at: datetime) -> Clock:
    stops = clock.stops
    if stops and stops[-1].ended_at is None:
        last = replace(stops[-1], ended_at=at)
        # A stop of no length says nothing and would only be drawn.
        stops = (*stops[:-1], last) if last.began_at < at else stops[:-1]
    return replace(clock, state=ClockState.RUNNING, settled_at=None, stops=stops)


_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached:
    """The target ran out at `at`."""

    clock: Clock
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A breach that was told turned out not to be one, or not at that instant."""

    clock: Clock
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The clock stands still for good in its cycle, as far as is known."""

    clock: Clock


News = Breached | Withdrawn | Settled


def news_of(before: Mapping[ClockKey, Clock], after: Mapping[ClockKey, Clock]) -> list[News]:
    """What to tell, in the order in which it happened. Running the same moments again is no news."""
    news: list[News] = []
    for key, clock in after.items():
        known = before.get(key)
        told_at = known.breached_at if known else None
        if told_at is not None and told_at != clock.breached_at:
            news.append(Withdrawn(clock=clock, at=told_at))
        if clock.breached_at is not None and clock.breached_at != told_at:
            news.append(Breached(clock=clock, at=clock.breached_at))
        if clock.settled_at is not None and (known is None or _ending(known) != _ending(clock)):
            news.append(Settled(clock=clock))
    return news


def _ending(clock: Clock) -> tuple[datetime | None, str | None]:
    return clock.settled_at, clock.outcome
