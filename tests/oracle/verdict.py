"""What the walk says about a case, what the engine says, and where they differ."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.clock import Clock, run_clocks
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy
from services.tickets.domain.segment import SegmentKind, segments
from tests.oracle.line import UNKNOWN, Line
from tests.oracle.walk import Span, Walk
from tests.oracle.wall import MINUTE


@dataclass(frozen=True)
class Case:
    """A history with what is promised in it. `until` is in minutes from the span's beginning."""

    name: str
    span: Span
    book: dict[str, Policy]
    moments: tuple[Moment, ...]
    until: int


Reading = dict[str, Any]


def walked(case: Case) -> tuple[dict[str, Reading], int]:
    """What the walk reads, by target and cycle, and the minute up to which it went."""
    taken_back = {m.value: m.at for m in reversed(_by_time(case.moments)) if m.kind is MomentKind.RETRACTED}
    said = [m for m in case.moments if m.kind is not MomentKind.RETRACTED]
    walk = _walk(case, [m for m in said if m.moment_id not in taken_back])
    for line in walk.lines:
        if line.breached is not None and taken_back:
            _date(case, line, said, taken_back)
    return {f"{line.target}:{line.cycle}": _reading(walk, line) for line in walk.lines if line.ever}, walk.until


def _by_time(moments: Sequence[Moment]) -> list[Moment]:
    return sorted(moments, key=lambda m: m.at)


def _walk(case: Case, moments: Sequence[Moment]) -> Walk:
    return Walk(case.span, moments, case.book, case.until)


def _date(case: Case, line: Line, said: Sequence[Moment], taken_back: dict[str, datetime]) -> None:
    """The first minute from the breach on at which it was one by what stood in that minute."""
    assert line.breached is not None
    minute = line.breached
    gone = {id_: max(case.span.minute(at), _minute_of(case, said, id_)) for id_, at in taken_back.items()}
    seen: dict[frozenset[str], Walk] = {}
    while minute < max(gone.values()):
        stood = frozenset(m.moment_id for m in said if gone.get(m.moment_id, minute + 1) > minute)
        if stood not in seen:
            seen[stood] = _walk(case, [m for m in said if m.moment_id in stood])
        for then in seen[stood].lines:
            if (then.target, then.began) == (line.target, line.began) and (then.breached or minute + 1) <= minute:
                if minute > line.breached:
                    line.cause = _cause_of(said, gone, minute, then.cause)
                line.breached = minute
                return
        minute += 1
    # When all is taken back that ever will be, what stood is what stands.
    if minute > line.breached:
        line.breached, line.cause = minute, _cause_of(said, gone, minute, "")


def _cause_of(said: Sequence[Moment], gone: dict[str, int], minute: int, otherwise: str) -> str:
    kinds = {moment.kind for moment in said if gone.get(moment.moment_id) == minute}
    if MomentKind.POLICY in kinds:
        return "retarget"
    return "retracted" if kinds else otherwise


def _minute_of(case: Case, said: Sequence[Moment], moment_id: str) -> int:
    return next((case.span.minute(m.at) for m in said if m.moment_id == moment_id), 0)


def _reading(walk: Walk, line: Line) -> Reading:
    lost = line.lost is not None
    state = "cancelled" if lost else line.state
    ended = line.lost if lost else line.ended
    elapsed = line.ticks[: line.lost].count(1) if lost else line.counted
    due = None if lost else (walk.due(line, walk.until) if line.live else line.due)
    return {
        "started": line.started,
        "limit": line.limit,
        "team": line.team,
        "rule": line.rule,
        "policy": line.policy,
        "hours": [(since, calendar.label) for since, calendar in line.pieces],
        "state": state,
        "stops": line.stops(walk.until),
        "due": due,
        "breached": line.breached,
        "cause": line.cause if line.breached is not None else None,
        "ended": ended,
        "over": line.over and not lost,
        "because": "policy" if lost else line.because,
        "elapsed": elapsed,
        "needless": line.recounted and line.counted < line.breached_limit,
    }


def engine_says(case: Case, moments: Sequence[Moment], until: int) -> dict[str, Reading]:
    """What the engine reads, in the same words, drawn up to `until`."""
    clocks = run_clocks("t", moments, case.book, case.span.at(case.until))
    return {f"{target}:{cycle}": _read(case, clock, until) for (target, cycle), clock in clocks.items()}


def _read(case: Case, clock: Clock, last: int) -> Reading:
    minute = case.span.minute
    until = clock.settled_at or case.span.at(last)
    return {
        "started": minute(clock.started_at),
        "limit": None if clock.target_for is None else clock.target_for // MINUTE,
        "team": clock.team,
        "rule": clock.rule,
        "policy": clock.policy,
        "hours": [
            (minute(since) if place else None, used.label) for place, (since, used) in enumerate(clock.hours.pieces)
        ],
        "state": clock.state.value,
        "stops": [
            (stop.kind.value, minute(stop.began_at), None if stop.ended_at is None else minute(stop.ended_at))
            for stop in clock.stops
        ],
        "due": None if clock.due_at is None else minute(clock.due_at),
        "breached": None if clock.breached_at is None else minute(clock.breached_at),
        "cause": None if clock.breached_at is None else clock.cause.value,
        "ended": None if clock.settled_at is None else minute(clock.settled_at),
        "over": clock.answered,
        "because": None if clock.cancelled_because is None else clock.cancelled_because.value,
        "elapsed": clock.elapsed(until) // MINUTE,
        "needless": clock.would_not_have_breached,
        "drawn": _drawn(clock, until),
    }


def _drawn(clock: Clock, until: datetime) -> int:
    """The minutes in which the drawing of the clock runs; a drawing with a gap is none."""
    drawn = segments(clock, until)
    edges = [clock.started_at, *(segment.ended_at for segment in drawn)]
    assert [segment.began_at for segment in drawn] == edges[:-1]
    assert edges[-1] == max(until, clock.started_at)
    return sum((s.ended_at - s.began_at) // MINUTE for s in drawn if s.kind is SegmentKind.RUNNING)


Engine = Callable[[Case, Sequence[Moment], int], dict[str, Reading]]


def differences(case: Case, engine: Engine = engine_says) -> list[str]:
    """Where engine and walk disagree, a line each; none where they agree, in whatever order the moments arrive."""
    expected, until = walked(case)
    got = engine(case, case.moments, until)
    found = []
    for key in sorted(expected.keys() | got.keys()):
        if key not in got or key not in expected:
            found.append(f"{key}: {'only the walk has it' if key in expected else 'only the engine has it'}")
            continue
        wanted, said = dict(expected[key]), got[key]
        wanted["drawn"] = wanted["elapsed"]
        for name, value in wanted.items():
            beyond = name == "due" and value == UNKNOWN and (said["due"] or 0) > case.span.minutes
            if said[name] != value and not beyond:
                found.append(
                    f"{key}: {name} is {_told(case, name, said[name])}, the walk says {_told(case, name, value)}"
                )
    shuffled = list(case.moments)
    random.Random(case.name).shuffle(shuffled)
    if engine(case, shuffled, until) != got:
        found.append("another order of arrival gives other clocks")
    return found


def _told(case: Case, name: str, value: Any) -> str:
    if name in ("started", "due", "breached", "ended") and isinstance(value, int) and value != UNKNOWN:
        return f"{case.span.at(value):%m-%d %H:%M} ({value})"
    return repr(value)


def smallest(case: Case, engine: Engine = engine_says) -> Case:
    """The case without every moment that the disagreement does not need, and the policies that no moment names."""
    index = 0
    while index < len(case.moments):
        fewer = replace(case, moments=case.moments[:index] + case.moments[index + 1 :])
        if case.moments[index].kind is not MomentKind.OPENED and differences(fewer, engine):
            case, index = fewer, 0
        else:
            index += 1
    named = {str(moment.detail.get("policy", moment.value)) for moment in case.moments}
    return replace(case, book={label: policy for label, policy in case.book.items() if label in named})
