"""The survey service under test without a broker: events are handed in, due work is run, the outbox is read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from services.survey.adapters.repository import RepositoryUnit
from services.survey.consumers import make_handlers
from services.survey.main import SurveyRuntime, create_app
from services.survey.settings import SurveySettings
from services.survey.usecases import publish_instruments
from shared.auth import ANONYMOUS, IDENTITY_HEADER, Identity, Role
from shared.clock import FixedClock, new_id
from shared.events.catalog import BY_TYPE
from shared.events.envelope import Envelope, Event
from shared.events.messages import SignedLink
from shared.events.rollout import EnrolmentChanged, PersonChanged, SurveyRequested

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOSES = START + timedelta(days=7)
STEPS = ("awareness", "desire", "knowledge", "ability", "reinforcement")
READY = dict.fromkeys(STEPS, "4")
NOT_READY = READY | {"ability": "2"}


def make_settings(url: str, nats_url: str = "nats://127.0.0.1:1") -> SurveySettings:
    return SurveySettings(
        database_url=url,
        nats_url=nats_url,
        identity_key=SecretStr("identity-key-for-tests"),
        link_key=SecretStr("link-key-for-these-tests"),
    )


class SurveyDesk:
    def __init__(self, url: str) -> None:
        self.clock = FixedClock(START)
        self.app = create_app(make_settings(url), clock=self.clock)
        runtime = self.app.state.runtime
        assert isinstance(runtime, SurveyRuntime)
        self.runtime = runtime
        self.database = runtime.database
        self.handlers = make_handlers(runtime.library)
        self._versions: dict[str, int] = {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://survey")

    async def start(self) -> None:
        async with self.database.unit() as unit:
            await publish_instruments(unit, self.runtime.library, self.clock.now())

    async def stop(self) -> None:
        await self.http.aclose()
        await self.database.dispose()
        self.runtime.telemetry.shutdown()

    async def hand_in(self, *events: Event, version: int | None = None) -> None:
        """As the consumer would: one transaction for all of them."""
        async with self.database.work() as work:
            unit: RepositoryUnit = self.database.wrap(work)
            for event in events:
                key = f"{event.NAME}:{event.aggregate_id}"
                self._versions[key] = self._versions.get(key, 0) + 1
                envelope: Envelope[Any] = Envelope(
                    id=new_id(),
                    source="rollout",
                    time=self.clock.now(),
                    data=event,
                    aggregate_version=version or self._versions[key],
                )
                work.caused_by = envelope
                await self.handlers[type(event)](unit, envelope, self.runtime.business.now())

    async def run_due(self) -> None:
        """Every timer until nothing is due."""
        while [timer.name for timer in self.runtime.timers if await timer.step()]:
            pass

    async def open(self, size: int, *, instrument: str = "readiness", **changes: Any) -> list[str]:
        """A wave of `size` people and an open campaign for it; the tokens of their links, in the order of the people."""
        await self.hand_in(*members(size))
        await self.hand_in(request(size, instrument=instrument, **changes))
        await self.run_due()
        return await self.tokens()

    async def tokens(self) -> list[str]:
        notices = await self.told("survey.notification.requested")
        by_person = {notice["person_id"]: notice for notice in notices}
        return [
            self.runtime.links.mint(SignedLink.model_validate(by_person[person]["link"]))
            for person in sorted(by_person)
        ]

    async def answer(self, token: str, form: dict[str, str], **headers: str) -> httpx.Response:
        return await self.http.post(f"/public/invitations/{token}", data=form, headers=headers | self.identity())

    async def show(self, token: str) -> httpx.Response:
        return await self.http.get(f"/public/invitations/{token}", headers=self.identity())

    async def get(self, path: str, role: Role = Role.VIEWER) -> Any:
        answer = await self.http.get(path, headers=self.identity(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def campaign(self) -> Any:
        [found] = (await self.get("/v1/campaigns"))["items"]
        return found

    async def results(self) -> Any:
        return await self.get(f"/v1/campaigns/{(await self.campaign())['id']}/results")

    def identity(self, role: Role | None = None) -> dict[str, str]:
        who = ANONYMOUS
        if role is not None:
            who = Identity(subject=f"key:{role}", kind="key", name=role.value, roles=frozenset({role}))
        return {IDENTITY_HEADER: self.runtime.identities.mint(who, audience="survey", now=self.clock.now())}

    async def told(self, name: str) -> list[dict[str, Any]]:
        """The payloads of one kind in the outbox, in order; each is checked against the contract."""
        return [
            document["data"]
            for document in await self.outbox()
            if name == BY_TYPE[document["type"]].NAME and BY_TYPE[document["type"]].model_validate(document["data"])
        ]

    async def outbox(self) -> list[dict[str, Any]]:
        table = self.runtime.plumbing.outbox
        rows = await self.query(select(table.c.body).order_by(table.c.position))
        return [json.loads(row[0]) for row in rows]

    async def query(self, statement: Any) -> list[Any]:
        async with self.database.reader.connect() as connection:
            return list((await connection.execute(statement)).all())


def person(number: int, **changes: Any) -> PersonChanged:
    return PersonChanged(
        **{
            "person_id": f"p{number:04}",
            "name": f"Person {number}",
            "email": f"p{number}@example.org",
            **changes,
        }
    )


def enrolment(number: int, **changes: Any) -> EnrolmentChanged:
    return EnrolmentChanged(
        **{
            "enrolment_id": f"e{number:04}",
            "rollout": "safety-video",
            "wave": "it",
            "person_id": f"p{number:04}",
            "state": "assigned",
            **changes,
        }
    )


def members(size: int) -> list[Event]:
    return [event for number in range(size) for event in (person(number), enrolment(number))]


def request(size: int, **changes: Any) -> SurveyRequested:
    return SurveyRequested(
        **{
            "request_id": "r1",
            "rollout": "safety-video",
            "wave": "it",
            "gate": "ready",
            "instrument": "readiness",
            "measure": "ready",
            "threshold": 0.7,
            "audience_size": size,
            "closes_at": CLOSES,
            **changes,
        }
    )
