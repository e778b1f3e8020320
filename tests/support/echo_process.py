"""The echo service as a process of its own, to be killed: `python -m tests.support.echo_process URL NATS_URL [RECORD]`.

Records the events t0 … t<RECORD-1> in one transaction if that has not been done, then runs until it is ended.
"""

import asyncio
import sys
from datetime import UTC, datetime

from shared.events.facts import Priority
from shared.events.tickets import TicketOpened
from tests.support.echo import create_tables, make_runtime, note_ticket


async def main(url: str, nats_url: str, count: int) -> None:
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


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
