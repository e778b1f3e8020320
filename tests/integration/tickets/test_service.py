"""The whole service with a real broker: what comes in takes effect once, what goes out is told once."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import new_id
from shared.events.envelope import Envelope, Event
from shared.jetstream import Bus
from tests.integration.tickets.desk import (
    HOUR,
    MINUTE,
    START,
    TicketsDesk,
    comment_fact,
    delivery,
    enrolment,
    person,
    plain,
    plan,
    source,
    ticket_fact,
    wave,
)


@pytest.fixture
async def outside(nats_url: str) -> AsyncIterator[Bus]:
    """The other services' streams, and our own to read."""
    bus = Bus(nats_url, name="outside", stream_max_age=timedelta(days=1))
    await bus.connect()
    for owner in ("gateway", "rollout"):
        await bus.ensure_stream(owner)
    yield bus
    await bus.close()


async def publish(bus: Bus, events: list[Event], *, times: int = 1) -> None:
    """Each `times` times; the broker's own window is passed by, so that the inbox has to notice."""
    envelopes: list[Envelope[Any]] = [
        Envelope(id=new_id(), source=event.owner(), time=START, data=event, aggregate_version=1) for event in events
    ]
    for _ in range(times):
        for envelope in envelopes:
            await bus.js.publish(envelope.subject, json.dumps(envelope.to_cloudevent()).encode())


async def told(bus: Bus, subject: str) -> list[Any]:
    """Everything that was published under a subject."""
    info = await bus.js.stream_info("TICKETS", subjects_filter=f"{subject}.>")
    count = sum((info.state.subjects or {}).values())
    if not count:
        return []
    reader = await bus.js.subscribe(f"{subject}.>", stream="TICKETS", ordered_consumer=True)
    messages = [json.loads((await reader.next_msg(timeout=5)).data) for _ in range(count)]
    await reader.unsubscribe()
    return messages


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110  # what is waited for happens in other loops
            await asyncio.sleep(0.02)


async def test_doubled_and_shuffled_deliveries_through_the_broker_count_once(
    service_database: Callable[[str], str], nats_url: str, outside: Bus
) -> None:
    desk = TicketsDesk(service_database("tickets"), nats_url)
    desk.clock.advance(30 * MINUTE)
    facts = [
        fact | {"ticket": {"id": f"t{number}"}}
        for number in range(20)
        for fact in (ticket_fact(START), *([comment_fact(START + 10 * MINUTE)] if number % 2 else []))
    ]
    events: list[Event] = [
        delivery(json.dumps(plain(fact)), new_id(), source="desk", vendor="standard-webhooks", at=START + 30 * MINUTE)
        for fact in facts
    ]
    random.Random(7).shuffle(events)
    await publish(outside, [plan(), wave(), person(), enrolment()])
    await publish(outside, [source()])
    await publish(outside, events, times=3)
    async with desk.runtime.running():

        async def quiet() -> bool:
            status = await desk.runtime.status()
            heard = [one["handled"] for one in status["consumers"] if one["name"] != "tickets-mail"]
            return bool(status["quiet"]) and all(heard)

        await eventually(quiet)
        tickets = (await desk.get("/v1/tickets?limit=200"))["items"]
        assert sorted(ticket["external_id"] for ticket in tickets) == sorted(f"t{n}" for n in range(20))
        assert {ticket["requester"]["person_id"] for ticket in tickets} == {"p-ada"}
        desk.clock.advance(HOUR)

        async def breached() -> bool:
            return await quiet() and len(await told(outside, "tickets.clock.breached.v1")) >= 10

        await eventually(breached)
        await asyncio.gather(*(desk.runtime.timers[0].step() for _ in range(3)))
    breaches = await told(outside, "tickets.clock.breached.v1")
    assert {breach["data"]["breached_at"] for breach in breaches} == {"2026-11-23T10:00:00Z"}
    assert len(breaches) == len({breach["data"]["clock_id"] for breach in breaches}) == 10
    assert len(await told(outside, "tickets.ticket.opened.v1")) == 20
    assert len(await told(outside, "tickets.delivery.understood.v1")) == len(events)
    await desk.http.aclose()
