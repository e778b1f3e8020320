from collections.abc import Callable

import pytest

from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.sync.synced import Synced
from tests.support.helpdesks import ALL


@pytest.fixture(params=sorted(ALL))
def vendor(request: pytest.FixtureRequest) -> str:
    """Every helpdesk in turn."""
    return str(request.param)


@pytest.fixture
def synced(desk: TicketsDesk, vendor: str) -> Synced:
    return Synced(desk, ALL[vendor])


@pytest.fixture
def synced_with(desk: TicketsDesk) -> Callable[[str], Synced]:
    """For what need not be shown with every helpdesk."""
    return lambda name: Synced(desk, ALL[name])
