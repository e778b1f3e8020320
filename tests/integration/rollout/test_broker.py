"""The rollout service with a real NATS server: what others say arrives, and what it means is told on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import nats
import pytest
from nats.js.api import StreamConfig

from shared.clock import new_id
from shared.events.envelope import Envelope
from tests.integration.rollout.rollout_desk import DAY, RolloutDesk, breached, settled

pytestmark = pytest.mark.nats


@pytest.fixture
async def desk(service_database: Callable[[str], str], nats_url: str) -> AsyncIterator[RolloutDesk]:
    made = RolloutDesk(service_database("rollout"), nats_url)
    await made.open_north()
    yield made
    await made.http.aclose()


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110  # what is waited for happens in other loops
            await asyncio.sleep(0.02)


async def test_a_breach_on_the_stream_holds_and_a_settlement_lets_the_wave_resume_by_itself(desk: RolloutDesk) -> None:
    client = await nats.connect(desk.runtime.settings.nats_url)
    stream = client.jetstream()
    await stream.add_stream(StreamConfig(name="TICKETS", subjects=["tickets.>"]))

    async def publish(event: object) -> None:
        envelope = Envelope(id=new_id(), source="tickets", time=desk.clock.now(), data=event)  # type: ignore[type-var]
        document = json.dumps(envelope.to_cloudevent()).encode()
        for _ in range(2):  # at least once is all that a stream promises
            await stream.publish(envelope.subject, document)

    def north_is(phase: str) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return (await desk.phases())["north"] == phase

        return check

    async def settling() -> bool:
        return "resumes by itself" in str((await desk.wave("north"))["waits_for"])

    async def all_sent() -> bool:
        return bool(await desk.runtime.relay.unsent_count() == 0)

    async with desk.runtime.running():
        await publish(breached(at=desk.clock.now()))
        await eventually(north_is("holding"))
        await publish(settled(desk.clock.now()))
        await eventually(settling)
        desk.clock.advance(DAY)
        await eventually(north_is("open"))
        await eventually(all_sent)
        info = await stream.stream_info("ROLLOUT", subjects_filter=">")
        told = info.state.subjects or {}
        held = [subject for subject in told if subject.startswith("rollout.wave.held.v1.")]
        assert [told[subject] for subject in held] == [1], "told once, though heard twice"
    await client.close()
