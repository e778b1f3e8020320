from collections.abc import AsyncIterator, Callable

import pytest

from tests.integration.rollout.rollout_desk import RolloutDesk


@pytest.fixture
async def rollouts(service_database: Callable[[str], str]) -> AsyncIterator[RolloutDesk]:
    """The rollout service on a fresh database, on each engine in turn."""
    made = RolloutDesk(service_database("rollout"))
    yield made
    await made.stop()
