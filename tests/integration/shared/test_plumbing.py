"""The outbox, the relay, the consumers and the inbox together, on real SQLite, real PostgreSQL and a real NATS server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from shared.database import EventTooLarge
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.envelope import Envelope
from shared.events.facts import Priority
from shared.events.tickets import TicketOpened
from shared.jetstream import Bus
from shared.runtime import Runtime
from tests.support.echo import EchoUnit, create_tables, make_runtime, note_ticket, plumbing
from tests.support.servers import NatsServer

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def opened(number: int) -> TicketOpened:
    return TicketOpened(ticket_id=f"t{number}", priority=Priority.P2, attribution=None, opened_at=AT)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110  # what is waited for happens in other processes
            await asyncio.sleep(0.02)


@pytest.fixture
async def runtime(database_url: str, nats_url: str) -> AsyncIterator[Runtime[EchoUnit]]:
    made = make_runtime(database_url, nats_url)
    await create_tables(made)
    yield made
    await made.database.dispose()


async def notes_of(runtime: Runtime[EchoUnit]) -> list[str]:
    async with runtime.database.read() as unit:
        return await unit.notes()


async def record(runtime: Runtime[EchoUnit], *numbers: int) -> None:
    async with runtime.database.unit() as unit:
        for number in numbers:
            unit.record(opened(number))


async def test_whoever_no_longer_waits_for_the_broker_does_not_cost_the_others_their_link(nats_url: str) -> None:
    """A console page that is left at once gives up its wait; the answer to it comes later."""
    bus = Bus(nats_url, name="test", stream_max_age=timedelta(hours=1))
    await bus.connect()
    for _ in range(20):
        left = asyncio.create_task(bus.settled())
        for _ in range(5):
            await asyncio.sleep(0)
        left.cancel()
    async with asyncio.timeout(5):
        await bus.settled()
    assert (await bus.ensure_stream("tickets")).config.name == "TICKETS"
    await bus.close()


async def test_what_is_recorded_takes_effect_once_in_the_consumer(runtime: Runtime[EchoUnit]) -> None:
    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    async with runtime.running():
        await record(runtime, *range(300))

        async def all_arrived() -> bool:
            return len(await notes_of(runtime)) >= 300 and (await runtime.status())["quiet"]

        await eventually(all_arrived)
        assert sorted(await notes_of(runtime)) == sorted(f"t{number}" for number in range(300))


async def test_an_event_of_a_rolled_back_transaction_is_never_sent(runtime: Runtime[EchoUnit]) -> None:
    async def change_my_mind() -> None:
        async with runtime.database.unit() as unit:
            unit.record(opened(1))
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change_my_mind()
    assert await runtime.relay.unsent_count() == 0


async def test_an_event_above_the_limit_is_refused_where_it_is_recorded(runtime: Runtime[EchoUnit]) -> None:
    with pytest.raises(EventTooLarge, match="983040 is the most"):
        async with runtime.database.unit() as unit:
            unit.record(TicketOpened(ticket_id="t" * 1_000_000, priority=Priority.P2, attribution=None, opened_at=AT))


async def test_redelivered_messages_have_no_second_effect(runtime: Runtime[EchoUnit]) -> None:
    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    async with runtime.running():
        await record(runtime, 1, 2, 3)

        async def three() -> bool:
            return len(await notes_of(runtime)) == 3

        await eventually(three)
        # Send everything again under other JetStream message ids, as a relay does outside the dedupe window.
        table = plumbing.outbox
        async with runtime.database.reader.connect() as connection:
            rows = (await connection.execute(select(table))).all()
        for row in rows:
            await runtime.bus.js.publish(row.subject, row.body)
        await record(runtime, 4)

        async def four_and_quiet() -> bool:
            return len(await notes_of(runtime)) >= 4 and (await runtime.status())["quiet"]

        await eventually(four_and_quiet)
        assert sorted(await notes_of(runtime)) == ["t1", "t2", "t3", "t4"]


async def test_one_message_that_cannot_be_handled_does_not_lose_or_block_the_others(runtime: Runtime[EchoUnit]) -> None:
    async def refuse_two(unit: EchoUnit, envelope: Envelope[TicketOpened], now: datetime) -> None:
        if envelope.data.ticket_id == "t2":
            raise PermanentFailure("two is not welcome")
        await note_ticket(unit, envelope, now)

    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: refuse_two})
    async with runtime.running():
        await record(runtime, 1, 2, 3)

        async def others() -> bool:
            return len(await notes_of(runtime)) == 2 and (await runtime.status())["quiet"]

        await eventually(others)
        async with runtime.database.reader.connect() as connection:
            held = (await connection.execute(select(plumbing.quarantine))).one()
        assert held.reason == "two is not welcome"
        assert held.consumer == "tickets-echo"


async def test_a_quarantined_message_can_be_replayed_once_mended_and_counts_once(runtime: Runtime[EchoUnit]) -> None:
    broken = True

    async def handler(unit: EchoUnit, envelope: Envelope[TicketOpened], now: datetime) -> None:
        if broken:
            raise PermanentFailure("not yet")
        await note_ticket(unit, envelope, now)

    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: handler})
    async with runtime.running():
        await record(runtime, 1)

        async def quarantined() -> bool:
            async with runtime.database.reader.connect() as connection:
                return bool((await connection.execute(select(func.count()).select_from(plumbing.quarantine))).scalar())

        await eventually(quarantined)
        async with runtime.database.reader.connect() as connection:
            quarantine_id = (await connection.execute(select(plumbing.quarantine.c.id))).scalar_one()
        broken = False
        for _ in range(2):
            async with runtime.database.work() as work:
                await runtime.replay(work, quarantine_id)
        assert await notes_of(runtime) == ["t1"]


async def test_work_that_fails_for_a_while_is_tried_again_until_it_succeeds(runtime: Runtime[EchoUnit]) -> None:
    attempts = 0

    async def third_time_lucky(unit: EchoUnit, envelope: Envelope[TicketOpened], now: datetime) -> None:
        nonlocal attempts
        attempts += 1
        await note_ticket(unit, envelope, now)
        if attempts < 3:
            raise TemporaryFailure("the LMS is asleep", retry_after_seconds=0.05)

    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: third_time_lucky})
    async with runtime.running():
        await record(runtime, 1)

        async def done() -> bool:
            return attempts >= 3 and len(await notes_of(runtime)) == 1

        await eventually(done)
        assert await notes_of(runtime) == ["t1"]


async def test_a_broker_that_is_down_delays_but_loses_nothing(
    runtime: Runtime[EchoUnit], nats_server: NatsServer
) -> None:
    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    async with runtime.running():
        await record(runtime, 1)

        async def first() -> bool:
            return len(await notes_of(runtime)) == 1

        await eventually(first)
        nats_server.kill()
        await record(runtime, 2)
        await nats_server.start()

        async def both() -> bool:
            return len(await notes_of(runtime)) >= 2 and (await runtime.status())["quiet"]

        # An acknowledgement that died with the broker is made good by redelivery after the ack wait.
        await eventually(both, seconds=30)
        assert sorted(await notes_of(runtime)) == ["t1", "t2"]


async def test_a_wiped_stream_is_filled_again_from_the_outbox_and_doubles_nothing(runtime: Runtime[EchoUnit]) -> None:
    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    async with runtime.running():
        await record(runtime, 1, 2)

        async def two() -> bool:
            return len(await notes_of(runtime)) == 2

        await eventually(two)
        # As if the consumer had never seen them: its own record is the inbox, which a wiped broker does not touch.
        await runtime.bus.js.delete_stream("TICKETS")
        await record(runtime, 3)

        async def refilled() -> bool:
            try:
                info = await runtime.bus.js.stream_info("TICKETS")
            except Exception:
                return False
            return info.state.messages == 3 and len(await notes_of(runtime)) >= 3

        await eventually(refilled, seconds=30)
        assert sorted(await notes_of(runtime)) == ["t1", "t2", "t3"]


async def test_a_row_whose_acknowledgement_was_lost_is_sent_again_and_stays_one_effect(
    runtime: Runtime[EchoUnit],
) -> None:
    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    async with runtime.running():
        await record(runtime, 1)

        async def one() -> bool:
            return len(await notes_of(runtime)) == 1 and await runtime.relay.unsent_count() == 0

        await eventually(one)
        async with runtime.database.work() as work:
            await work.session.execute(update(plumbing.outbox).values(sent_at=None))

        async def sent_again() -> bool:
            return await runtime.relay.unsent_count() == 0

        await eventually(sent_again)
        info = await runtime.bus.js.stream_info("TICKETS")
        assert info.state.messages == 1
        assert await notes_of(runtime) == ["t1"]
