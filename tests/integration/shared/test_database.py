"""Transactions that are left in the middle."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import QueuePool

from shared.runtime import Runtime
from tests.support.echo import EchoUnit, create_tables, make_runtime

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOWHERE = "nats://127.0.0.1:1"


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime[EchoUnit]]:
    made = make_runtime(database_url, NOWHERE)
    await create_tables(made)
    yield made
    await made.database.dispose()


def in_use(runtime: Runtime[EchoUnit]) -> int:
    """Connections that were not given back."""
    engines = {runtime.database.writer, runtime.database.reader}
    return sum(cast(QueuePool, engine.sync_engine.pool).checkedout() for engine in engines)


async def read_on(runtime: Runtime[EchoUnit]) -> None:
    while True:
        async with runtime.database.read() as unit:
            await unit.notes()


async def write_on(runtime: Runtime[EchoUnit]) -> None:
    while True:
        async with runtime.database.unit() as unit:
            await unit.add_note("kept", AT)


@pytest.mark.parametrize("go_on", [read_on, write_on])
@pytest.mark.parametrize("how", ["once", "again and again", "with every step of it"])
async def test_a_transaction_that_is_cancelled_at_any_moment_gives_its_connection_back(
    runtime: Runtime[EchoUnit], go_on: Callable[[Runtime[EchoUnit]], Coroutine[Any, Any, None]], how: str
) -> None:
    """Whoever waits is cancelled once by a timeout, again and again by a request that is left, and with every step of it by a
    process that ends."""
    for turns in range(0, 600, 13):
        left = asyncio.create_task(go_on(runtime))
        for _ in range(turns):
            await asyncio.sleep(0)
        every = asyncio.all_tasks() - {asyncio.current_task()} if how == "with every step of it" else {left}
        for task in every:
            task.cancel()
        while how == "again and again" and not left.done():
            left.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(left, return_exceptions=True)
        assert (left.cancelled(), in_use(runtime)) == (True, 0), f"after {turns} turns"
    async with runtime.database.unit() as unit:
        await unit.notes()
