"""Which minutes a calendar is open, found by looking at the wall of its zone in every single minute."""

from array import array
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.tickets.domain.calendar import Calendar, Window

MINUTE = timedelta(minutes=1)
DAY = 24 * 60
MARGIN = 7 * DAY
"""Minutes looked at before a span begins, since a window may have opened before it."""
NEAR = 2 * DAY
"""How far a wall clock may be from running straight on, in minutes: a zone may skip a day."""


class Wall:
    """The wall clock of a zone in `minutes` from `zero` on: minute -> day and minute of the day, as one number."""

    def __init__(self, zone: str, zero: datetime, minutes: int) -> None:
        self.length = MARGIN + minutes
        self._shows = array("q")
        place, at = ZoneInfo(zone), zero - MARGIN * MINUTE
        for _ in range(self.length):
            local = at.astimezone(place)
            self._shows.append(local.toordinal() * DAY + local.hour * 60 + local.minute)
            at += MINUTE

    @property
    def days(self) -> range:
        """All days that the wall shows, and those of which a window may reach into them."""
        return range(self._shows[0] // DAY - 3, self._shows[-1] // DAY + 2)

    def minute_of(self, day: int, minute: int) -> int:
        """The first minute that shows this time; if none does, the one that shows it moved on by the gap's length."""
        wanted = day * DAY + minute
        if wanted < self._shows[0]:
            return 0
        if wanted > self._shows[-1]:
            return self.length
        guess = wanted - self._shows[0]
        begin, end = max(0, guess - NEAR), min(self.length, guess + NEAR)
        try:
            return self._shows.index(wanted, begin, end)
        except ValueError:
            after = next(
                place for place in range(begin + 1, end) if self._shows[place - 1] < wanted < self._shows[place]
            )
            gap = self._shows[after] - self._shows[after - 1] - 1
            return self._shows.index(wanted + gap, begin, end)


@lru_cache(maxsize=256)
def wall_of(zone: str, zero: datetime, minutes: int) -> Wall:
    return Wall(zone, zero, minutes)


@lru_cache(maxsize=256)
def open_minutes(calendar: Calendar, zero: datetime, minutes: int) -> bytes:
    """For each minute from `zero` on, 1 if it counts."""
    wall = wall_of(calendar.zone, zero, minutes)
    counts = bytearray(wall.length)
    own = dict(calendar.shifts)
    for day in wall.days:
        on = date.fromordinal(day)
        for window in _windows(calendar, own, on):
            _mark(counts, wall.minute_of(day, window.opens), wall.minute_of(day, window.closes), 1)
    for day in wall.days:
        on = date.fromordinal(day)
        if on in calendar.holidays and on not in own:
            _mark(counts, wall.minute_of(day, 0), wall.minute_of(day, DAY), 0)
        for closure in calendar.closures:
            if closure.on == on:
                _mark(counts, wall.minute_of(day, closure.opens), wall.minute_of(day, closure.closes), 0)
    return bytes(counts[MARGIN:])


def _windows(calendar: Calendar, own: dict[date, tuple[Window, ...]], on: date) -> tuple[Window, ...]:
    if on in own:
        return own[on]
    return () if on in calendar.holidays else calendar.week[on.weekday()]


def _mark(counts: bytearray, begin: int, end: int, value: int) -> None:
    for minute in range(begin, end):
        counts[minute] = value
