"""`kill -9` at the worst moments loses nothing that was committed and doubles no effect."""

import asyncio
import signal

import pytest

from shared.runtime import Runtime
from tests.support import echo_process
from tests.support.echo import EchoUnit, make_runtime
from tests.support.processes import ended, start

POINTS = [
    "relay.before_publish",
    "relay.published",
    "relay.marked",
    "consumer.before_commit",
    "consumer.committed",
    "consumer.acknowledged",
]
COUNT = 40


async def notes_of(runtime: Runtime[EchoUnit]) -> list[str]:
    async with runtime.database.read() as unit:
        return await unit.notes()


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_killed_at_any_point_loses_nothing_and_doubles_nothing(
    point: str, database_url: str, nats_url: str
) -> None:
    first = await start(echo_process.main, database_url, nats_url, COUNT, crash_at=point)
    assert await ended(first) == -signal.SIGKILL

    second = await start(echo_process.main, database_url, nats_url, 0)
    runtime = make_runtime(database_url, nats_url)
    try:
        async with asyncio.timeout(30):
            while len(await notes_of(runtime)) < COUNT or await runtime.relay.unsent_count():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        # What a killed consumer had not acknowledged comes again after the ack wait; give doubles their chance to show.
        async with asyncio.timeout(30):
            await runtime.bus.connect()
            while (  # noqa: ASYNC110  # the server tells nobody when the last acknowledgement came
                info := await runtime.bus.js.consumer_info("TICKETS", "tickets-echo")
            ).num_ack_pending:
                await asyncio.sleep(0.2)
        assert info.num_pending == 0
        assert sorted(await notes_of(runtime)) == sorted(f"t{number}" for number in range(COUNT))
    finally:
        second.terminate()
        await ended(second)
        await runtime.bus.close()
        await runtime.database.dispose()
        runtime.telemetry.shutdown()
