"""A clock while its ticket's history is played: it can be moved, and it runs even where nothing is promised.

A target that the policy does not promise is a clock without `target_for` that nobody sees. So a promise that appears later
counts from where it would have, one that vanishes and comes back goes on, and only the promise is ever swapped.
"""

from datetime import datetime, timedelta

from services.tickets.domain.calendar import BEGINNING, Calendar, Hours
from services.tickets.domain.clock.values import (
    FOREVER,
    CancelledBecause,
    Cause,
    Clock,
    ClockState,
    Stop,
    StopKind,
    counted_at,
    stretches,
)
from services.tickets.domain.policy import Target

_NOTHING = timedelta(0)


class Hand:
    """`_counted` is the open time up to `_since`, from which on it runs (None: it stands still).

    Nobody looks at a clock that was never promised, so its time is not counted until somebody does (None).
    """

    __slots__ = (
        "_because",
        "_calendar",
        "_counted",
        "_pieces",
        "_recounted",
        "_since",
        "_stop_kind",
        "_stopped_at",
        "_stops",
        "_unpromised_at",
        "began_at",
        "breached_at",
        "breached_for",
        "cause",
        "cycle",
        "due_at",
        "final",
        "policy",
        "rule",
        "settled_at",
        "started_at",
        "state",
        "target",
        "target_for",
        "team",
    )

    def __init__(self, target: Target, cycle: int, at: datetime, team: str | None = None) -> None:
        self.target = target
        self.cycle = cycle
        self.team = team
        self.began_at = self.started_at = at
        """`began_at` never moves: with the target it says which cycle this is, whatever its number."""
        self.state = ClockState.RUNNING
        self.target_for: timedelta | None = None
        self.rule = self.policy = ""
        self.due_at: datetime | None = None
        self.breached_at: datetime | None = None
        self.breached_for = _NOTHING
        """The target that was used up when it was breached."""
        self.cause = Cause.ELAPSED
        self.settled_at: datetime | None = None
        self.final = False
        """A reopened ticket does not start it again."""
        self._counted: timedelta | None = None
        self._since: datetime | None = at
        self._calendar: Calendar | None = None
        self._pieces: list[tuple[datetime, Calendar]] = []
        self._stops: list[Stop] = []
        self._stop_kind = StopKind.PAUSED
        self._stopped_at: datetime | None = None
        self._because: CancelledBecause | None = None
        self._unpromised_at: datetime | None = None
        self._recounted = False

    @property
    def active(self) -> bool:
        return self.state is ClockState.RUNNING or self.state is ClockState.PAUSED

    def counted(self, at: datetime) -> timedelta:
        """Open time used up to `at`, which is not before the last change."""
        if self._counted is None:
            self._counted = self._count()
        if self._since is None or self._calendar is None:
            return self._counted
        return self._counted + self._calendar.open_between(self._since, at)

    # What is promised, and in which hours it counts.

    def keep(self, calendar: Calendar, at: datetime, *, retroactive: bool) -> bool:
        """Count in these hours from `at` on; from the beginning if `retroactive`, or if it had none. Whether that is new."""
        known, one = self._calendar, len(self._pieces) == 1
        if (known is calendar or known == calendar) and (one or not retroactive):
            return False
        if known is None or retroactive or (one and self.began_at == at):
            self._pieces = [(BEGINNING, calendar)]
            self._calendar = calendar
            self._counted = None
            self._recounted = self._recounted or (retroactive and self.breached_at is not None)
            return True
        self._counted = self.counted(at)
        if self._since is not None:
            self._since = at
        if self._pieces[-1][0] == at:
            self._pieces.pop()
        if self._pieces[-1][1] != calendar:
            self._pieces.append((at, calendar))
        self._calendar = calendar
        return True

    def promise(self, target_for: timedelta | None, at: datetime, *, anew: bool = False) -> None:
        """Swap what is promised. What is used up already is breached now, never back-dated."""
        if target_for == self.target_for and not anew:
            return
        if target_for is not None:
            self._unpromised_at = None
        elif self.target_for is not None:
            self._unpromised_at = at
        self.target_for = target_for
        self._time(at, Cause.RETARGET)

    def start_earlier(self, started_at: datetime, at: datetime) -> None:
        """Count from an earlier start; a breach by that is one of now."""
        if self._counted is not None and self._pieces:
            self._counted += self._pieces[0][1].open_between(started_at, self.started_at)
        self.started_at = started_at
        self._time(at, Cause.MERGED)

    # Running and standing still.

    def run_to(self, at: datetime) -> None:
        """Breached, if the time is used up by `at`."""
        due_at = self.due_at
        if due_at is not None and due_at <= at and self.breached_at is None and self.state is ClockState.RUNNING:
            self._breach(due_at, Cause.ELAPSED)

    def pause(self, at: datetime) -> None:
        self._stop(StopKind.PAUSED, at)
        self.state = ClockState.PAUSED
        if self.due_at is not None and self.due_at > at:
            self.due_at = None

    def go_on(self, at: datetime) -> None:
        """End a pause, or the stop of a ticket that was solved."""
        self._end_stop(at)
        self.state = ClockState.RUNNING
        self.settled_at = None
        self._time(at, Cause.RETARGET)

    def settle(self, at: datetime, *, final: bool) -> None:
        self._stop(StopKind.SETTLED, at)
        self.state = ClockState.SETTLED
        self.settled_at = at
        self.final = final

    def cancel(self, at: datetime, because: CancelledBecause) -> None:
        self.settle(at, final=False)
        self.state = ClockState.CANCELLED
        self._because = because

    # As it is shown.

    def frozen(self, ticket_id: str, until: datetime) -> Clock | None:
        """The clock as it reads; None if it was never promised."""
        if self.target_for is None and self._unpromised_at is None:
            return None
        stops, hours = self._all_stops(), Hours(pieces=tuple(self._pieces))
        state, settled_at, because, due_at, final = self.state, self.settled_at, self._because, self.due_at, self.final
        if self._unpromised_at is not None:
            state, settled_at, because = ClockState.CANCELLED, self._unpromised_at, CancelledBecause.POLICY
            stops, due_at, final = _cut(stops, settled_at), None, False
        return Clock(
            ticket_id=ticket_id,
            target=self.target,
            cycle=self.cycle,
            started_at=self.started_at,
            target_for=self.target_for,
            hours=hours,
            team=self.team,
            rule=self.rule,
            policy=self.policy,
            state=state,
            stops=tuple(stops),
            due_at=due_at,
            breached_at=self.breached_at,
            cause=self.cause,
            settled_at=settled_at,
            answered=final,
            cancelled_because=because,
            would_not_have_breached=self._recounted and self.counted(until) < self.breached_for,
        )

    def _breach(self, at: datetime, cause: Cause) -> None:
        assert self.target_for is not None
        self.breached_at, self.cause, self.breached_for = at, cause, self.target_for

    def _time(self, at: datetime, cause: Cause) -> None:
        """When the target is used up if the clock runs on; None while that moves. Used up already, it is breached now."""
        if self.target_for is None or self._calendar is None or not self.active:
            self.due_at = None
            return
        left = self.target_for - self.counted(at)
        if left <= _NOTHING:
            running = stretches(self.started_at, self._all_stops(), FOREVER)
            self.due_at = counted_at(Hours(pieces=tuple(self._pieces)), running, self.target_for, self.started_at)
            if self.breached_at is None:
                self._breach(at, cause)
        else:
            self.due_at = None if self._since is None else self._calendar.after(at, left)

    def _count(self) -> timedelta:
        """All up to where it was last started or stopped."""
        until = self._stopped_at if self._since is None else self._since
        if until is None or not self._pieces:
            return _NOTHING
        hours, ran = Hours(pieces=tuple(self._pieces)), stretches(self.started_at, self._stops, until)
        return sum((hours.open_between(start, end) for start, end in ran), _NOTHING)

    def _stop(self, kind: StopKind, at: datetime) -> None:
        """Stand still from `at`; a stop that lasts is ended there, and one of the same kind that ended there goes on."""
        if self._since is None:
            self._end_stop(at)
        elif self._counted is not None:
            self._counted = self.counted(at)
        self._since = None
        self._stop_kind, self._stopped_at = kind, at
        if self._stops and self._stops[-1].ended_at == at and self._stops[-1].kind is kind:
            self._stopped_at = self._stops.pop().began_at

    def _end_stop(self, at: datetime) -> None:
        stopped_at = self._stopped_at
        # A stop of no length says nothing and would only be drawn.
        if stopped_at is not None and stopped_at < at:
            self._stops.append(Stop(kind=self._stop_kind, began_at=stopped_at, ended_at=at))
        self._stopped_at = None
        self._since = at

    def _all_stops(self) -> list[Stop]:
        if self._stopped_at is None:
            return self._stops
        return [*self._stops, Stop(kind=self._stop_kind, began_at=self._stopped_at)]


def _cut(stops: list[Stop], at: datetime) -> list[Stop]:
    """The stops up to `at`, from which on it stands still for good."""
    kept = [
        Stop(kind=stop.kind, began_at=stop.began_at, ended_at=min(stop.ended_at or at, at))
        for stop in stops
        if stop.began_at < at
    ]
    if kept and kept[-1].ended_at == at and kept[-1].kind is StopKind.SETTLED:
        at = kept.pop().began_at
    return [*kept, Stop(kind=StopKind.SETTLED, began_at=at)]
