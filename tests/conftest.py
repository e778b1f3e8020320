"""Fixtures for every tier. Unit tests cannot open sockets; the other tiers meet the real servers."""

import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from shared import migrations
from tests.support.servers import NatsServer, Postgres

SERVICES = Path(__file__).parent.parent / "services"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell says about Glidepath must not reach a test."""
    import os

    for name in [name for name in os.environ if name.startswith("GLIDEPATH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "/tests/unit/" not in str(request.path):
        return

    def refuse(self: socket.socket, address: Any) -> NoReturn:
        raise AssertionError(f"a unit test tried to connect to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


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
def _templates(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Databases migrated once per session, to copy from: a migration takes far longer than a copy."""
    return {}


@pytest.fixture
def service_database(
    engine: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    _templates: dict[tuple[str, str], str],
) -> Iterator[Callable[[str], str]]:
    """`service_database("tickets")` -> the URL of a fresh database of that service, migrated, on each engine in turn."""
    lent: list[tuple[str, str]] = []

    def sqlite(service: str) -> str:
        if (engine, service) not in _templates:
            template = tmp_path_factory.mktemp("templates") / f"{service}.db"
            migrations.upgrade_now(f"sqlite+aiosqlite:///{template}", SERVICES / service / "migrations")
            _templates[engine, service] = str(template)
        copy = tmp_path / f"{service}.db"
        shutil.copy(_templates[engine, service], copy)
        return f"sqlite+aiosqlite:///{copy}"

    def postgresql(service: str) -> str:
        server: Postgres = request.getfixturevalue("postgres")
        if (engine, service) not in _templates:
            template = server.create_database()
            migrations.upgrade_now(server.url(template), SERVICES / service / "migrations")
            server.keep_as_template(template)
            _templates[engine, service] = template
        template = _templates[engine, service]
        name = server.lend(template)
        lent.append((name, template))
        return server.url(name)

    yield sqlite if engine == "sqlite" else postgresql
    for name, template in lent:
        request.getfixturevalue("postgres").take_back(name, template)


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
