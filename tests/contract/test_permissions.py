"""Every route x every role of the services behind the gateway, over HTTP: allowed or refused as the table says."""

from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared import migrations
from shared.auth import ANONYMOUS, IDENTITY_HEADER, Identity, Permissions, Role
from tests.support.permission_walk import walk

BEHIND: Mapping[str, tuple[str, dict[str, str]]] = {
    "rollout": ("RolloutSettings", {"credentials_key": "credentials-of-tests"}),
    "tickets": ("TicketsSettings", {}),
    "survey": ("SurveySettings", {}),
}
SERVICES = Path(__file__).parent.parent.parent / "services"


@pytest.fixture(params=sorted(BEHIND))
async def app(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FastAPI]:
    service = request.param
    url = f"sqlite+aiosqlite:///{tmp_path}/{service}.db"
    await migrations.upgrade(url, SERVICES / service / "migrations")
    settings_name, own = BEHIND[service]
    settings: Any = getattr(import_module(f"services.{service}.settings"), settings_name)(
        database_url=url,
        nats_url="nats://127.0.0.1:1",
        identity_key="identity-key-of-tests",
        link_key="link-key-of-all-tests",
        **own,
    )
    made: FastAPI = import_module(f"services.{service}.main").create_app(settings)
    yield made
    await made.state.runtime.database.dispose()
    made.state.runtime.telemetry.shutdown()


def identity_of(role: Role | None) -> Identity:
    if role is None:
        return ANONYMOUS
    return Identity(subject=f"key:{role}", kind="key", name=role.value, roles=frozenset({role}))


async def test_every_route_lets_in_whom_its_row_names_and_nobody_else(app: FastAPI) -> None:
    runtime = app.state.runtime
    permissions: Permissions = app.state.permissions
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:

        async def ask(method: str, path: str, role: Role | None) -> int:
            token = runtime.identities.mint(identity_of(role), audience=runtime.service, now=runtime.clock.now())
            body: dict[str, str] | None = None if method == "GET" else {}
            answer = await client.request(method, path, headers={IDENTITY_HEADER: token}, json=body)
            return answer.status_code

        assert await walk(permissions, ask) == []


async def test_no_route_answers_without_an_identity_of_the_gateway(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        for row in app.state.permissions:
            method, path = row.split(" ", 1)
            answer = await client.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, row
