"""The escalation ladder of a clock: which step comes next, and when.

A step is a threshold that is crossed once per cycle and for ever: when the target is changed afterwards and the threshold is
crossed again, nobody is told again. Steps are silent while a clock stands still. Those that passed meanwhile (a pause, a timer
that was down) come at once, in order, with the instant at which they were due.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tickets.domain.clock import FOREVER, Clock, ClockState
from services.tickets.domain.policy import Step, StepTime

__all__ = ["Firing", "Step", "StepTime", "next_step"]

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A step (`Step.threshold`) that was fired for this clock. A repetition is one more, `at` its own instant."""

    threshold: str
    at: datetime


def next_step(
    clock: Clock,
    ladder: Sequence[Step],
    fired: Iterable[Firing],
    until: datetime = FOREVER,
    *,
    touched_at: datetime | None = None,
) -> tuple[int, datetime] | None:
    """The place in the ladder of the step that comes next and its instant, if that is not after `until`.

    `touched_at` is when somebody last did something about the ticket; it ends repetitions of what was said before.
    Raises `NeverDue`.
    """
    if clock.state is not ClockState.RUNNING or clock.target_for is None:
        return None
    said: dict[str, list[datetime]] = {}
    for firing in fired:
        said.setdefault(firing.threshold, []).append(firing.at)
    coming = []
    for index, step in enumerate(ladder):
        before = said.get(step.threshold)
        fires_at = _first(clock, step) if before is None else _again(clock, step, before, touched_at)
        if fires_at is not None and fires_at <= until:
            coming.append((fires_at, index))
    if not coming:
        return None
    fires_at, index = min(coming)
    return index, fires_at


def _first(clock: Clock, step: Step) -> datetime | None:
    """When the threshold is crossed; None if that cannot be said yet, or makes no sense any more."""
    assert clock.target_for is not None
    if step.percent is not None:
        fires_at = clock.counted_at(clock.target_for * (step.percent / 100))
        return _unless_over(clock, fires_at) if step.percent < 100 else _not_before_breach(clock, fires_at)
    assert step.offset_for is not None
    if step.offset_for < _NOTHING:
        return _unless_over(clock, _before(clock, step.time, clock.target_for + step.offset_for, step.offset_for))
    base = clock.breached_at or clock.due_at
    if base is None or step.offset_for == _NOTHING:
        return base
    return _after(clock, base, step.offset_for, step.time)


def _before(clock: Clock, time: StepTime, used: timedelta, offset_for: timedelta) -> datetime | None:
    """A warning longer than the whole target, or earlier than its start, is none."""
    if time is StepTime.BUSINESS:
        return clock.counted_at(used) if used > _NOTHING else None
    if clock.due_at is None or clock.due_at + offset_for < clock.started_at:
        return None
    return clock.due_at + offset_for


def _after(clock: Clock, base: datetime, offset_for: timedelta, time: StepTime) -> datetime | None:
    return base + offset_for if time is StepTime.REAL else clock.counted_at(offset_for, base)


def _unless_over(clock: Clock, fires_at: datetime | None) -> datetime | None:
    """What warns of a breach makes no sense once there is one, unless it was due before and nobody said it."""
    if fires_at is None or (clock.breached_at is not None and fires_at >= clock.breached_at):
        return None
    return fires_at


def _not_before_breach(clock: Clock, fires_at: datetime | None) -> datetime | None:
    """After a change of target the share may have been used up long before the breach, which is dated at the change."""
    if fires_at is None or clock.breached_at is None:
        return fires_at
    return max(fires_at, clock.breached_at)


def _again(clock: Clock, step: Step, before: list[datetime], touched_at: datetime | None) -> datetime | None:
    if step.repeat_every is None or (touched_at is not None and touched_at >= min(before)):
        return None
    return _after(clock, max(before), step.repeat_every, step.time)
