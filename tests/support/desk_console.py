"""A console with the real tickets service behind it, on SQLite: tickets are opened through REST, pages are read as people do."""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from services.tickets.consumers import rollout_handlers
from services.tickets.main import create_app
from services.tickets.settings import TicketsSettings
from shared import migrations
from shared.clock import Clock, FixedClock, new_id
from shared.events.envelope import Envelope, Event
from tests.support.console import StagedConsole, staged_console
from tests.support.gateway import ADMIN_KEY
from tests.support.staged_connectors import StagedConnectors

SERVICES = Path(__file__).parents[2] / "services"
# Monday; the policy `standard` is open 09:00-17:00 UTC on weekdays.
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class DeskConsole:
    """`console` is what people see; `call` is the REST API as an administrator's key has it."""

    console: StagedConsole
    tickets: FastAPI
    clock: Clock

    @property
    def client(self) -> httpx.AsyncClient:
        return self.console.client

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's document; anything but a success is a failed test."""
        sent = {"authorization": f"Bearer {ADMIN_KEY}", "accept": "application/json", **headers}
        answer = await self.client.request(method, f"/api/tickets/v1/{path}", json=body, headers=sent)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def open_ticket(self, **fields: Any) -> Any:
        body = {"subject": "Video stalls", "priority": "P3", "requester": {"email": "ada@example.test", "name": "Ada"}}
        return await self.call("POST", "tickets", body | fields)

    async def hear(self, *events: Event) -> None:
        """What other services said, handed in as the consumer would."""
        runtime = self.tickets.state.runtime
        async with runtime.database.work() as work:
            unit = runtime.database.wrap(work)
            for event in events:
                envelope: Envelope[Any] = Envelope(
                    id=new_id(), source=event.owner(), time=self.clock.now(), data=event, aggregate_version=1
                )
                await rollout_handlers()[type(event)](unit, envelope, self.clock.now())

    async def page(self, path: str) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, path: str, *, seen: str, **fields: Any) -> httpx.Response:
        """A form of the page `seen` (its HTML), sent to `path`."""
        form = {"csrf": self.console.csrf(seen), **fields}
        return await self.client.post(path, content=urlencode(form, doseq=True), headers=FORM)

    async def follow(self, answer: httpx.Response) -> str:
        """The page that a form leads to."""
        problem = answer.text.partition('role="alert"')[2][:600]
        assert answer.status_code == 303, f"{answer.status_code} {problem}"
        return await self.page(answer.headers["location"])


def _fresh(service: str, folder: Path) -> str:
    """The URL of a migrated database: migrated once, copied for every test."""
    target = folder / f"{service}.db"
    shutil.copy(_migrated(service), target)
    return f"sqlite+aiosqlite:///{target}"


@cache
def _migrated(service: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="glidepath-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    migrations.upgrade_now(f"sqlite+aiosqlite:///{folder}/{service}.db", SERVICES / service / "migrations")
    return folder / f"{service}.db"


@asynccontextmanager
async def desk_console(
    folder: Path,
    *trees: dict[str, Any],
    clock: Clock | None = None,
    connectors: StagedConnectors | None = None,
    **settings: Any,
) -> AsyncIterator[DeskConsole]:
    """`connectors` stand before the tickets service in what is about helpdesk sync."""
    urls = {name: _fresh(name, folder) for name in ("gateway", "tickets")}
    clock = clock or FixedClock(MONDAY)
    tickets = create_app(
        TicketsSettings(
            database_url=urls["tickets"],
            nats_url="nats://127.0.0.1:1",
            identity_key=SecretStr("identity-key-of-tests"),
            link_key=SecretStr("link-key-for-these-tests"),
        ),
        clock=clock,
    )
    if connectors is not None:
        connectors.tickets = tickets
    behind = connectors or tickets
    async with staged_console(urls["gateway"], *trees, clock=clock, tickets=behind, **settings) as console:
        yield DeskConsole(console, tickets, clock)
    await tickets.state.runtime.database.dispose()
    tickets.state.runtime.telemetry.shutdown()
