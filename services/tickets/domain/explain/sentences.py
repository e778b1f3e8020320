"""What an explanation says in words. Instants are told on the wall clock of the calendar that counts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from services.tickets.domain.calendar import BEGINNING, Calendar, zone_named
from services.tickets.domain.clock import CancelledBecause, Cause, Clock, ClockState
from services.tickets.domain.condition import Features
from services.tickets.domain.moment import Moment, MomentKind, Opening, in_order
from services.tickets.domain.policy import Policy, Rule, Target
from services.tickets.domain.segment import SegmentKind

_TARGETS = {
    Target.FIRST_RESPONSE: "First response",
    Target.NEXT_RESPONSE: "Next response",
    Target.PERIODIC_UPDATE: "An update",
    Target.RESOLUTION: "Resolution",
    Target.AGENT_WORK: "Work by agents",
    Target.REQUESTER_WAIT: "A wait of the requester",
    Target.OLA: "The team's part",
}
_BREACHED = {
    Cause.ELAPSED: "It was breached at {at}: the time was used up then.",
    Cause.RETARGET: "It was breached at {at}, when what is promised changed and more had been used than is allowed since.",
    Cause.MERGED: "It was breached at {at}, when a ticket that had been opened earlier was merged in.",
    Cause.RETRACTED: "It was breached at {at}, when what had stopped it until then was taken back.",
}
_CANCELLED = {
    CancelledBecause.MERGED: "It was cancelled at {at}, when the ticket was merged into another; it is out of the figures.",
    CancelledBecause.POLICY: "It was cancelled at {at}: since then nothing of the kind is promised.",
    CancelledBecause.DELETED: "It was cancelled at {at}, when the ticket was deleted.",
    CancelledBecause.RESTARTED: "It ended at {at}, when the target changed and a new cycle began.",
}
_NOTHING = timedelta(0)


def said_at(at: datetime, calendar: Calendar) -> str:
    """`2026-11-23 10:00 Europe/Berlin`, with seconds where there are any."""
    wall = at.astimezone(zone_named(calendar.zone))
    clock = f"{wall:%Y-%m-%d %H:%M:%S}" if wall.second or wall.microsecond else f"{wall:%Y-%m-%d %H:%M}"
    return f"{clock} {calendar.zone}"


def said_for(span: timedelta) -> str:
    """`2 h 30 min`; seconds only below a minute, so it is rounded down to what people plan with."""
    span = abs(span)
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def promise_said(clock: Clock) -> str:
    """What is promised, by which rule, in whose hours."""
    what = _TARGETS[clock.target] if clock.team is None else f"{_TARGETS[clock.target]} ({clock.team})"
    if clock.target_for is None:
        return f"{what}: nothing is promised any more."
    calendar = clock.hours.pieces[-1][1]
    rule = f"by rule {clock.rule} of {clock.policy}" if clock.rule else f"by {clock.policy}"
    return f"{what} within {said_for(clock.target_for)} of the hours {calendar.label} ({calendar.zone}), {rule}."


def ticket_said(
    opening: Opening, moments: Iterable[Moment], policy: Policy, rule: Rule | None, features: Features
) -> Iterator[str]:
    """How the ticket came under its policy, and which rule holds for it now."""
    yield f"The ticket was opened under {opening.policy}."
    for moment in in_order(moments):
        if moment.kind is MomentKind.POLICY:
            past = ", which counts for the past as well" if moment.retroactive else ""
            yield f"It was moved to {moment.value} at {moment.at:%Y-%m-%d %H:%M} UTC{past}."
    if rule is None:
        yield f"No rule of {policy.label} holds for it ({features.priority}), so nothing is promised."
    else:
        yield f"Of {policy.label} the rule {rule.name} is the first that holds for it."


def story_of(
    clock: Clock, sums: Mapping[SegmentKind, timedelta], happened: list[Moment], end: datetime
) -> Iterator[str]:
    """From the start of the clock to how it stands."""
    first, calendar = clock.hours.pieces[0][1], clock.hours.pieces[-1][1]
    yield f"It started at {said_at(clock.started_at, first)}, {_began(clock, happened)}."
    opened = next(clock.hours.openings(clock.started_at, end), None)
    if opened is not None and opened[0] > clock.started_at:
        yield f"That was outside hours: it counts since {said_at(opened[0], first)}."
    yield from _changes(clock, happened, end)
    yield f"It has used {said_for(sums[SegmentKind.RUNNING])}{_uncounted(sums)}."
    if clock.breached_at is not None:
        yield _BREACHED[clock.cause].format(at=said_at(clock.breached_at, calendar))
        if clock.would_not_have_breached:
            yield "By a calendar that was corrected since it would not have been; the breach stays, and says so."
    yield _stands(clock, sums[SegmentKind.RUNNING], calendar)


def _began(clock: Clock, happened: list[Moment]) -> str:
    there = {moment.kind for moment in happened if moment.at == clock.started_at}
    if clock.target is Target.OLA and clock.team is not None:
        return f"when {clock.team} had the ticket"
    if clock.target is Target.PERIODIC_UPDATE:
        return "with the public answer before it"
    if clock.cycle == 1 and clock.target is not Target.NEXT_RESPONSE:
        if MomentKind.OPENED in there:
            return "when the ticket was opened"
        return "when a ticket that was merged into it was opened"
    if _was_solved(happened, clock.started_at):
        return "when the ticket was reopened"
    if clock.target is Target.NEXT_RESPONSE and MomentKind.ASKED in there:
        return "when the requester wrote"
    return "when the target changed and a new cycle began"


def _was_solved(happened: list[Moment], at: datetime) -> bool:
    before = [moment for moment in happened if moment.kind is MomentKind.STATUS and moment.at < at]
    return bool(before) and before[-1].status.done


def _changes(clock: Clock, happened: list[Moment], end: datetime) -> Iterator[str]:
    """What changed what was promised while it ran, and the hours."""
    calendar = clock.hours.pieces[-1][1]
    for moment in happened:
        if not clock.started_at < moment.at <= end:
            continue
        at = said_at(moment.at, calendar)
        if moment.kind is MomentKind.PRIORITY:
            yield f"At {at} the priority became {moment.value}."
        elif moment.kind is MomentKind.POLICY:
            yield f"At {at} the ticket was moved to {moment.value}."
        elif moment.kind is MomentKind.FEATURES:
            yield f"At {at} the ticket changed in {' and '.join(sorted(moment.detail))}."
    for since, used in clock.hours.pieces:
        if since != BEGINNING:
            yield f"From {said_at(since, used)} on it counts in the hours {used.label}."


def _uncounted(sums: Mapping[SegmentKind, timedelta]) -> str:
    spoken = {
        SegmentKind.CLOSED: "outside hours",
        SegmentKind.PAUSED: "paused",
        SegmentKind.SETTLED: "solved",
    }
    left_out = [f"{said_for(sums[kind])} {word}" for kind, word in spoken.items() if sums[kind] > _NOTHING]
    return f"; not counted: {', '.join(left_out)}" if left_out else ""


def _stands(clock: Clock, used: timedelta, calendar: Calendar) -> str:
    if clock.state is ClockState.CANCELLED:
        assert clock.cancelled_because is not None
        assert clock.settled_at is not None
        return _CANCELLED[clock.cancelled_because].format(at=said_at(clock.settled_at, calendar))
    assert clock.target_for is not None
    left = clock.target_for - used
    over = left <= _NOTHING
    rest = f"{said_for(left)} over" if over else f"{said_for(left)} left"
    if left == _NOTHING:
        rest = "nothing left, and exactly when it is due is too late"
    if clock.state is ClockState.SETTLED:
        assert clock.settled_at is not None
        return f"It ended at {said_at(clock.settled_at, calendar)} with {rest}."
    if clock.state is ClockState.PAUSED:
        return f"It is paused with {rest}." if over else f"It is paused with {rest}, so when it is due moves."
    if over:
        return f"It is overdue by {said_for(left)}." if left else "It is due now."
    assert clock.due_at is not None
    return f"It is due at {said_at(clock.due_at, calendar)}, with {rest}."
