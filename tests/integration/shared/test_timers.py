"""Timers over real servers: they wait for what was delivered meanwhile, and notice what others write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlmodel import col

from shared.clock import FixedClock, monotonic
from shared.events.facts import Priority
from shared.events.tickets import TicketOpened
from shared.runtime import Runtime
from shared.timers import IDLE_SECONDS, Timer
from tests.support.echo import EchoUnit, NoteRow, create_tables, make_runtime, note_ticket

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
COUNT = 300


async def due_note(unit: EchoUnit) -> datetime | None:
    """The earliest note that is not about the timer itself."""
    statement = select(func.min(col(NoteRow.at))).where(col(NoteRow.text).startswith("due"))
    return (await unit.work.session.execute(statement)).scalar_one_or_none()


def opened(number: int) -> TicketOpened:
    return TicketOpened(ticket_id=f"t{number}", priority=Priority.P2, attribution=None, opened_at=AT)


@asynccontextmanager
async def echo(url: str, nats_url: str) -> AsyncIterator[Runtime[EchoUnit]]:
    made = make_runtime(url, nats_url)
    await create_tables(made)
    made.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    yield made


async def test_at_start_nothing_is_fired_before_what_came_meanwhile_is_handled(
    database_url: str, nats_url: str
) -> None:
    """What was delivered while the service was down may hold the answer that a clock waits for."""
    async with echo(database_url, nats_url) as before, before.running():
        async with asyncio.timeout(10):
            while not before.consumers[0].health.bound:  # noqa: ASYNC110  # the consumer tells nobody
                await asyncio.sleep(0.02)
    # A producer of its own fills the stream while nobody listens.
    async with echo(database_url, nats_url) as producer:
        producer.consumers.clear()
        async with producer.running():
            async with producer.database.unit() as unit:
                for number in range(COUNT):
                    unit.record(opened(number))
            async with asyncio.timeout(20):
                while await producer.relay.unsent_count():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)

    handled_by_then: list[int] = []
    fired = asyncio.Event()

    async def always_due(unit: EchoUnit) -> datetime:
        return AT

    async def look(unit: EchoUnit, now: datetime) -> int:
        handled_by_then.append(len(await unit.notes()))
        fired.set()
        return 0

    async with echo(database_url, nats_url) as after:
        after.timer("late", next_due=always_due, fire=look, after_backlog=True)
        async with after.running(), asyncio.timeout(25):
            await fired.wait()
    assert handled_by_then[0] == COUNT


async def test_a_nearer_instant_that_another_process_writes_is_noticed_within_the_poll(database_url: str) -> None:
    clock = FixedClock(AT)
    mine, other = make_runtime(database_url, clock=clock), make_runtime(database_url, clock=clock)
    await create_tables(mine)

    async def fire(unit: EchoUnit, now: datetime) -> int:
        return 1

    timer = Timer("echo", mine.database, mine.business, next_due=due_note, fire=fire)
    try:
        assert not await timer.step()
        async with other.database.unit() as unit:
            await unit.add_note("due", AT)
        began = monotonic()
        await timer.wait()
        assert await timer.step()
        # No more than the poll and what a busy machine adds: it slept, and nobody of its own process woke it.
        assert monotonic() - began < 10 * IDLE_SECONDS
    finally:
        await mine.database.dispose()
        await other.database.dispose()


async def test_a_nearer_instant_of_its_own_process_wakes_it_at_once(database_url: str) -> None:
    clock = FixedClock(AT)
    runtime = make_runtime(database_url, clock=clock)
    await create_tables(runtime)

    async def fire(unit: EchoUnit, now: datetime) -> int:
        return 1

    timer = Timer("echo", runtime.database, runtime.business, next_due=due_note, fire=fire)
    try:
        assert not await timer.step()
        async with runtime.database.unit() as unit:
            await unit.add_note("due", AT)
        assert timer.wake.is_set()
        assert await timer.step()
    finally:
        await runtime.database.dispose()
