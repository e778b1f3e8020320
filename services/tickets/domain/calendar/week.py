"""One version of a calendar: what a week looks like, and the dates that differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.tickets.domain.calendar.timetable import Stretch, Timetable

MINUTES_PER_DAY = 24 * 60
MOST_MINUTES = 2 * MINUTES_PER_DAY
"""Where a window that began on a day ends at the latest, in minutes after that day's midnight."""


class CalendarInvalid(ValueError):
    """A calendar that contradicts itself; the text names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Open from one wall-clock minute to another, end excluded, in minutes after midnight of the day on which it opens.

    `closes` passes 1440 for a shift over midnight: 22:00 to 06:00 is 1320 to 1800.
    """

    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Closed for a part of one day (a staff meeting, Christmas Eve from noon), in minutes after its midnight, end excluded."""

    on: date
    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When time counts. `name` and `version` say which one it is; one that was written into a policy bears that one's name.

    * `week`: the windows that open on Monday to Sunday, ascending and apart.
    * `shifts`: dates with windows of their own instead of the weekly ones; none at all closes the date to new windows.
    * `holidays`: dates closed from midnight to midnight of the wall clock. No window opens on one, so neither does the part
      of it that would reach into the next day, and one that opened the day before ends at midnight. A date that has a
      shift is no holiday: what was written for the one date is the more exact word.
    * `closures`: parts of a date in which nothing counts, whatever else is said.
    """

    name: str = ""
    version: int = 0
    zone: str
    week: tuple[tuple[Window, ...], ...]
    holidays: frozenset[date] = frozenset()
    closures: tuple[Closure, ...] = ()
    shifts: tuple[tuple[date, tuple[Window, ...]], ...] = ()
    _timetable: Timetable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if len(self.week) != 7:
            raise CalendarInvalid("A week has seven days.")
        dated = [windows for _, windows in self.shifts]
        if not any(self.week) and not any(dated):
            raise CalendarInvalid("A calendar needs at least one window.")
        if len({on for on, _ in self.shifts}) != len(self.shifts):
            raise CalendarInvalid("A date has one list of shifts.")
        for windows in (*self.week, *dated):
            _check_day(windows)
        for closure in self.closures:
            if not 0 <= closure.opens < closure.closes <= MOST_MINUTES:
                raise CalendarInvalid(f"The closure of {closure.on} ends before it begins, or more than a day later.")
        object.__setattr__(
            self, "_timetable", _timetable(self.zone, self.week, self.holidays, self.closures, self.shifts)
        )

    @property
    def label(self) -> str:
        """As stored and shown, e.g. `berlin@4`."""
        return f"{self.name}@{self.version}"

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Open time in `[start, end)`; nothing if `end` is not after `start`."""
        return self._timetable.open_between(start, end)

    def after(self, start: datetime, open_for: timedelta) -> datetime:
        """The first instant at which `open_for` of open time has passed since `start`. Raises `NeverDue`."""
        return self._timetable.after(start, open_for)

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while open, else the next opening. Raises `NeverDue`."""
        return self._timetable.next_open(at)

    def openings(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """The open stretches of `[start, end)`, cut to it, in order; two may adjoin at the turn of a year."""
        return self._timetable.openings(start, end)


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone; `CalendarInvalid` if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise CalendarInvalid(f"There is no time zone named {name!r}.") from problem


def _check_day(windows: tuple[Window, ...]) -> None:
    closed_until = 0
    for window in windows:
        if not closed_until <= window.opens < min(window.closes, MINUTES_PER_DAY) or window.closes > MOST_MINUTES:
            raise CalendarInvalid(
                "The windows of a day must be ascending and apart, open before 24:00 and close within the next day."
            )
        closed_until = window.closes


# Equal calendars share a timetable, however often their policy is read again; their names make no difference to it.
@lru_cache(maxsize=512)
def _timetable(
    zone: str,
    week: tuple[tuple[Window, ...], ...],
    holidays: frozenset[date],
    closures: tuple[Closure, ...],
    shifts: tuple[tuple[date, tuple[Window, ...]], ...],
) -> Timetable:
    instant = _resolver(zone)
    dated = dict(shifts)
    shut: dict[date, list[tuple[int, int]]] = {on: [(0, MINUTES_PER_DAY)] for on in holidays if on not in dated}
    for closure in closures:
        shut.setdefault(closure.on, []).append((closure.opens, closure.closes))

    def opened_on(on: date) -> list[Stretch]:
        windows = dated.get(on)
        if windows is None:
            windows = () if on in holidays else week[on.weekday()]
        return [(instant(on, window.opens), instant(on, window.closes)) for window in windows]

    def closed_on(on: date) -> list[Stretch]:
        return [(instant(on, begins), instant(on, ends)) for begins, ends in shut.get(on, ())]

    return Timetable(opened_on, closed_on)


def _resolver(zone_name: str) -> Callable[[date, int], datetime]:
    zone = zone_named(zone_name)

    def instant(on: date, minute: int) -> datetime:
        days, minute = divmod(minute, MINUTES_PER_DAY)
        wall = datetime.combine(on + timedelta(days=days), time(*divmod(minute, 60)), zone)
        # fold=0 is both rules at once: the first of two, and in a gap the old offset, that is, forward by its length.
        return wall.astimezone(UTC)

    return instant
