"""A console to test: a gateway with a staged rollout service behind it, and people who are signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.gateway.adapters.upstreams import InProcessUpstream
from services.gateway.domain.login import COOKIE
from services.gateway.main import create_app
from services.gateway.ports import ASGIApp
from services.gateway.usecases.logins import issue_login_link
from shared.auth import Identities, Role
from shared.clock import Clock, FixedClock
from tests.support.gateway import gateway_settings
from tests.support.staged_rollouts import StagedRollouts

NOON = datetime(2026, 3, 24, 9, 30, tzinfo=UTC)
PATIENCE_SECONDS = 30.0
"""A service in this process is never slow, but the machine may be."""
HTML = {"accept": "text/html"}


@dataclass(frozen=True, slots=True)
class StagedConsole:
    """The gateway's app (started), its stage, and a client that is nobody yet."""

    app: FastAPI
    stage: StagedRollouts
    client: httpx.AsyncClient

    async def login_link(self, *roles: Role, name: str = "Tina Training") -> str:
        """The path of a one-time link for somebody with these roles."""
        runtime = self.app.state.runtime
        async with runtime.database.unit() as unit:
            token = await issue_login_link(
                unit, subject="user:test", name=name, roles=frozenset(roles), now=runtime.clock.now()
            )
        return f"/login/{token}"

    async def sign_in(self, *roles: Role) -> None:
        """The client is somebody with these roles from now on."""
        answer = await self.client.get(await self.login_link(*roles))
        assert answer.status_code == 303, answer.text

    def csrf(self, html: str) -> str:
        """The token in a page's forms."""
        return html.split('name="csrf" value="', 1)[1].split('"', 1)[0]

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(COOKIE)


@asynccontextmanager
async def staged_console(
    database_url: str,
    *trees: dict[str, Any],
    clock: Clock | None = None,
    rollout: ASGIApp | None = None,
    tickets: ASGIApp | None = None,
    **settings: Any,
) -> AsyncIterator[StagedConsole]:
    """A migrated database's gateway, in process, with its lifespan. `rollout` stands in for the stage: the real service.

    `tickets` is the real tickets service, where there is to be one.
    """
    clock = clock or FixedClock(NOON)
    made = gateway_settings(database_url, **settings)
    stage = StagedRollouts(Identities(SecretStr(made.identity_key.get_secret_value())), clock, *trees)
    behind = {"rollout": InProcessUpstream(rollout or stage, name="rollout", timeout_seconds=PATIENCE_SECONDS)}
    if tickets is not None:
        behind["tickets"] = InProcessUpstream(tickets, name="tickets", timeout_seconds=PATIENCE_SECONDS)
    app = create_app(made, upstreams=behind, clock=clock)
    transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 4711), raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=made.public_url, headers=HTML) as client,
    ):
        yield StagedConsole(app, stage, client)
