"""`kill -9` of the tickets service around commit and publish, with clocks due: each breach once, at its exact instant."""

import asyncio
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import SystemClock
from tests.bench.running import WarmService, broker
from tests.bench.sla_timers import Load, read_told, recorded, storm
from tests.bench.stock import Stock, fill

POINTS = ["timer.committed", "relay.published"]
DUE = 60


@pytest.mark.parametrize("point", POINTS)
async def test_a_service_killed_at_any_point_breaches_each_clock_once_and_exactly(
    point: str, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    url, clock = service_database("tickets"), SystemClock()
    due = Stock(tickets=DUE, soon=DUE, due_from=clock.now() - timedelta(minutes=1), window=timedelta(minutes=1))
    fill(url, due)
    async with broker(tmp_path) as nats_url:
        service = WarmService(url, nats_url)
        await service.start(crash_at=point)
        assert await service.died(30) == -signal.SIGKILL
        killed_at = clock.now()
        try:
            await service.start()
            async with asyncio.timeout(30):
                while not recorded(url, due):  # noqa: ASYNC110  # what is waited for happens in another process
                    await asyncio.sleep(0.05)
            told = read_told(url, due, killed_at, clock.now())
        finally:
            await service.stop()
    assert told.once
    assert told.inexact == 0
    assert told.events == DUE


async def test_the_bench_of_the_timers_proves_the_same_facts_on_a_small_stock(
    engine: str, tmp_path: Path, service_database: Callable[[str], str]
) -> None:
    """`make bench` measures; that each breach is told once and exactly over a kill is proved here too, without timing."""
    url = service_database("tickets")
    fill(url, Stock(tickets=500, soon=0, first=1_000, due_from=SystemClock().now(), window=timedelta(minutes=1)))
    load = Load(clocks=1_400, due=200, window=timedelta(seconds=2), down=timedelta(seconds=0))
    async with broker(tmp_path) as nats_url:
        told = await storm(url, nats_url, load, replicas=2 if engine == "postgresql" else 1, service_of=WarmService)
    assert told.once
    assert (told.inexact, told.events) == (0, 200)
