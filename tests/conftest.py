"""Fixtures for every tier. Unit tests cannot open sockets; the other tiers meet the real servers."""

import asyncio
import gc
import inspect
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
import uvloop

from shared import migrations
from tests.support.engines import EngineShelf
from tests.support.servers import Lender, NatsServer, Postgres, SqliteFiles

SERVICES = Path(__file__).parent.parent / "services"
MEMORY = Path("/dev/shm")
LEAST_MEMORY = 4 * 2**30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-pair", action="store_true", help="multiply what else is only met in turn (test_contract.py)"
    )


def pytest_configure() -> None:
    """Files of the tests are kept in memory where there is plenty: processes are killed here, never the machine, so that
    nobody has to wait for a disk."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > LEAST_MEMORY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    gc.disable()  # until everything is collected: see below


def pytest_collection_finish() -> None:
    """Libraries and tests stay to the end: to look through them for garbage again and again takes time.
    What tests leave is looked for less often than usual; they leave much, and there is room."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the services run on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell says about Glidepath must not reach a test."""
    for name in [name for name in os.environ if name.startswith("GLIDEPATH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "/tests/unit/" not in str(request.path):
        return

    def refuse(self: socket.socket, address: Any) -> NoReturn:
        raise AssertionError(f"a unit test tried to connect to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def _no_task_outlives_its_test(request: pytest.FixtureRequest) -> None:
    """The tests of a process share one event loop, so that connections can be kept; what a test left running ends with it."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("_ends_what_is_left")


@pytest.fixture
async def _ends_what_is_left() -> AsyncIterator[None]:
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Runs the test once on each database."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database on each engine in turn."""
    if engine == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/empty.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(scope="session")
async def _engines() -> AsyncIterator[EngineShelf]:
    shelf = EngineShelf()
    with pytest.MonkeyPatch.context() as patch:
        shelf.install(patch)
        yield shelf
    await shelf.close()


@pytest.fixture(scope="session")
def _sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def service_database(
    engine: str, request: pytest.FixtureRequest, _engines: EngineShelf
) -> Iterator[Callable[[str], str]]:
    """`service_database("tickets")` -> the URL of a fresh database of that service, migrated, on each engine in turn."""
    lender: Lender = request.getfixturevalue("_sqlite_files" if engine == "sqlite" else "postgres")
    lent: list[tuple[str, str]] = []

    def lend(service: str) -> str:
        url = lender.lend(service, migrate)
        _engines.lend(url)
        lent.append((url, service))
        return url

    def migrate(url: str, service: str) -> None:
        migrations.upgrade_now(url, SERVICES / service / "migrations")

    yield lend
    for url, service in lent:
        lender.take_back(url, service, again=_engines.take_back(url))


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A nats-server of this test's own, with JetStream."""
    server = NatsServer(tmp_path / "nats")
    await server.start()
    yield server
    server.stop()


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    return nats_server.url
