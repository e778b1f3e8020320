"""The tickets service under test without a broker: requests over ASGI, events handed in, due work run, the outbox read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from services.tickets.consumers import gateway_handlers, rollout_handlers
from services.tickets.main import create_app
from services.tickets.settings import TicketsSettings
from shared.auth import ANONYMOUS, IDENTITY_HEADER, Identity, Role
from shared.clock import FixedClock, new_id, render_instant
from shared.events.envelope import Envelope, Event
from shared.events.gateway import HelpdeskDelivered, SourceChanged
from shared.events.rollout import EnrolmentChanged, PersonChanged, PlanApplied, WaveChanged, WavePhase
from shared.mapping import load_vendor

# Monday; the policy `standard` is open 09:00-17:00 UTC on weekdays.
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def make_settings(url: str, nats_url: str) -> TicketsSettings:
    return TicketsSettings(
        database_url=url,
        nats_url=nats_url,
        identity_key=SecretStr("identity-key-for-tests"),
        link_key=SecretStr("link-key-for-these-tests"),
        credentials_key=SecretStr("credentials-key-for-tests"),
    )


class TicketsDesk:
    def __init__(self, url: str, nats_url: str = "nats://127.0.0.1:1") -> None:
        self.clock = FixedClock(START)
        self.app = create_app(make_settings(url, nats_url), clock=self.clock)
        self.runtime = self.app.state.runtime
        self.database = self.runtime.database
        self.handlers = {**gateway_handlers(self.runtime.business), **rollout_handlers()}
        self._versions: dict[str, int] = {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://tickets")

    async def stop(self) -> None:
        await self.http.aclose()
        await self.database.dispose()
        self.runtime.telemetry.shutdown()

    # REST

    def identity(self, role: Role | None, email: str | None = None) -> dict[str, str]:
        who = ANONYMOUS
        if role is not None:
            subject = f"key:{email or role.value}"
            who = Identity(subject=subject, kind="key", name=email or role.value, roles=frozenset({role}), email=email)
        return {IDENTITY_HEADER: self.runtime.identities.mint(who, audience="tickets", now=self.clock.now())}

    async def ask(self, method: str, path: str, role: Role = Role.IT_AGENT, **kwargs: Any) -> httpx.Response:
        headers = self.identity(role, kwargs.pop("email", None)) | kwargs.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **kwargs)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path, Role.VIEWER)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def open_ticket(self, **fields: Any) -> Any:
        body: dict[str, Any] = {"subject": "Video stalls", "priority": "P1", "requester": {"email": "ada@example.com"}}
        body |= {"impact": "Nobody on the ward can be certified"} | fields
        answer = await self.ask("POST", "/v1/tickets", Role.TRAINING, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, ticket: Any, **fields: Any) -> Any:
        answer = await self.ask(
            "PATCH", f"/v1/tickets/{ticket['ticket_id']}", json=fields, headers={"If-Match": f'W/"{ticket["version"]}"'}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ticket(self, number: int = 1) -> Any:
        return await self.get(f"/v1/tickets/{number}")

    async def clock_of(self, ticket: Any, target: str = "first_response") -> Any:
        clocks = await self.get(f"/v1/tickets/{ticket['ticket_id']}/clocks")
        return next(clock for clock in clocks if clock["target"] == target)

    # Events

    async def hand_in(self, *events: Event, version: int | None = None) -> None:
        """As the consumer would: one transaction for all of them."""
        async with self.database.work() as work:
            unit = self.database.wrap(work)
            for event in events:
                key = f"{event.NAME}:{event.aggregate_id}"
                self._versions[key] = self._versions.get(key, 0) + 1
                envelope: Envelope[Any] = Envelope(
                    id=new_id(),
                    source=event.owner(),
                    time=self.clock.now(),
                    data=event,
                    aggregate_version=version or self._versions[key],
                )
                work.caused_by = envelope
                await self.handlers[type(event)](unit, envelope, self.runtime.business.now())

    async def deliver(self, *facts: dict[str, Any], at: datetime | None = None, **changes: Any) -> str:
        """Facts in one delivery of the source `desk`, received now; the delivery's id."""
        events = [plain(fact) for fact in facts]
        body = json.dumps(events if len(events) > 1 else events[0])
        return await self.deliver_raw(body, **changes)

    async def deliver_raw(self, body: str, *, source: str = "desk", vendor: str = "standard-webhooks") -> str:
        delivery_id = new_id()
        await self.hand_in(delivery(body, delivery_id, source=source, vendor=vendor, at=self.clock.now()))
        return delivery_id

    async def run_due(self) -> int:
        """The timer until nothing is due; how many batches."""
        batches = 0
        for timer in self.runtime.timers:
            while await timer.step():
                batches += 1
        return batches

    async def run_workers(self) -> int:
        """Every worker until none has anything to do; how many steps did something."""
        steps = 0
        for worker in self.runtime.workers:
            while await worker.step():
                steps += 1
        return steps

    async def told(self, name: str) -> list[Any]:
        """What was recorded to be published under a name, oldest first."""
        table = self.database.plumbing.outbox
        async with self.database.work() as work:
            rows = (await work.session.execute(select(table.c.body).order_by(table.c.position))).scalars().all()
        documents = [json.loads(body) for body in rows]
        return [document["data"] for document in documents if document["type"] == f"glidepath.{name}.v1"]


def source(name: str = "desk", vendor: str = "standard-webhooks") -> SourceChanged:
    return SourceChanged(
        source_id=f"id-of-{name}",
        name=name,
        vendor=vendor,
        kind="helpdesk",
        enabled=True,
        vendor_file=load_vendor(vendor).document,
    )


def delivery(body: str, delivery_id: str, *, source: str, vendor: str, at: datetime) -> HelpdeskDelivered:
    return HelpdeskDelivered(
        delivery_id=delivery_id,
        source=source,
        vendor=vendor,
        content_type="application/json",
        headers={},
        body=body,
        received_at=at,
    )


def plain(fact: dict[str, Any]) -> dict[str, Any]:
    """A fact as Standard Webhooks carries it."""
    return {"type": "ticket.event", "data": fact}


def ticket_fact(at: datetime, **fields: Any) -> dict[str, Any]:
    """A P1 ticket 42 of Ada as it stands at `at`."""
    fact = {
        "type": "ticket",
        "ticket": {"id": "42", "key": "#42"},
        "subject": "Video stalls",
        "status": "open",
        "priority": "P1",
        "requester": {"scheme": "email", "value": "ada@example.com"},
        "created_at": render_instant(START),
        "occurred_at": render_instant(at),
    }
    return fact | fields


def comment_fact(at: datetime, role: str = "agent", **fields: Any) -> dict[str, Any]:
    """An answer on ticket 42 that says nothing of its status."""
    author = {"scheme": "email", "value": "ada@example.com" if role == "requester" else "agent@example.com"}
    return {
        "type": "comment",
        "ticket": {"id": "42"},
        "occurred_at": render_instant(at),
        "comment": {"id": render_instant(at), "author_role": role, "author": author, "public": True, "body": "On it"}
        | fields,
    }


def plan(rollout: str = "safety-video") -> PlanApplied:
    return PlanApplied(
        rollout=rollout,
        title="Safety video",
        plan_version=1,
        plan_hash="h",
        courses={"moodle": "42"},
        systems=["Vidstream"],
        waves=["it", "north"],
        applied_at=START - 30 * 24 * HOUR,
    )


def wave(
    name: str = "north", *, opened_at: datetime | None = START - 24 * HOUR, phase: WavePhase = "open"
) -> WaveChanged:
    return WaveChanged(
        wave_id=f"safety-video:{name}",
        rollout="safety-video",
        wave=name,
        position=1,
        phase=phase,
        plan_version=1,
        audience_size=1,
        completed=0,
        holds=[],
        gates=[],
        opened_at=opened_at,
        completed_at=None,
    )


def person(person_id: str = "p-ada", email: str | None = "Ada@Example.com", **external_ids: str) -> PersonChanged:
    return PersonChanged(person_id=person_id, name="Ada", email=email, external_ids=external_ids)


def enrolment(person_id: str = "p-ada", name: str = "north") -> EnrolmentChanged:
    return EnrolmentChanged(
        enrolment_id=f"safety-video:{name}:{person_id}",
        rollout="safety-video",
        wave=name,
        person_id=person_id,
        state="enrolled",
    )
