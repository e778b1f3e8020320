from collections.abc import Callable

import pytest

from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.sync.synced import Synced
from tests.support.helpdesks import ALL

ENGINES = ("sqlite", "postgresql")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the contract's tests every helpdesk meets one on SQLite, the next one on PostgreSQL, unless all is asked for."""
    if config.getoption("every_pair"):
        return
    tests: dict[str, int] = {}
    vendors = sorted(ALL)
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        met = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if item.path.name != "test_contract.py" or "vendor" not in met:
            kept.append(item)
            continue
        turn = tests.setdefault(item.name.partition("[")[0], len(tests)) + vendors.index(str(met["vendor"]))
        (kept if met["engine"] == ENGINES[turn % 2] else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


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
