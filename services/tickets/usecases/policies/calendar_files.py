"""Closed days out of an iCalendar file (RFC 5545): all-day events become holidays, timed events closures in the calendar's zone.

Files come from people and from the web, so size, number of events and how far recurrences are followed are bounded, and what
cannot be turned into days is refused with the event's name. Cancelled events are left out and said to be.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.tickets.errors import CalendarFileNotUsable
from services.tickets.usecases.policies.holidays import ClosedDays
from services.tickets.usecases.policies.recurrence import Recurrence, RecurrenceRefused
from shared.errors import FieldProblem

MOST_EVENTS = 2_000
MOST_DAYS = 3_000
LONGEST_EVENT = timedelta(days=366)
MOST_STEPS = 500_000
"""Days that recurrences are followed over, in all."""
YEARS_AHEAD = 5
_DAY = timedelta(days=1)
Key = tuple[str, date]


def read_calendar_file(text: str, zone: ZoneInfo, *, today: date) -> ClosedDays:
    """What the file closes from the year before `today` until five years after it. Raises `CalendarFileNotUsable`."""
    reading = _Reading(zone=zone, first=date(today.year - 1, 1, 1), last=date(today.year + YEARS_AHEAD, 12, 31))
    events = _events(text)
    for event in events:
        reading.note_override(event)
    for event in events:
        reading.take(event)
    return reading.closed(len(events))


def _events(text: str) -> list[Any]:
    # Counted before anything is parsed: a parser's own tree of a hostile file costs far more than the file.
    if text.upper().count("BEGIN:VEVENT") > MOST_EVENTS:
        raise _refused(f"The file holds more than {MOST_EVENTS} events.")
    # Imported when needed: it takes a tenth of the service's start, and most never read such a file.
    import icalendar

    try:
        calendar = icalendar.Calendar.from_ical(text)
        events = list(calendar.walk("VEVENT"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as problem:
        raise _refused(f"It is no iCalendar file that can be read: {str(problem)[:200]}") from problem
    if not events:
        raise _refused("The file holds no events.")
    return events


@dataclass(slots=True, kw_only=True)
class _Reading:
    zone: ZoneInfo
    first: date
    last: date
    days: dict[date, str] = field(default_factory=dict)
    parts: dict[date, list[str]] = field(default_factory=dict)
    names: dict[date, str] = field(default_factory=dict)
    cancelled: int = 0
    outside: int = 0
    steps: int = 0
    overridden: set[Key] = field(default_factory=set)

    def note_override(self, event: Any) -> None:
        """A changed occurrence stands in for the one that the rule would give."""
        moved = event.get("RECURRENCE-ID")
        if moved is not None:
            self.overridden.add((str(event.get("UID", "")), self._date(event, moved)))

    def take(self, event: Any) -> None:
        if event.errors:
            raise _of(event, f"its {event.errors[0][0]} cannot be read: {event.errors[0][1]}")
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            self.cancelled += 1
            return
        start, end = self._span(event)
        for on in self._occurrences(event, _day_of(start)):
            self._close(event, start, end, on - _day_of(start))

    def _span(self, event: Any) -> tuple[date | datetime, date | datetime]:
        if event.get("DTSTART") is None:
            raise _of(event, "it has no start")
        start = self._local(event, event["DTSTART"])
        timed = isinstance(start, datetime)
        if event.get("DTEND") is not None:
            end = self._local(event, event["DTEND"])
        elif event.get("DURATION") is not None and isinstance(event["DURATION"].dt, timedelta):
            end = start + event["DURATION"].dt
        else:
            end = start if timed else start + _DAY
        if isinstance(end, datetime) is not timed:
            raise _of(event, "its start and end are not both days or both times")
        if end < start or end - start > LONGEST_EVENT:
            raise _of(event, "it ends before it begins, or more than a year later")
        return start, end

    def _local(self, event: Any, value: Any) -> date | datetime:
        """In the calendar's zone; times without a zone are of that zone."""
        if isinstance(value, list) or not isinstance(getattr(value, "dt", None), date):
            raise _of(event, "its start or end is not one day or time")
        at: date | datetime = value.dt
        if not isinstance(at, datetime):
            return at
        if at.tzinfo is None:
            named = value.params.get("TZID")
            if named is not None:
                raise _of(event, f"nobody knows its time zone {str(named)!r}")
            return at.replace(tzinfo=self.zone)
        return at.astimezone(self.zone)

    def _date(self, event: Any, value: Any) -> date:
        return _day_of(self._local(event, value))

    def _occurrences(self, event: Any, start: date) -> Iterator[date]:
        uid = str(event.get("UID", ""))
        if event.get("RECURRENCE-ID") is not None:
            yield start
            return
        left_out = {self._excluded(event, value) for value in _values(event, "EXDATE")}
        more = [self._excluded(event, value) for value in _values(event, "RDATE")]
        for on in sorted({*self._recurring(event, start), *more}):
            if on not in left_out and (uid, on) not in self.overridden:
                yield on

    def _recurring(self, event: Any, start: date) -> Iterator[date]:
        rule = event.get("RRULE")
        if rule is None:
            yield start
            return
        if isinstance(rule, list):
            raise _of(event, "it has several recurrence rules")
        try:
            recurrence = Recurrence.read(rule)
        except (RecurrenceRefused, ValueError) as problem:
            raise _of(event, str(problem)) from problem
        self.steps += max(0, (self.last - start).days)
        if self.steps > MOST_STEPS:
            raise _refused("Its recurring events begin too long ago, or are too many, to be followed.")
        yield from recurrence.dates(start, self.last)

    def _excluded(self, event: Any, value: Any) -> date:
        at = value.dt
        if not isinstance(at, date):
            raise _of(event, "it recurs in spans of time, which are not expanded")
        return _day_of(at.astimezone(self.zone) if isinstance(at, datetime) and at.tzinfo else at)

    def _close(self, event: Any, start: date | datetime, end: date | datetime, later: timedelta) -> None:
        name = " ".join(str(event.get("SUMMARY", "")).split())[:200]
        if not isinstance(start, datetime) or not isinstance(end, datetime):
            on = start + later
            while on < end + later:
                self._add(on, name, None)
                on += _DAY
            return
        if end == start:
            raise _of(event, "it has no length, so it closes nothing")
        # Each occurrence has the same times on the wall, whatever the zone does in between.
        on, last_on = _day_of(start) + later, _day_of(end) + later
        opens, closes = _minute(start), _minute(end, up=True)
        while on <= last_on:
            until = closes if on == last_on else 24 * 60
            if opens < until:
                self._add(on, name, f"{_clock(opens)}-{_clock(until)}")
            on, opens = on + _DAY, 0

    def _add(self, on: date, name: str, part: str | None) -> None:
        if not self.first <= on <= self.last:
            self.outside += 1
            return
        if part is None or part == "00:00-24:00":
            self.days.setdefault(on, name)
        else:
            self.parts.setdefault(on, []).append(part)
            self.names.setdefault(on, name)
        if len(self.days) + len(self.parts) > MOST_DAYS:
            raise _refused(f"The file closes more than {MOST_DAYS} days.")

    def closed(self, events: int) -> ClosedDays:
        notes = []
        if self.cancelled:
            notes.append(f"{self.cancelled} cancelled events are left out.")
        if self.outside:
            notes.append(f"{self.outside} days before {self.first} or after {self.last} are left out.")
        return ClosedDays(
            days=dict(sorted(self.days.items())),
            parts=dict(sorted(self.parts.items())),
            names=self.names,
            notes=tuple(notes),
            source={"kind": "file", "events": events, "until": self.last.isoformat()},
        )


def _values(event: Any, name: str) -> Iterator[Any]:
    found = event.get(name)
    for each in found if isinstance(found, list) else [found] if found is not None else []:
        yield from getattr(each, "dts", ())


def _day_of(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def _minute(at: datetime, *, up: bool = False) -> int:
    """Minutes after midnight; what closes within a minute closes the whole of it."""
    minutes = at.hour * 60 + at.minute + (at.second + at.microsecond / 1_000_000) / 60
    return math.ceil(minutes) if up else math.floor(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _of(event: Any, what: str) -> CalendarFileNotUsable:
    name = " ".join(str(event.get("SUMMARY", event.get("UID", ""))).split())[:100]
    return _refused(f"The event {name!r} cannot be used: {what}.")


def _refused(detail: str) -> CalendarFileNotUsable:
    return CalendarFileNotUsable(detail, errors=[FieldProblem("/ics", detail)])
