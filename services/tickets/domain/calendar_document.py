"""A calendar as written, stored and sent: plain JSON.

    {"zone": "Europe/Berlin",
     "hours": {"monday": ["09:00-12:00", "13:00-17:00"], "friday": ["22:00-06:00"]},
     "holidays": ["2026-12-25"],
     "shifts": {"2026-12-24": ["09:00-12:00"], "2026-12-31": []},
     "closures": {"2026-11-27": ["14:00-16:00"]}}

All times are wall-clock times in the zone. A window that ends before it begins ends on the next day (`22:00-06:00`); hours
past 24 say the same (`22:00-30:00`), and `00:00-24:00` is a whole day.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.tickets.domain.calendar import MINUTES_PER_DAY, Calendar, CalendarInvalid, Closure, Window

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")


class DocumentProblem(ValueError):
    """What is wrong, and the place in the document (`pointer`, RFC 6901)."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


def read_calendar(document: Mapping[str, Any], *, name: str = "", version: int = 0, at: str = "") -> Calendar:
    """The calendar that a document (already of the right shape) says; `at` is where it stands. Raises `DocumentProblem`."""
    week = tuple(_windows(f"{at}/hours/{day}", document["hours"].get(day, ())) for day in DAYS)
    shifts = tuple(
        (_date(f"{at}/shifts", on), _windows(f"{at}/shifts/{on}", written))
        for on, written in sorted(document.get("shifts", {}).items())
    )
    closures = tuple(
        Closure(on=_date(f"{at}/closures", on), opens=window.opens, closes=window.closes)
        for on, written in sorted(document.get("closures", {}).items())
        for window in _windows(f"{at}/closures/{on}", written)
    )
    holidays = frozenset(_date(f"{at}/holidays/{index}", day) for index, day in enumerate(document.get("holidays", ())))
    try:
        return Calendar(
            name=name,
            version=version,
            zone=document["zone"],
            week=week,
            holidays=holidays,
            closures=closures,
            shifts=shifts,
        )
    except CalendarInvalid as problem:
        raise DocumentProblem(at, str(problem)) from problem


def _windows(at: str, written: list[str]) -> tuple[Window, ...]:
    windows = []
    for index, text in enumerate(written):
        match = _HOURS.fullmatch(text)
        if match is None:
            raise DocumentProblem(f"{at}/{index}", f"{text!r} is not written like 09:00-17:00.")
        from_hour, from_minute, to_hour, to_minute = (int(part) for part in match.groups())
        opens, closes = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        if opens >= MINUTES_PER_DAY or closes > 2 * MINUTES_PER_DAY:
            raise DocumentProblem(f"{at}/{index}", f"{text!r} does not open on this day, or ends after the next one.")
        windows.append(Window(opens=opens, closes=closes if closes >= opens else closes + MINUTES_PER_DAY))
    return tuple(windows)


def _date(at: str, text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as problem:
        raise DocumentProblem(at, f"{text!r} is not a date like 2026-12-25.") from problem
