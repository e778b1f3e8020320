"""The echo service as a process of its own, to be killed."""

import asyncio
from datetime import UTC, datetime

from shared.events.facts import Priority
from shared.events.tickets import TicketOpened
from tests.support.echo import create_tables, make_runtime, note_ticket


async def main(url: str, nats_url: str, count: int) -> None:
    """Record the events t0 … t<count-1> in one transaction, then run until it is ended."""
    runtime = make_runtime(url, nats_url)
    await create_tables(runtime)
    runtime.consume("tickets-echo", stream="tickets", handlers={TicketOpened: note_ticket})
    async with runtime.running():
        if count:
            async with runtime.database.unit() as unit:
                for number in range(count):
                    at = datetime(2026, 3, 2, tzinfo=UTC)
                    unit.record(
                        TicketOpened(ticket_id=f"t{number}", priority=Priority.P2, attribution=None, opened_at=at)
                    )
        await asyncio.Event().wait()
