"""A clock drawn: adjoining spans from its start to now, of which the running ones add up to what it counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tickets.domain.calendar import Hours
from services.tickets.domain.clock import Clock


class SegmentKind(StrEnum):
    """`closed` is outside business hours: nobody paused it (JSM draws that as paused, which its users take for a mistake)."""

    RUNNING = "running"
    CLOSED = "closed"
    PAUSED = "paused"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Half-open, never empty."""

    kind: SegmentKind
    began_at: datetime
    ended_at: datetime


def segments(clock: Clock, until: datetime) -> list[Segment]:
    """From the clock's start to `until` without a gap; neighbours of one kind are one segment."""
    drawn: list[Segment] = []
    for segment in _pieces(clock, until):
        if drawn and drawn[-1].kind is segment.kind:
            segment = Segment(kind=segment.kind, began_at=drawn.pop().began_at, ended_at=segment.ended_at)
        drawn.append(segment)
    return drawn


def _pieces(clock: Clock, until: datetime) -> Iterator[Segment]:
    since = clock.started_at
    for stop in clock.stops:
        yield from _hours(clock.hours, since, min(stop.began_at, until))
        ended_at = min(stop.ended_at or until, until)
        if stop.began_at < ended_at:
            yield Segment(kind=SegmentKind(stop.kind), began_at=stop.began_at, ended_at=ended_at)
        since = max(ended_at, stop.began_at)
    yield from _hours(clock.hours, since, until)


def _hours(hours: Hours, start: datetime, end: datetime) -> Iterator[Segment]:
    since = start
    for opens, closes in hours.openings(start, end) if start < end else ():
        if since < opens:
            yield Segment(kind=SegmentKind.CLOSED, began_at=since, ended_at=opens)
        yield Segment(kind=SegmentKind.RUNNING, began_at=opens, ended_at=closes)
        since = closes
    if since < end:
        yield Segment(kind=SegmentKind.CLOSED, began_at=since, ended_at=end)
