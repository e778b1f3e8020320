"""The learning side of the rollout service on a real database, with a simulated Moodle behind real HTTP messages."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import func, select

from glidepath.demo.simulators.moodle import MoodleSite, MoodleUser, moodle_app
from services.rollout.adapters.moodle import OutsidePlatforms
from services.rollout.adapters.repository.people import PeopleRepository
from services.rollout.adapters.repository.rows import table_of
from services.rollout.adapters.tables import plumbing
from services.rollout.adapters.tables.people import EnrolmentRow
from services.rollout.domain.batch import Pace
from services.rollout.domain.person import read_csv
from services.rollout.ports.learning import LearningUnit
from services.rollout.usecases.connection import ConnectionOrder, connect_source
from services.rollout.usecases.enrolment import EnrolmentPush
from services.rollout.usecases.learning import LearningDesk
from services.rollout.usecases.people import ImportOutcome, import_people
from services.rollout.usecases.polling import CompletionPoll
from shared.clock import BusinessClock, FixedClock, new_id
from shared.database import Database, UnitOfWork
from shared.events.envelope import Envelope
from shared.events.gateway import LmsDelivered, SourceChanged
from shared.mapping import load_vendor
from shared.vault import Vault

NOW = datetime(2031, 3, 3, 8, tzinfo=UTC)
TOKEN = "0123456789abcdef0123456789abcdef"  # an example
COURSE = "2"


class RecordingRollouts:
    """Stands for the plan's side: what phase a wave is in, and which waves were asked to look."""

    def __init__(self) -> None:
        self.phases: dict[tuple[str, str], str] = {}
        self.looks: list[tuple[str, str]] = []

    async def find_wave_phase(self, rollout: str, wave: str) -> str | None:
        return self.phases.get((rollout, wave))

    async def want_look(self, rollout: str, wave: str, now: datetime) -> None:
        self.looks.append((rollout, wave))


class PeopleDesk:
    """A migrated database, the workers, and a Moodle with as many accounts as one asks for."""

    def __init__(self, url: str, *, accounts: int = 120) -> None:
        self.clock = FixedClock(NOW)
        self.business = BusinessClock(self.clock, demo=True)
        self.rollouts = RecordingRollouts()
        self.database: Database[LearningUnit] = Database(
            url, owner="rollout", plumbing=plumbing, make_unit=self._unit, clock=self.clock
        )
        self.site = MoodleSite("Example", [account(number) for number in range(accounts)], {1: "Site", 2: "Video"})
        self.faults: list[httpx.Response] = []
        """Answered instead of Moodle's own, one per call, first in first out."""
        self.calls: list[str] = []
        self._moodle = httpx.ASGITransport(app=moodle_app(self.site, token=TOKEN))
        self.vault = Vault(SecretStr("an example key of some length"))
        self.platforms = OutsidePlatforms(self.vault, transport=_Transport(self))
        self.push = EnrolmentPush(self.database, self.platforms, clock=self.clock, business=self.business)
        self.poll = CompletionPoll(self.database, self.platforms, clock=self.clock, business=self.business)
        self.learning = LearningDesk(self.business)

    def _unit(self, work: UnitOfWork) -> Any:
        return _Unit(work, self.rollouts)

    async def stop(self) -> None:
        await self.database.dispose()

    async def respond(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(httpx.QueryParams(request.content.decode())["wsfunction"])
        return self.faults.pop(0) if self.faults else await self._moodle.handle_async_request(request)

    async def import_text(self, text: str) -> ImportOutcome:
        async with self.database.unit() as unit:
            return await import_people(unit, read_csv(text), self.clock.now())

    async def import_numbers(self, numbers: Sequence[int]) -> list[str]:
        """People whose accounts Moodle has; their ids in the order of the numbers."""
        lines = [f"E-{number},Person {number},p{number}@example.test" for number in numbers]
        await self.import_text("id,name,email\n" + "\n".join(lines))
        async with self.database.read() as unit:
            people = {person.email: person.id for person in await unit.people.list_audience_people()}
        return [people[f"p{number}@example.test"] for number in numbers]

    async def open_wave(self, people: Sequence[str], wave: str = "north") -> None:
        async with self.database.unit() as unit:
            await unit.people.assign_members("r", wave, people, self.clock.now())
            await unit.people.want_enrolled("r", wave, "moodle", COURSE, self.clock.now())
        self.rollouts.phases["r", wave] = "open"

    async def connect(self, **more: Any) -> None:
        values: dict[str, Any] = {
            "vendor": "moodle",
            "base_url": "http://lms.example.test",
            "token": TOKEN,
            "match_by": "email",
            "student_role_id": 5,
            "pace": Pace(pause_for=timedelta(0)),
            "poll_every_for": timedelta(minutes=5),
        }
        async with self.database.unit() as unit:
            order = ConnectionOrder(**{**values, **more})
            await connect_source(unit, self.vault, ["moodle"], "moodle", order, self.clock.now())

    async def push_all(self, *, patience: int = 60) -> int:
        """Steps until there is nothing to do, letting waits pass; how many steps did something."""
        steps = 0
        for _ in range(patience):
            if await self.push.step():
                steps += 1
            else:
                self.clock.advance(timedelta(seconds=5))
        return steps

    async def poll_all(self) -> None:
        while await self.poll.step():
            pass

    async def set_source(self) -> None:
        vendor = load_vendor("moodle")
        data = SourceChanged(
            source_id="s1", name="moodle", vendor="moodle", kind="lms", enabled=True, vendor_file=vendor.document
        )
        envelope = Envelope(id=new_id(), source="gateway", time=NOW, data=data, aggregate_version=1)
        async with self.database.unit() as unit:
            await self.learning.learn_source(unit, envelope, self.clock.now())

    async def deliver(
        self, body: dict[str, Any] | str, *, received_at: datetime | None = None, source: str = "moodle"
    ) -> str:
        delivery = LmsDelivered(
            delivery_id=new_id(),
            source=source,
            vendor="moodle",
            content_type="application/json",
            headers={},
            body=body if isinstance(body, str) else json.dumps(body),
            received_at=received_at or self.clock.now(),
        )
        envelope = Envelope(id=new_id(), source="gateway", time=NOW, data=delivery)
        async with self.database.unit() as unit:
            await self.learning.take_delivery(unit, envelope, self.clock.now())
        return delivery.delivery_id

    async def counts(self, wave: str = "north") -> dict[str, int]:
        """The kept counters that are not zero, checked against a count of the rows."""
        async with self.database.read() as unit:
            counts = await unit.people.counts("r", wave)
        table = table_of(EnrolmentRow)
        async with self.database.reader.connect() as connection:
            rows = await connection.execute(
                select(table.c.state, func.count())
                .where(table.c.rollout == "r", table.c.wave == wave)
                .group_by(table.c.state)
            )
            held: dict[str, int] = {state: number for state, number in rows}  # noqa: C416
            failed = table.c.push == "failed"
            total = await connection.execute(select(func.count()).where(table.c.wave == wave, failed))
            held["push_failed"] = total.scalar_one()
        names = (
            "assigned",
            "invited",
            "enrolled",
            "started",
            "completed",
            "passed",
            "failed",
            "withdrawn",
            "push_failed",
        )
        kept = {name: value for name in names if (value := getattr(counts, name))}
        assert kept == {name: value for name, value in held.items() if value}
        return kept

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """CloudEvents of a type in the outbox, oldest first."""
        async with self.database.reader.connect() as connection:
            rows = await connection.execute(select(plumbing.outbox.c.body).order_by(plumbing.outbox.c.position))
            events = [json.loads(row.body) for row in rows]
        return [event for event in events if event["type"] == f"glidepath.rollout.{kind}.v1"]


class _Unit:
    def __init__(self, work: UnitOfWork, rollouts: RecordingRollouts) -> None:
        self.people = PeopleRepository(work)
        self.rollouts = rollouts
        self.record = work.record


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, desk: PeopleDesk) -> None:
        self._desk = desk

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await self._desk.respond(request)


def account(number: int) -> MoodleUser:
    return MoodleUser(
        id=100 + number,
        username=f"p{number}",
        firstname="Person",
        lastname=str(number),
        email=f"p{number}@example.test",
        idnumber=f"E-{number}",
    )


@asynccontextmanager
async def people_desk(url: str, *, accounts: int = 120) -> AsyncIterator[PeopleDesk]:
    """A desk for one test."""
    desk = PeopleDesk(url, accounts=accounts)
    try:
        yield desk
    finally:
        await desk.stop()
