from collections.abc import AsyncIterator, Callable

import pytest

from tests.integration.survey.desk import SurveyDesk


@pytest.fixture
async def desk(service_database: Callable[[str], str]) -> AsyncIterator[SurveyDesk]:
    """The survey service on a fresh database, on each engine in turn."""
    made = SurveyDesk(service_database("survey"))
    await made.start()
    yield made
    await made.stop()
