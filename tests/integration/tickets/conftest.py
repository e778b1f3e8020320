from collections.abc import AsyncIterator, Callable

import pytest

from tests.integration.tickets.desk import TicketsDesk


@pytest.fixture
async def desk(service_database: Callable[[str], str]) -> AsyncIterator[TicketsDesk]:
    """The tickets service on a fresh database, on each engine in turn."""
    made = TicketsDesk(service_database("tickets"))
    yield made
    await made.stop()
