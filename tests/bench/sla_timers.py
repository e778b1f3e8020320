"""SLA timers: a million open clocks, a hundred thousand due within a minute, the service killed in between.

The service is a process of its own over real servers. What is told comes from its database alone: the ledger says when a breach
was noticed, and since a runner fires one batch after the other, the next batch's instant is an upper bound of when
this one was committed.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from services.tickets.adapters.repository import DatabaseUnit, PolicyShelf
from services.tickets.adapters.tables import plumbing
from services.tickets.timers import breach_due_clocks, next_due
from shared.clock import FixedClock, SystemClock, monotonic
from shared.database import Database
from tests.bench.report import Figure, millis, percentile
from tests.bench.running import Service, broker, database
from tests.bench.stock import Stock, clock_id, fill, vacuum

BENCH = "sla timers"
SECOND = timedelta(seconds=1)
BEHIND = timedelta(milliseconds=500)
"""Up to so far behind, a runner counts as having caught up."""
AT_ONCE = 100
"""Clocks due in a tick whose cost is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`due` of `clocks` open clocks are due within `window`, evenly. The service is down for `down` in the middle."""

    clocks: int = 1_000_000
    due: int = 100_000
    window: timedelta = timedelta(minutes=1)
    down: timedelta = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A row of the ledger with the clock's own due time."""

    clock_id: str
    due_at: datetime
    breached_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run left behind. `doubled` counts events that were recorded twice."""

    breaches: Sequence[Breach]
    expected: frozenset[str]
    doubled: int
    events: int
    killed_at: datetime
    restarted_at: datetime

    @property
    def once(self) -> bool:
        ids = [each.clock_id for each in self.breaches]
        return len(ids) == len(set(ids)) and set(ids) == self.expected and not self.doubled

    @property
    def inexact(self) -> int:
        return sum(each.breached_at != each.due_at for each in self.breaches)

    @property
    def caught_up_at(self) -> datetime:
        """When, after the restart, everything that was due had been noticed but for the last half second."""
        waiting = sorted((each for each in self.breaches if each.detected_at > self.killed_at), key=_detected)
        latest = self.restarted_at
        for each in waiting:
            if each.detected_at - each.due_at > BEHIND:
                latest = max(latest, each.detected_at)
        return latest

    def lateness(self) -> list[float]:
        """Seconds from due to (at the latest) committed, of what came due while a runner was at work; sorted.

        What was due within the last second before the kill and not noticed by then came due while nobody ran.
        """
        instants = sorted({each.detected_at for each in self.breaches})
        committed = dict(zip(instants, [*instants[1:], instants[-1]], strict=True)) if instants else {}
        caught_up_at = self.caught_up_at
        late = []
        for each in self.breaches:
            before = each.due_at < self.killed_at - SECOND or each.detected_at < self.killed_at
            if not before and each.due_at < caught_up_at:
                continue
            end = committed[each.detected_at]
            if each.detected_at < self.killed_at <= end:
                end = self.killed_at
            late.append((end - each.due_at) / SECOND)
        return sorted(late)


def _detected(breach: Breach) -> datetime:
    return breach.detected_at


async def storm(
    url: str,
    nats_url: str,
    load: Load,
    *,
    replicas: int = 1,
    first: int = 0,
    lead: timedelta = timedelta(seconds=5),
    service_of: Callable[[str, str], Service] = Service,
) -> Told:
    """Let `due` clocks come due, kill the active service in the middle and start it again, and wait for the last one.

    `lead` is what filling them in may take.
    """
    clock = SystemClock()
    services = [service_of(url, nats_url) for _ in range(replicas)]
    try:
        for service in services:
            await service.start()
        # They sleep by now. That something is due soon is written by another process: they must notice by themselves.
        due = Stock(tickets=load.due, soon=load.due, first=first, due_from=clock.now() + lead, window=load.window)
        await asyncio.to_thread(fill, url, due, settle=False)
        if clock.now() > due.due_from:
            raise RuntimeError("Filling took longer than foreseen: the first clocks were due before they were written.")
        await _until(due.due_from + load.window / 2)
        killed_at = clock.now()
        await services[0].kill()
        await _until(killed_at + load.down)
        restarted_at = clock.now()
        await services[0].start()
        await _until(due.due_from + load.window)
        await _all_noticed(url, due)
    finally:
        for service in services:
            await service.stop()
    return read_told(url, due, killed_at, restarted_at)


async def _until(at: datetime) -> None:
    await asyncio.sleep(max(0.0, (at - SystemClock().now()) / SECOND))


async def _all_noticed(url: str, due: Stock) -> None:
    """Wait for the last breach, then for the events to have left, so that a double would have shown."""
    async with asyncio.timeout(300):
        while not await asyncio.to_thread(recorded, url, due):  # noqa: ASYNC110
            await asyncio.sleep(0.5)


def recorded(url: str, due: Stock) -> bool:
    """Every breach is in the ledger and every event has left."""
    return _one(url, _COUNT.format(*_range(due))) >= due.tickets and not _one(url, _UNSENT)


_COUNT = "SELECT count(*) FROM breaches WHERE clock_id >= '{}' AND clock_id < '{}'"
_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_LEDGER = (
    "SELECT b.clock_id, c.due_at, b.breached_at, b.detected_at FROM breaches b JOIN clocks c ON c.clock_id = b.clock_id"
    " WHERE b.clock_id >= '{}' AND b.clock_id < '{}'"
)
_EVENTS = (
    "SELECT count(*), count(DISTINCT subject) FROM outbox"
    " WHERE subject >= 'tickets.clock.breached.v1.{0}' AND subject < 'tickets.clock.breached.v1.{1}'"
)


def _range(due: Stock) -> tuple[str, str]:
    return clock_id(due.first, ""), clock_id(due.first + due.tickets, "")


def read_told(url: str, due: Stock, killed_at: datetime, restarted_at: datetime) -> Told:
    rows = _ask(url, _LEDGER.format(*_range(due)))
    [(events, distinct)] = _ask(url, _EVENTS.format(*_range(due)))
    return Told(
        breaches=[
            Breach(clock_id=row[0], due_at=_at(row[1]), breached_at=_at(row[2]), detected_at=_at(row[3]))
            for row in rows
        ],
        expected=frozenset(clock_id(number) for number in due.numbers()),
        doubled=events - distinct,
        events=events,
        killed_at=killed_at,
        restarted_at=restarted_at,
    )


def _one(url: str, statement: str) -> int:
    return int(_ask(url, statement)[0][0])


def _ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        lite = sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True, timeout=30)
        try:
            return lite.execute(statement).fetchall()
        finally:
            lite.close()
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


def _at(value: Any) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


# The cost of a tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """Seconds: a look that finds nothing due, one that breaches `AT_ONCE`, and a poll over all that is open."""

    look: float
    fire: float
    poll: float


async def ticks(url: str, stock: Stock, rounds: int) -> Ticks:
    """What is asked and done in this process, with a clock that stands where it is put. Needs rounds * AT_ONCE clocks."""
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    async with _opened(url, clock) as tickets:
        looks, fires = [], []
        for index in range(rounds):
            looks.append(await _timed(lambda: _look(tickets)))
            number = stock.first + stock.soon + (index + 1) * AT_ONCE
            # Due at the very instant counts.
            clock.at = stock.due_at(number - 1)
            fires.append(await _timed(lambda: _fire(tickets, clock.at)))
        poll = min([await asyncio.to_thread(_polled, url, clock.at) for _ in range(3)])
    return Ticks(look=median(looks), fire=median(fires), poll=poll)


@asynccontextmanager
async def _opened(url: str, clock: FixedClock) -> AsyncIterator[Database[DatabaseUnit]]:
    tickets = Database(
        url, owner="tickets", plumbing=plumbing, make_unit=partial(DatabaseUnit, shelf=PolicyShelf()), clock=clock
    )
    yield tickets
    await tickets.dispose()


async def _look(tickets: Database[DatabaseUnit]) -> None:
    async with tickets.read() as unit:
        assert await next_due(unit) is not None


async def _fire(tickets: Database[DatabaseUnit], now: datetime) -> None:
    async with tickets.unit() as unit:
        fired = await breach_due_clocks(unit, now)
    assert fired == AT_ONCE, fired


async def _timed(task: Callable[[], Any]) -> float:
    began = monotonic()
    await task()
    return monotonic() - began


def _polled(url: str, now: datetime) -> float:
    """The yardstick: read every open clock and compare, as products that poll do."""
    began = monotonic()
    rows = _ask(url, "SELECT clock_id, ticket_id, due_at, breached_at FROM clocks WHERE state IN ('running', 'paused')")
    found = [row for row in rows if row[3] is None and row[2] is not None and _at(row[2]) <= now]
    assert found is not None
    return monotonic() - began


# The whole bench


async def run(load: Load, engines: Sequence[str], *, small: int = 10_000) -> AsyncIterator[Figure]:
    """Every figure of every engine; two replicas where there can be two."""
    for engine in engines:
        with tempfile.TemporaryDirectory(prefix="glidepath-bench-") as name:
            folder = Path(name)
            with database(engine, folder) as url:
                async for figure in _engine(engine, url, folder, load, small):
                    yield figure


async def _engine(engine: str, url: str, folder: Path, load: Load, small: int) -> AsyncIterator[Figure]:
    open_for_long = Stock(
        tickets=(load.clocks - 2 * load.due) // 2,
        soon=0,
        first=2 * load.due,
        due_from=SystemClock().now(),
        window=load.window,
    )
    seconds = await _timed(lambda: asyncio.to_thread(fill, url, open_for_long))
    lead = timedelta(seconds=5 + 3 * seconds * load.due / open_for_long.tickets)
    async with broker(folder) as nats_url:
        for figure in told_figures(engine, load, await storm(url, nats_url, load, lead=lead)):
            yield figure
        if engine == "postgresql":
            again = await storm(url, nats_url, load, replicas=2, first=load.due, lead=lead)
            for figure in told_figures(f"{engine}, two replicas", load, again):
                yield figure
    if engine == "postgresql":
        await asyncio.to_thread(vacuum, url)
    rounds = max(3, min(30, open_for_long.tickets // (4 * AT_ONCE)))
    large = await ticks(url, open_for_long, rounds)
    few = Stock(tickets=small // 2, soon=0, due_from=SystemClock().now(), window=load.window)
    with database(engine, folder / "small") as small_url:
        await asyncio.to_thread(fill, small_url, few)
        little = await ticks(small_url, few, max(3, min(rounds, few.tickets // (2 * AT_ONCE))))
    for figure in tick_figures(engine, load, large, little, small):
        yield figure


def told_figures(where: str, load: Load, told: Told) -> list[Figure]:
    late = told.lateness()
    p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
    down = (told.restarted_at - told.killed_at) / SECOND
    back = (told.caught_up_at - told.restarted_at) / SECOND
    return [
        Figure(
            bench=BENCH,
            what=f"{where}: each breach once, at its exact instant, over a kill -9",
            measured=f"{len(told.breaches):,} of {load.due:,}, {told.doubled} doubled, {told.inexact} inexact",
            yardstick=f"{told.events:,} events",
            bar="all, 0, 0",
            held=told.once and told.inexact == 0 and told.events == load.due,
        ),
        Figure(
            bench=BENCH,
            what=f"{where}: lateness while running, p50 / p99 / most",
            measured=f"{millis(p50)} / {millis(p99)} / {millis(late[-1] if late else 0)}",
            yardstick=f"{load.clocks:,} open, {load.due / (load.window / SECOND):,.0f} due a second",
            bar="p99 < 1 s",
            held=p99 < 1,
        ),
        Figure(
            bench=BENCH,
            what=f"{where}: caught up after the restart",
            measured=f"{back:.1f} s",
            yardstick=f"{down:.1f} s down",
        ),
    ]


def tick_figures(engine: str, load: Load, large: Ticks, little: Ticks, small: int) -> list[Figure]:
    ratio, idle = large.fire / little.fire, large.look / little.look
    return [
        Figure(
            bench=BENCH,
            what=f"{engine}: a tick with {AT_ONCE} due, at {load.clocks:,} against {small:,} open clocks",
            measured=f"{millis(large.fire)}, {ratio:.2f} times",
            yardstick=millis(little.fire),
            bar="about 1 (<= 2)",
            held=ratio <= 2,
        ),
        Figure(
            bench=BENCH,
            what=f"{engine}: a look with nothing due, at {load.clocks:,} against {small:,}",
            measured=f"{millis(large.look)}, {idle:.2f} times",
            yardstick=millis(little.look),
            bar="about 1 (<= 2)",
            held=idle <= 2,
        ),
        Figure(
            bench=BENCH,
            what=f"{engine}: a tick with {AT_ONCE} due against a poll of all open clocks",
            measured=f"{large.poll / large.fire:,.0f} times as fast",
            yardstick=millis(large.poll),
        ),
    ]
