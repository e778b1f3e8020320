"""A stretch of calendar days in a zone, and the whole UTC days inside it that are counted already."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LONGEST_DAYS = 366
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class PeriodInvalid(ValueError):
    """A period that is empty, too long or no month; the text says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Half-open `[began_at, ended_at)` in UTC."""

    began_at: datetime
    ended_at: datetime

    @property
    def first_day(self) -> date:
        """The first UTC day that lies in it from its beginning on."""
        began_on = self.began_at.date()
        return began_on if _midnight(began_on) == self.began_at else began_on + DAY

    @property
    def end_day(self) -> date:
        """The UTC day after the last whole one; not after `first_day` where there is no whole one."""
        return self.ended_at.date()

    @property
    def edges(self) -> list[tuple[datetime, datetime]]:
        """What is left at either end beside the whole days, half-open: nothing where days begin at midnight UTC."""
        first, end = _midnight(self.first_day), _midnight(self.end_day)
        if first > end:
            return [(self.began_at, self.ended_at)]
        return [(start, stop) for start, stop in ((self.began_at, first), (end, self.ended_at)) if start < stop]


def period_of(from_on: date, to_on: date, zone: ZoneInfo) -> Period:
    """From the first instant of `from_on` up to that of `to_on`, days of the zone, half-open. Raises `PeriodInvalid`."""
    days = (to_on - from_on).days
    if days < 1:
        raise PeriodInvalid(f"`to` is the day after the last one: {to_on} has to come after {from_on}.")
    if days > LONGEST_DAYS:
        raise PeriodInvalid(f"The period has {days} days; ask for at most {LONGEST_DAYS} at a time.")
    try:
        return Period(began_at=_midnight(from_on, zone), ended_at=_midnight(to_on, zone))
    except OverflowError as problem:
        raise PeriodInvalid("The period lies outside the years that have dates.") from problem


def month_of(name: str) -> Period:
    """The UTC month written like 2026-11. Raises `PeriodInvalid`."""
    match = _MONTH.fullmatch(name)
    if match is None or not 1970 <= int(match[1]) < 9999:
        raise PeriodInvalid(f"{name!r} is not a month written like 2026-11.")
    first = date(int(match[1]), int(match[2]), 1)
    after = (first + 31 * DAY).replace(day=1)
    return Period(began_at=_midnight(first), ended_at=_midnight(after))


def name_of_month(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m}"


def previous_month(name: str) -> str:
    """The month before. Raises `PeriodInvalid`."""
    return name_of_month(month_of(name).began_at - DAY)


def _midnight(on: date, zone: ZoneInfo | None = None) -> datetime:
    return datetime.combine(on, time(), zone or UTC).astimezone(UTC)
