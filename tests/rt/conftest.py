"""A real Request Tracker for each test. Only `make test-rt` comes here; see `norecursedirs` in pyproject.toml."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rt.server import Installation, RequestTracker


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Filled once per session, to copy from: that takes far longer than a copy."""
    RequestTracker.install_if_missing()
    return Installation.make(tmp_path_factory.mktemp("request-tracker"))


@pytest.fixture
async def request_tracker(installation: Installation, tmp_path: Path) -> AsyncIterator[RequestTracker]:
    """A running Request Tracker of this test's own."""
    tracker = RequestTracker(installation, tmp_path / "request-tracker")
    try:
        await tracker.start()
        yield tracker
    finally:
        await tracker.close()
