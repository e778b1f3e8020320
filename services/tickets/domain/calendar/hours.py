"""The hours a clock counts in, which may change while it runs: one calendar up to an instant, another from there on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from services.tickets.domain.calendar.timetable import NeverDue, Stretch
from services.tickets.domain.calendar.week import Calendar, CalendarInvalid

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Since when the first piece of any hours counts."""
_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Each piece counts from its instant on, the first from `BEGINNING`: a change of calendar counts forward."""

    pieces: tuple[tuple[datetime, Calendar], ...]

    def __post_init__(self) -> None:
        if not self.pieces or self.pieces[0][0] != BEGINNING:
            raise CalendarInvalid("Hours need a calendar from the beginning on.")
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(self.pieces)):
            raise CalendarInvalid("The pieces of hours follow each other.")

    @classmethod
    def of(cls, calendar: Calendar) -> "Hours":
        """One calendar for all time."""
        return cls(pieces=((BEGINNING, calendar),))

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Open time in `[start, end)`; nothing if `end` is not after `start`."""
        if len(self.pieces) == 1:
            return self.pieces[0][1].open_between(start, end)
        total = timedelta(0)
        for since, until, calendar in self._spans(start):
            if since >= end:
                break
            total += calendar.open_between(since, min(until, end))
        return total

    def after(self, start: datetime, open_for: timedelta) -> datetime:
        """The first instant at which `open_for` of open time has passed since `start`. Raises `NeverDue`."""
        needed = open_for
        for since, until, calendar in self._spans(start):
            if until == _FOREVER:
                return calendar.after(since, needed)
            available = calendar.open_between(since, until)
            if needed <= available:
                return calendar.after(since, needed)
            needed -= available
        raise AssertionError("the last piece has no end")

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while open, else the next opening. Raises `NeverDue`."""
        for since, until, calendar in self._spans(at):
            try:
                opens = calendar.next_open(since)
            except NeverDue:
                if until == _FOREVER:
                    raise
                continue
            if opens < until:
                return opens
        raise AssertionError("the last piece has no end")

    def openings(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """The open stretches of `[start, end)`, cut to it, in order; two may adjoin where the calendar changes."""
        for since, until, calendar in self._spans(start):
            if since >= end:
                return
            yield from calendar.openings(since, min(until, end))

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime, Calendar]]:
        """From `start` on: since when, until when, which calendar."""
        for index, (since, calendar) in enumerate(self.pieces):
            until = self.pieces[index + 1][0] if index + 1 < len(self.pieces) else _FOREVER
            if until > start:
                yield max(start, since), until, calendar
