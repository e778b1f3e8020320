"""Clock arithmetic: the engine's sums against a plain walk from minute to minute, with equal results."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from services.tickets.domain.calendar import Calendar, Window
from shared.clock import monotonic
from tests.bench.report import Figure

BENCH = "clock arithmetic"
MINUTE = timedelta(minutes=1)
NEAR, FAR = timedelta(hours=8), timedelta(hours=8 * 260 * 10)
"""A working day, and those of ten years."""


def office() -> Calendar:
    """Two windows a weekday in a zone with summer time, holidays included."""
    day = (Window(opens=9 * 60, closes=12 * 60), Window(opens=13 * 60, closes=17 * 60))
    holidays = {
        datetime(year, month, on, tzinfo=UTC).date() for year in range(2020, 2045) for month, on in ((1, 1), (12, 25))
    }
    return Calendar(zone="Europe/Berlin", week=(day,) * 5 + ((), ()), holidays=frozenset(holidays))


def walk(calendar: Calendar, start: datetime, open_for: timedelta) -> datetime:
    """The plain way: step from minute to minute on the wall and count those that are open. Only for whole minutes."""
    zone, left, at = ZoneInfo(calendar.zone), open_for, start
    while left > timedelta(0):
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        windows = () if wall.date() in calendar.holidays else calendar.week[wall.weekday()]
        if any(window.opens <= minute < window.closes for window in windows):
            left -= MINUTE
        at += MINUTE
    return at


def cases(count: int, seed: int = 1) -> list[tuple[datetime, timedelta]]:
    """Starts anywhere in four years, targets of minutes to weeks."""
    random = Random(seed)  # cases, not secrets
    began = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        (began + MINUTE * random.randrange(4 * 365 * 1440), MINUTE * random.choice([15, 60, 240, 480, 1440, 4800]))
        for _ in range(count)
    ]


def seconds_each(task: Callable[[], object], times: int) -> float:
    """The best of five rounds: what else the machine does only ever adds."""
    rounds = []
    for _ in range(5):
        began = monotonic()
        for _ in range(times):
            task()
        rounds.append((monotonic() - began) / times)
    return min(rounds)


def run(count: int = 60) -> Iterator[Figure]:
    """At least 100 times as fast as the walk with equal results; ten years off at most three times a day off."""
    calendar, asked = office(), cases(count)
    began = monotonic()
    walked = [walk(calendar, *each) for each in asked]
    walking = (monotonic() - began) / count
    reckoned = [calendar.after(*each) for each in asked]
    reckoning = seconds_each(lambda: [calendar.after(*each) for each in asked], 20) / count
    equal = sum(mine == theirs for mine, theirs in zip(reckoned, walked, strict=True))
    yield Figure(
        bench=BENCH,
        what="due times, engine against minute walk",
        measured=f"{reckoning * 1e6:,.1f} µs, {walking / reckoning:,.0f} times as fast",
        yardstick=f"{walking * 1e3:,.1f} ms",
        bar=">= 100x",
        held=walking >= 100 * reckoning,
    )
    yield Figure(
        bench=BENCH,
        what="equal results",
        measured=f"{equal} of {count}",
        yardstick="minute walk",
        bar="all",
        held=equal == count,
    )
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    near = seconds_each(lambda: calendar.after(start, NEAR), 2_000)
    far = seconds_each(lambda: calendar.after(start, FAR), 2_000)
    yield Figure(
        bench=BENCH,
        what="due ten years off against a day off",
        measured=f"{far * 1e6:,.1f} µs, {far / near:,.2f} times",
        yardstick=f"{near * 1e6:,.1f} µs",
        bar="<= 3x",
        held=far <= 3 * near,
    )
