"""On which dates a recurring event of a calendar file takes place, within a horizon (RFC 5545, the part that calendars of
holidays and meetings use). Anything else is refused by name rather than expanded wrongly or without end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_DAY = timedelta(days=1)


class RecurrenceRefused(ValueError):
    """The rule says what is not expanded here; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """`days` as (which in the month or year, or 0 for every; weekday from 0, Monday)."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    days: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()

    @classmethod
    def read(cls, rule: Mapping[str, Any]) -> "Recurrence":
        """From the parts of an RRULE, each a list. Raises `RecurrenceRefused`."""
        parts = {str(name).upper(): value if isinstance(value, list) else [value] for name, value in rule.items()}
        strange = sorted(set(parts) - _KNOWN)
        if strange:
            raise RecurrenceRefused(f"its recurrence uses {', '.join(strange)}, which is not expanded")
        frequency = str(parts.get("FREQ", [""])[0]).upper()
        if frequency not in _FREQUENCIES:
            raise RecurrenceRefused(f"it recurs {frequency or 'in no known way'}; days recur daily at most")
        days = tuple(_weekday(str(text)) for text in parts.get("BYDAY", ()))
        if frequency in ("DAILY", "WEEKLY") and any(which for which, _ in days):
            raise RecurrenceRefused("it asks for the n-th weekday of something that is not a month or year")
        if (
            frequency == "WEEKLY"
            and str(parts.get("WKST", ["MO"])[0]).upper() != "MO"
            and _int(parts, "INTERVAL", 1) > 1
        ):
            raise RecurrenceRefused("its weeks do not begin on Monday, which is not expanded")
        return cls(
            frequency=frequency,
            interval=max(1, _int(parts, "INTERVAL", 1)),
            count=_int(parts, "COUNT", 0) or None,
            until=_until(parts.get("UNTIL", [None])[0]),
            days=days,
            month_days=tuple(int(value) for value in parts.get("BYMONTHDAY", ())),
            months=tuple(int(value) for value in parts.get("BYMONTH", ())),
        )

    def dates(self, start: date, last: date) -> Iterator[date]:
        """From `start`, which counts as the first, up to and with `last`. Costs a step for each day in between."""
        left = self.count
        on = start
        while on <= last and (self.until is None or on <= self.until):
            if on == start or self._takes_place(on, start):
                yield on
                left = None if left is None else left - 1
                if left == 0:
                    return
            on += _DAY

    def _takes_place(self, on: date, start: date) -> bool:
        if self.months and on.month not in self.months:
            return False
        if self._period(on, start) % self.interval:
            return False
        if self.month_days and on.day not in {_from_end(day, on) for day in self.month_days}:
            return False
        if self.days:
            return any(on.weekday() == weekday and self._is_nth(on, which) for which, weekday in self.days)
        return bool(self.month_days) or self._like_start(on, start)

    def _period(self, on: date, start: date) -> int:
        if self.frequency == "DAILY":
            return (on - start).days
        if self.frequency == "WEEKLY":
            return ((on - _DAY * on.weekday()) - (start - _DAY * start.weekday())).days // 7
        if self.frequency == "MONTHLY":
            return (on.year - start.year) * 12 + on.month - start.month
        return on.year - start.year

    def _like_start(self, on: date, start: date) -> bool:
        """Where no day is named it is that of the first time."""
        if self.frequency == "DAILY":
            return True
        if self.frequency == "WEEKLY":
            return on.weekday() == start.weekday()
        return on.day == start.day and (self.frequency == "MONTHLY" or bool(self.months) or on.month == start.month)

    def _is_nth(self, on: date, which: int) -> bool:
        if which == 0:
            return True
        in_year = self.frequency == "YEARLY" and not self.months
        first = on.replace(month=1, day=1) if in_year else on.replace(day=1)
        after = date(on.year + 1, 1, 1) if in_year or on.month == 12 else on.replace(month=on.month + 1, day=1)
        from_start = (on - first).days // 7 + 1
        from_end = -((after - _DAY - on).days // 7 + 1)
        return which in (from_start, from_end)


def _from_end(day: int, on: date) -> int:
    if day > 0:
        return day
    after = date(on.year + 1, 1, 1) if on.month == 12 else on.replace(month=on.month + 1, day=1)
    return (after - _DAY).day + 1 + day


def _weekday(text: str) -> tuple[int, int]:
    number, weekday = text[:-2], text[-2:].upper()
    try:
        return int(number) if number else 0, WEEKDAYS.index(weekday)
    except ValueError as problem:
        raise RecurrenceRefused(f"{text!r} is no weekday") from problem


def _int(parts: Mapping[str, Sequence[Any]], name: str, otherwise: int) -> int:
    return int(parts[name][0]) if name in parts else otherwise


def _until(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None
