"""The gateway on a real NATS server: what it hands on, what it hears, and whether the whole is at rest."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.gateway.adapters.upstreams import InProcessUpstream
from services.gateway.ports import Receive, Scope, Send
from shared.events.envelope import Envelope
from shared.events.gateway import HelpdeskDelivered
from shared.events.messages import SignedLink
from shared.events.rollout import NotificationRequested
from shared.events.tickets import DeliveryUnderstood
from shared.runtime import Runtime
from tests.support.echo import EchoUnit, create_tables, make_runtime
from tests.support.gateway import running_gateway

MakeDatabase = Callable[[str], str]
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Status:
    """A service that says how it stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.quiet = True
        self.handled = 0
        self.busy_between_looks = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == "/v1/status"
        self.handled += self.busy_between_looks
        consumers = [{"name": "c", "handled": self.handled}]
        body = json.dumps({"service": self.name, "quiet": self.quiet, "consumers": consumers}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def until(check: Callable[[], Any], *, seconds: float = 20) -> Any:
    async with asyncio.timeout(seconds):
        while True:
            if found := await check():
                return found
            await asyncio.sleep(0.05)


async def ask_for_one_notice_twice(rollout: Runtime[EchoUnit]) -> None:
    link = SignedLink(purpose="signoff", subject="s", expires_at=NOW)
    async with rollout.database.unit() as unit:
        for _ in range(2):
            unit.record(
                NotificationRequested(notification_id="n-1", to_email="a@example.org", subject="s", body="b", link=link)
            )


async def test_a_delivery_is_handed_on_understood_and_logged_once_whatever_comes_twice(
    service_database: MakeDatabase, nats_url: str, tmp_path: Any
) -> None:
    """`tickets` here hears the delivery and says twice what it meant; `rollout` asks for one notice twice."""
    heard: list[HelpdeskDelivered] = []

    async def on_delivered(unit: EchoUnit, envelope: Envelope[HelpdeskDelivered], now: datetime) -> None:
        heard.append(envelope.data)
        for _ in range(2):
            unit.record(
                DeliveryUnderstood(
                    delivery_id=envelope.data.delivery_id, outcome="applied", facts=[{"type": "ticket"}], reason=None
                )
            )

    tickets = make_runtime(f"sqlite+aiosqlite:///{tmp_path}/tickets.db", nats_url, service="tickets")
    rollout = make_runtime(f"sqlite+aiosqlite:///{tmp_path}/rollout.db", nats_url, service="rollout")
    survey = make_runtime(f"sqlite+aiosqlite:///{tmp_path}/survey.db", nats_url, service="survey")
    tickets.consume("tickets-deliveries", stream="gateway", handlers={HelpdeskDelivered: on_delivered})
    for runtime in (tickets, rollout, survey):
        await create_tables(runtime)
    statuses = {name: Status(name) for name in ("rollout", "tickets", "survey")}
    behind = {name: InProcessUpstream(app, name=name, timeout_seconds=5) for name, app in statuses.items()}
    async with (
        tickets.running(),
        rollout.running(),
        survey.running(),
        running_gateway(service_database("gateway"), upstreams=behind, nats_url=nats_url, demo=True) as gateway,
    ):
        await gateway.add_source()
        assert (await gateway.deliver(b'{"ticket": {"id": 81}}')).status_code == 200
        await ask_for_one_notice_twice(rollout)

        async def applied() -> Any:
            return (await gateway.call("GET", "/api/gateway/v1/deliveries?outcome=applied")).json()["items"]

        (logged,) = await until(applied)
        assert logged["facts"] == [{"type": "ticket"}]
        assert [one.body for one in heard] == ['{"ticket": {"id": 81}}']

        async def noticed() -> Any:
            return (await gateway.call("GET", "/api/gateway/v1/notifications")).json()["items"]

        assert len(await until(noticed)) == 1

        async def quiet() -> Any:
            return (await gateway.call("GET", "/api/gateway/v1/demo/quiet")).json()["quiet"]

        await until(quiet)
        statuses["survey"].quiet = False
        answer = (await gateway.call("GET", "/api/gateway/v1/demo/quiet")).json()
        assert answer["quiet"] is False
        assert set(answer["services"]) == {"rollout", "tickets", "survey", "gateway"}
        statuses["survey"].quiet, statuses["survey"].busy_between_looks = True, True
        assert (await gateway.call("GET", "/api/gateway/v1/demo/quiet")).json()["quiet"] is False
