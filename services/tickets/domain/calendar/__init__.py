"""Business hours: wall-clock windows in an IANA zone, counted in UTC.

A wall-clock time that does not exist (clocks go forward) moves forward by the length of the gap; one that exists twice is its
first occurrence; so a 24-hour window lasts 23 or 25 hours on the days of the change. All instants are aware and in UTC.
The two rules for wall-clock times are those of zendesk/biz, except that a gap is passed by its own length and not by an hour.
"""

from services.tickets.domain.calendar.hours import BEGINNING, Hours
from services.tickets.domain.calendar.timetable import HORIZON_YEARS, NeverDue
from services.tickets.domain.calendar.week import (
    MINUTES_PER_DAY,
    MOST_MINUTES,
    Calendar,
    CalendarInvalid,
    Closure,
    Window,
    zone_named,
)

__all__ = [
    "BEGINNING",
    "HORIZON_YEARS",
    "MINUTES_PER_DAY",
    "MOST_MINUTES",
    "Calendar",
    "CalendarInvalid",
    "Closure",
    "Hours",
    "NeverDue",
    "Window",
    "zone_named",
]
