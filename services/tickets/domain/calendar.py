"""Business hours: wall-clock windows in an IANA zone, counted in UTC.

A wall-clock time that does not exist (clocks go forward) moves forward by the length of the gap; one that exists twice is its
first occurrence; so a 24-hour window lasts 23 or 25 hours on the days of the change. All instants are aware and in UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTES_PER_DAY = 24 * 60
HORIZON_YEARS = 60
"""How far a due time is looked for; a calendar that has not opened long enough by then never will."""

_NOTHING = timedelta(0)


class CalendarInvalid(ValueError):
    """A calendar that contradicts itself; the text names the place."""


class NeverDue(ValueError):
    """The calendar is not open long enough within the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Open from one wall-clock minute of a day to another, in minutes after midnight (0 to 1440), end excluded."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When time counts. `week` holds the windows of Monday to Sunday, ascending and apart; `holidays` are closed all day."""

    zone: str
    week: tuple[tuple[Window, ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if len(self.week) != 7:
            raise CalendarInvalid("A week has seven days.")
        if not any(self.week):
            raise CalendarInvalid("A calendar needs at least one window.")
        for windows in self.week:
            closed_until = 0
            for window in windows:
                if not closed_until <= window.opens < window.closes <= MINUTES_PER_DAY:
                    raise CalendarInvalid("The windows of a day must be ascending, apart and within 00:00 to 24:00.")
                closed_until = window.closes

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Open time in `[start, end)`; nothing if `end` is not after `start`."""
        return _timetable(self).open_between(start, end)

    def after(self, start: datetime, open_for: timedelta) -> datetime:
        """The first instant at which `open_for` of open time has passed since `start`. Raises `NeverDue`."""
        return _timetable(self).after(start, open_for)

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while open, else the next opening. Raises `NeverDue`."""
        return _timetable(self).next_open(at)

    def openings(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches of `[start, end)`, cut to it, in order. Adjoining windows stay two."""
        return _timetable(self).openings(start, end)


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone; `CalendarInvalid` if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise CalendarInvalid(f"There is no time zone named {name!r}.") from problem


@lru_cache(maxsize=512)
def _timetable(calendar: Calendar) -> "_Timetable":
    return _Timetable(calendar)


@dataclass(slots=True)
class _Year:
    """One year's open stretches in UTC; `before[i]` is the open time before stretch `i`, the last entry the whole."""

    opens: list[datetime] = field(default_factory=list)
    closes: list[datetime] = field(default_factory=list)
    before: list[timedelta] = field(default_factory=lambda: [_NOTHING])

    def add(self, opens: datetime, closes: datetime) -> None:
        self.opens.append(opens)
        self.closes.append(closes)
        self.before.append(self.before[-1] + (closes - opens))

    def passed_at(self, at: datetime) -> timedelta:
        """Open time of this year that lies before `at`."""
        if not self.opens or at <= self.opens[0]:
            return _NOTHING
        index = bisect_right(self.opens, at) - 1
        return self.before[index] + min(at, self.closes[index]) - self.opens[index]

    def instant_of(self, passed: timedelta) -> datetime:
        """The first instant at which `passed` of this year's open time has gone by; `0 < passed <= the whole`."""
        index = bisect_left(self.before, passed) - 1
        return self.opens[index] + (passed - self.before[index])


class _Timetable:
    """A calendar laid out in UTC, a year at a time when first asked for; every question is then a binary search."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._zone = zone_named(calendar.zone)
        self._years: dict[int, _Year] = {}

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        if end <= start:
            return _NOTHING
        total = _NOTHING
        # One year more on either side: a zone's year is not UTC's.
        for number in range(start.year - 1, end.year + 2):
            year = self._year(number)
            until = year.before[-1] if number < end.year - 1 else year.passed_at(end)
            since = _NOTHING if number > start.year + 1 else year.passed_at(start)
            total += until - since
        return total

    def after(self, start: datetime, open_for: timedelta) -> datetime:
        if open_for <= _NOTHING:
            return start
        needed = open_for
        for number in range(start.year - 1, start.year + HORIZON_YEARS):
            year = self._year(number)
            passed = year.passed_at(start) if number <= start.year + 1 else _NOTHING
            if needed <= year.before[-1] - passed:
                return year.instant_of(passed + needed)
            needed -= year.before[-1] - passed
        raise NeverDue(f"{open_for} of open time do not come together within {HORIZON_YEARS} years.")

    def next_open(self, at: datetime) -> datetime:
        for number in range(at.year - 1, at.year + HORIZON_YEARS):
            year = self._year(number)
            index = bisect_right(year.closes, at)
            if index < len(year.opens):
                return max(at, year.opens[index])
        raise NeverDue(f"The calendar does not open within {HORIZON_YEARS} years.")

    def openings(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        for number in range(start.year - 1, end.year + 2):
            year = self._year(number)
            for index in range(bisect_right(year.closes, start), bisect_left(year.opens, end)):
                yield max(start, year.opens[index]), min(end, year.closes[index])

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = self._lay_out(number)
        return year

    def _lay_out(self, number: int) -> _Year:
        year = _Year()
        on = date(number, 1, 1)
        closed_until = max((closes for _, closes in self._stretches(on - timedelta(days=1))), default=_EARLIEST)
        while on.year == number:
            for opens, closes in self._stretches(on):
                # A time moved out of a gap may reach into the next window: what overlaps counts once.
                opens = max(opens, closed_until)
                if opens < closes:
                    year.add(opens, closes)
                    closed_until = closes
            on += timedelta(days=1)
        return year

    def _stretches(self, on: date) -> list[tuple[datetime, datetime]]:
        if on in self._calendar.holidays:
            return []
        return [
            (self._instant(on, window.opens), self._instant(on, window.closes))
            for window in self._calendar.week[on.weekday()]
        ]

    def _instant(self, on: date, minute: int) -> datetime:
        days, minute = divmod(minute, MINUTES_PER_DAY)
        wall = datetime.combine(on + timedelta(days=days), time(*divmod(minute, 60)), self._zone)
        # fold=0 is both rules at once: the first of two, and in a gap the old offset, that is, forward by its length.
        return wall.astimezone(UTC)


_EARLIEST = datetime.min.replace(tzinfo=UTC)
