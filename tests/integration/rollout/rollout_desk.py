"""The rollout service under test without a broker: events are handed in, due looks are taken, the outbox is read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select

from services.rollout.adapters.repository import RolloutUnit
from services.rollout.adapters.tables.people import WaveCountRow
from services.rollout.consumers.rollouts import survey_handlers, ticket_handlers
from services.rollout.main import create_app
from services.rollout.settings import RolloutSettings
from shared.auth import ANONYMOUS, IDENTITY_HEADER, Identity, Role
from shared.clock import FixedClock, new_id
from shared.database import insert_for
from shared.events.envelope import Envelope, Event
from shared.events.facts import Priority
from shared.events.messages import SignedLink
from shared.events.survey import VerdictReached
from shared.events.tickets import (
    Attribution,
    ClockBreachConfirmed,
    ClockBreached,
    ClockBreachWithdrawn,
    ClockSettled,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

PLAN = """
apiVersion: glidepath/v1
kind: Rollout
metadata: {name: video, title: Safety on camera}
spec:
  zone: Europe/Berlin
  go_to: {name: Rosa Falk, email: rosa@it.example.test, deputy: {name: Sam, email: sam@it.example.test}}
  notice: P14D
  courses: {moodle: "21"}
  systems: [video-portal]
  signers:
    dba: [{name: Dora, email: dora@it.example.test}]
    security: [{name: Selma, email: selma@it.example.test}, {name: Sven, email: sven@it.example.test}]
  waves:
    - name: it
      audience: {filter: 'department == "IT"'}
      bake: P2D
      gates:
        - {name: clearance, kind: signoff, roles: [dba, security]}
        - {name: readiness, kind: survey, instrument: readiness, measure: ready, at_least: 0.6, closes_after: P3D}
        - {name: completed, kind: completion, at_least: 1.0, within: P21D}
    - name: north
      audience: {filter: 'region == "North"'}
      bake: P1D
      gates:
        - {name: first-response, kind: sla, target: first_response, max_open_breaches: 0}
        - {name: completed, kind: completion, at_least: 0.9}
    - name: everyone
      audience: {filter: "true"}
      gates:
        - {name: quarter-end, kind: calendar}
"""
PEOPLE = "id,name,email,department,region\n" + "".join(
    f"E{number},Person {number},p{number}@example.test,{'IT' if number <= 4 else 'Sales'},"
    f"{'North' if number <= 14 else 'South'}\n"
    for number in range(1, 31)
)


def make_settings(url: str, nats_url: str) -> RolloutSettings:
    return RolloutSettings(
        database_url=url,
        nats_url=nats_url,
        identity_key=SecretStr("identity-key-for-tests"),
        link_key=SecretStr("link-key-for-these-tests"),
        credentials_key=SecretStr("credentials-key-for-tests"),
    )


class RolloutDesk:
    """One service on one database, driven by hand."""

    def __init__(self, url: str, nats_url: str = "nats://127.0.0.1:1") -> None:
        self.clock = FixedClock(START)
        self.app = create_app(make_settings(url, nats_url), clock=self.clock)
        self.runtime = self.app.state.runtime
        self.database = self.runtime.database
        self.handlers: dict[type[Event], Any] = {**ticket_handlers(), **survey_handlers()}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://rollout")

    async def stop(self) -> None:
        await self.http.aclose()
        await self.database.dispose()
        self.runtime.telemetry.shutdown()

    def identity(self, role: Role | None = None, name: str = "Tara") -> dict[str, str]:
        made = ANONYMOUS
        if role is not None:
            made = Identity(subject=f"user:{role}", kind="user", name=name, roles=frozenset({role}))
        return {IDENTITY_HEADER: self.runtime.identities.mint(made, audience="rollout", now=self.clock.now())}

    async def get(self, path: str, role: Role = Role.TRAINING) -> Any:
        answer = await self.http.get(path, headers=self.identity(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(
        self, path: str, body: Any = None, role: Role = Role.TRAINING, *, expect: int = 200, key: str | None = None
    ) -> Any:
        sent: dict[str, Any] = (
            {"content": body} if isinstance(body, str) else {"json": body if body is not None else {}}
        )
        headers = self.identity(role) | ({"idempotency-key": key} if key else {})
        answer = await self.http.post(path, headers=headers, **sent)
        assert answer.status_code == expect, f"{answer.status_code}: {answer.text}"
        return answer.json()

    async def order(
        self, wave: str, verb: str, body: Any = None, role: Role = Role.TRAINING, *, expect: int = 200
    ) -> Any:
        return await self.post(f"/v1/rollouts/video/waves/{wave}/{verb}", body, role, expect=expect)

    async def import_people(self) -> None:
        answer = await self.http.post(
            "/v1/people/import", content=PEOPLE, headers=self.identity(Role.TRAINING) | {"content-type": "text/csv"}
        )
        assert answer.status_code == 200, answer.text

    async def apply(self, plan: str = PLAN) -> Any:
        return await self.post("/v1/plans/apply", plan)

    async def wave(self, name: str) -> Any:
        tree = await self.get("/v1/rollouts/video")
        return next(wave for wave in tree["waves"] if wave["wave"] == name)

    async def phases(self) -> dict[str, str]:
        return {wave["wave"]: wave["phase"] for wave in (await self.get("/v1/rollouts/video"))["waves"]}

    async def hand_in(self, *events: Event, version: int = 1) -> None:
        """As the consumer would: one transaction for all of them."""
        async with self.database.work() as work:
            unit: RolloutUnit = self.database.wrap(work)
            for event in events:
                envelope: Envelope[Any] = Envelope(
                    id=new_id(), source=event.owner(), time=self.clock.now(), data=event, aggregate_version=version
                )
                work.caused_by = envelope
                await self.handlers[type(event)](unit, envelope, self.runtime.business.now())

    async def run_due(self) -> None:
        """The timer until nothing is due."""
        (timer,) = self.runtime.timers
        while await timer.step():
            pass

    async def pass_time(self, span: timedelta) -> None:
        self.clock.advance(span)
        await self.run_due()

    async def told(self, name: str) -> list[dict[str, Any]]:
        """Payloads of recorded events of one type, in order."""
        async with self.database.work() as work:
            outbox = self.runtime.plumbing.outbox
            bodies = (await work.session.execute(select(outbox.c.body).order_by(outbox.c.position))).scalars()
            documents = [json.loads(body) for body in bodies]
        return [document["data"] for document in documents if document["type"] == f"glidepath.{name}.v1"]

    async def progress(self, wave: str, **counts: int) -> None:
        """Move the wave's counters as the learning side does, and ask for the look that it asks for."""
        async with self.database.work() as work:
            unit: RolloutUnit = self.database.wrap(work)
            zero = dict.fromkeys(("assigned", "invited", "enrolled", "started", "completed", "passed", "failed"), 0)
            statement = insert_for(work.dialect, WaveCountRow).values(rollout="video", wave=wave, **zero | counts)
            statement = statement.on_conflict_do_update(index_elements=["rollout", "wave"], set_=zero | counts)
            await work.session.execute(statement)
            await unit.rollouts.want_look("video", wave, self.clock.now())
        await self.run_due()

    async def tokens(self) -> dict[str, str]:
        """Signer's address -> the token of the newest link mailed to them."""
        mails = await self.told("rollout.notification.requested")
        return {
            mail["to_email"]: self.runtime.links.mint(SignedLink.model_validate(mail["link"]))
            for mail in mails
            if mail["link"]
        }

    async def sign(self, email: str, decision: str = "approve", comment: str = "") -> httpx.Response:
        token = (await self.tokens())[email]
        form = {"decision": decision, "comment": comment}
        return await self.http.post(f"/public/signoffs/{token}", data=form, headers=self.identity())

    async def verdict(self, verdict: str = "pass") -> None:
        request = (await self.told("rollout.survey.requested"))[-1]
        await self.hand_in(
            VerdictReached(
                campaign_id="campaign",
                request_id=request["request_id"],
                instrument=request["instrument"],
                measure=request["measure"],
                rollout=request["rollout"],
                wave=request["wave"],
                gate=request["gate"],
                verdict=verdict,
                basis="deadline",
                threshold=request["threshold"],
                estimate=0.75,
                answered=3,
                invited=4,
                explanation="Three of four are ready.",
                reached_at=self.clock.now(),
            )
        )

    async def open_it(self) -> None:
        """Plan applied, everybody signed, readiness reached, notice over: the first wave is open."""
        await self.import_people()
        await self.apply()
        for email in ("dora@it.example.test", "selma@it.example.test"):
            assert (await self.sign(email)).status_code == 200
        await self.verdict()
        await self.pass_time(14 * DAY)
        assert (await self.phases())["it"] == "open"

    async def open_north(self) -> None:
        """The first wave completed and baked: region North is open, and some have begun."""
        await self.open_it()
        await self.progress("it", completed=4)
        await self.pass_time(2 * DAY)
        assert await self.phases() == {"it": "completed", "north": "open", "everyone": "pending"}
        await self.progress("north", enrolled=6, started=4)


def breached(wave: str = "north", clock_id: str = "clock-1", at: datetime = START, **more: Any) -> ClockBreached:
    return ClockBreached(**_clock(wave, clock_id, **more), due_at=at, breached_at=at, detected_at=at)


def withdrawn(at: datetime, now: datetime, wave: str = "north", clock_id: str = "clock-1") -> ClockBreachWithdrawn:
    told = {"breached_at": at, "withdrawn_at": now, "reason": "An answer at 09:55 was learned of at 10:05."}
    return ClockBreachWithdrawn.model_validate(_clock(wave, clock_id) | told)


def confirmed(at: datetime, now: datetime, wave: str = "north", clock_id: str = "clock-1") -> ClockBreachConfirmed:
    return ClockBreachConfirmed.model_validate(_clock(wave, clock_id) | {"breached_at": at, "confirmed_at": now})


def settled(at: datetime, wave: str = "north", clock_id: str = "clock-1", outcome: str = "breached") -> ClockSettled:
    return ClockSettled.model_validate(
        _clock(wave, clock_id) | {"settled_at": at, "outcome": outcome, "elapsed_seconds": 60.0}
    )


def _clock(wave: str, clock_id: str, **more: Any) -> dict[str, Any]:
    return {
        "clock_id": clock_id,
        "ticket_id": "ticket-1",
        "ticket_number": 17,
        "ticket_subject": "Video does not play",
        "target": "first_response",
        "cycle": 1,
        "priority": Priority.P1,
        "policy": "standard@1",
        "attribution": Attribution(rollout="video", wave=wave, rule="tag"),
    } | more
