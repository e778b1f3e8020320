"""A calendar laid out in UTC, a year at a time when first asked for; every question is then a binary search."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from threading import Lock

HORIZON_YEARS = 60
"""How far a due time is looked for; a calendar that has not opened long enough by then never will."""

Stretch = tuple[datetime, datetime]
"""A half-open span of UTC."""
Stretches = Callable[[date], Iterable[Stretch]]
"""What the windows or closures that begin on a date of the wall clock are in UTC."""

_NOTHING = timedelta(0)
_DAY = timedelta(days=1)
_REACH = timedelta(days=5)
"""How far before a year a window may begin that reaches into it: two days long, 14 hours west, a day skipped by its zone."""


class NeverDue(ValueError):
    """The calendar is not open long enough within the horizon."""


class Timetable:
    """Where a calendar is open: what opens on each day less what is closed on each day, overlaps counted once."""

    def __init__(self, opened_on: Stretches, closed_on: Stretches) -> None:
        self._opened_on = opened_on
        self._closed_on = closed_on
        self._laid = _Laid()
        self._laying = Lock()

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        if end <= start:
            return _NOTHING
        laid = self._reach(start.year, end.year)
        return laid.passed_at(end) - laid.passed_at(start)

    def after(self, start: datetime, open_for: timedelta) -> datetime:
        if open_for <= _NOTHING:
            return start
        number, last = start.year, start.year + HORIZON_YEARS
        laid = self._reach(number, number)
        wanted = laid.passed_at(start) + open_for
        while wanted > laid.before[-1] and laid.last < last:
            laid = self._reach(number, laid.last + 1)
        place = bisect_left(laid.before, wanted) - 1
        if wanted > laid.before[-1] or laid.first + place > last:
            raise NeverDue(f"{open_for} of open time do not come together within {HORIZON_YEARS} years.")
        return laid.years[place].instant_of(wanted - laid.before[place])

    def next_open(self, at: datetime) -> datetime:
        for number in range(at.year, at.year + HORIZON_YEARS):
            year = self._reach(number, number).year(number)
            index = bisect_right(year.closes, at)
            if index < len(year.opens):
                return max(at, year.opens[index])
        raise NeverDue(f"The calendar does not open within {HORIZON_YEARS} years.")

    def openings(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        laid = self._reach(start.year, end.year)
        for number in range(start.year, end.year + 1):
            year = laid.year(number)
            for index in range(bisect_right(year.closes, start), bisect_left(year.opens, end)):
                yield max(start, year.opens[index]), min(end, year.closes[index])

    def _reach(self, first: int, last: int) -> "_Laid":
        """The years that are laid out, among them these."""
        laid = self._laid
        if laid.first <= first and last <= laid.last:
            return laid
        # What others are reading is never changed, only replaced: threads may share a calendar.
        with self._laying:
            laid = self._laid
            first, last = (min(first, laid.first), max(last, laid.last)) if laid.years else (first, last)
            years = [
                laid.year(number) if laid.first <= number <= laid.last else self._lay_out(number)
                for number in range(first, last + 1)
            ]
            self._laid = _Laid(first, years)
            return self._laid

    def _lay_out(self, number: int) -> "_Year":
        begins, ends = datetime(number, 1, 1, tzinfo=UTC), datetime(number + 1, 1, 1, tzinfo=UTC)
        days = [date(number, 1, 1) + _DAY * offset for offset in range(-_REACH.days, 366 + 2)]
        opened = _united(stretch for on in days for stretch in self._opened_on(on))
        closed = _united(stretch for on in days for stretch in self._closed_on(on))
        year = _Year()
        for opens, closes in _without(opened, closed):
            if opens < ends and begins < closes:
                year.add(max(opens, begins), min(closes, ends))
        return year


@dataclass(slots=True)
class _Year:
    """One UTC year's open stretches; `before[i]` is the open time before stretch `i`, `whole` that of the year."""

    opens: list[datetime] = field(default_factory=list)
    closes: list[datetime] = field(default_factory=list)
    before: list[timedelta] = field(default_factory=list)
    whole: timedelta = _NOTHING

    def add(self, opens: datetime, closes: datetime) -> None:
        self.opens.append(opens)
        self.closes.append(closes)
        self.before.append(self.whole)
        self.whole += closes - opens

    def passed_at(self, at: datetime) -> timedelta:
        """Open time of this year that lies before `at`."""
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return _NOTHING
        closes = self.closes[index]
        return self.before[index] + ((at if at < closes else closes) - self.opens[index])

    def instant_of(self, passed: timedelta) -> datetime:
        """The first instant at which `passed` of this year's open time has gone by; `0 < passed <= whole`."""
        index = bisect_left(self.before, passed) - 1
        return self.opens[index] + (passed - self.before[index])


class _Laid:
    """Years that follow each other without a gap; `before[i]` is the open time of those before the `i`th."""

    __slots__ = ("before", "first", "last", "years")

    def __init__(self, first: int = 0, years: Sequence[_Year] = ()) -> None:
        self.first, self.last, self.years = first, first + len(years) - 1, years
        self.before = list(accumulate((year.whole for year in years), initial=_NOTHING))

    def year(self, number: int) -> _Year:
        return self.years[number - self.first]

    def passed_at(self, at: datetime) -> timedelta:
        place = at.year - self.first
        return self.before[place] + self.years[place].passed_at(at)


def _united(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, apart, never empty. A time moved out of a gap may reach into the next window: what overlaps counts once."""
    united: list[Stretch] = []
    for opens, closes in sorted(stretches):
        if opens >= closes:
            continue
        if united and opens <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], closes))
        else:
            united.append((opens, closes))
    return united


def _without(opened: list[Stretch], closed: list[Stretch]) -> Iterator[Stretch]:
    """What of `opened` does not lie in `closed`; both in order and apart."""
    first = 0
    for opens, closes in opened:
        while first < len(closed) and closed[first][1] <= opens:
            first += 1
        since = opens
        for shut, ends in closed[first:]:
            if shut >= closes:
                break
            if since < shut:
                yield since, shut
            since = max(since, ends)
        if since < closes:
            yield since, closes
