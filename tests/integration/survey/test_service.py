"""The whole service in one process on a real NATS server: events in, pages answered, a verdict out, on both databases."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from services.survey.domain.instrument import parse_instrument
from services.survey.errors import PublishedVersionChanged
from services.survey.main import create_app
from shared.auth import ANONYMOUS, IDENTITY_HEADER
from shared.clock import FixedClock, new_id
from shared.events.envelope import Envelope, Event
from shared.events.messages import SignedLink
from tests.integration.survey.desk import NOT_READY, READY, START, enrolment, make_settings, person, request

PEOPLE = 12
PATIENCE_SECONDS = 30


async def publish(stream: JetStreamContext, events: list[Event]) -> None:
    """As rollout's relay might after an accident: some twice under new message ids, and not in the order of their making."""
    envelopes: list[Envelope[Any]] = [
        Envelope(id=new_id(), source="rollout", time=START, data=event, aggregate_version=1) for event in events
    ]
    doubled = [*envelopes, *envelopes[::3]]
    random.Random(5).shuffle(doubled)
    for number, envelope in enumerate(doubled):
        body = json.dumps(envelope.to_cloudevent()).encode()
        await stream.publish(envelope.subject, body, headers={"Nats-Msg-Id": f"{envelope.id}-{number}"})


async def read_all(stream: JetStreamContext, subject: str, count: int) -> list[dict[str, Any]]:
    """The payloads under a subject of SURVEY, as soon as there are `count`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(NatsError, TimeoutError):  # the stream may not be there yet
                pull = await stream.pull_subscribe(subject, stream="SURVEY")
                messages = await pull.fetch(count + 1, timeout=1)
                await pull.unsubscribe()
                if len(messages) >= count:
                    return [json.loads(message.data)["data"] for message in messages]
            await asyncio.sleep(0.05)


@asynccontextmanager
async def jetstream(url: str) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(url)
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def test_a_request_over_nats_becomes_invitations_answers_and_one_verdict(
    service_database: Callable[[str], str], nats_url: str
) -> None:
    app = create_app(make_settings(service_database("survey"), nats_url), clock=FixedClock(START))
    runtime = app.state.runtime
    identity = {IDENTITY_HEADER: runtime.identities.mint(ANONYMOUS, audience="survey", now=START)}
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://survey")
    async with jetstream(nats_url) as stream, runtime.running(), http:
        await stream.add_stream(name="ROLLOUT", subjects=["rollout.>"])
        members = [event for n in range(PEOPLE) for event in (person(n), enrolment(n))]
        await publish(stream, [*members, request(PEOPLE)])
        notices = await read_all(stream, "survey.notification.requested.v1.*", PEOPLE)
        assert len({notice["to_email"] for notice in notices}) == len(notices) == PEOPLE
        for number, notice in enumerate(notices):
            token = runtime.links.mint(SignedLink.model_validate(notice["link"]))
            form = READY if number % 3 else NOT_READY
            answer = await http.post(f"/public/invitations/{token}", data=form, headers=identity)
            assert answer.status_code == 200
        [verdict] = await read_all(stream, "survey.verdict.reached.v1.*", 1)
        # Eight of twelve are ready and nine are needed; when that is certain depends on whose answers leave first.
        assert (verdict["verdict"], verdict["basis"]) == ("fail", "certain")
        assert 5 <= verdict["answered"] <= 12
        assert verdict["request_id"] == "r1"
        assert await runtime.unready_because() is None


async def test_a_file_that_differs_from_what_was_published_keeps_the_service_from_starting(
    service_database: Callable[[str], str], tmp_path: Any
) -> None:
    url = service_database("survey")
    first = create_app(make_settings(url)).state.runtime
    async with first.database.unit() as unit:
        for loaded in first.library.all():
            await unit.instruments.publish(loaded, START)
    loaded = first.library.find_latest("readiness")
    changed = {**loaded.document, "title": "Are you happy?"}
    assert parse_instrument(changed).version == loaded.instrument.version
    (tmp_path / "readiness.yaml").write_text(json.dumps(changed), encoding="utf-8")
    settings = make_settings(url).model_copy(update={"survey_instruments": tmp_path})
    second = create_app(settings).state.runtime
    try:
        async with second.running():
            raise AssertionError("it started")
    except PublishedVersionChanged as refusal:
        assert "readiness@1 was published with other content" in str(refusal)  # noqa: PT017
    for runtime in (first, second):
        await runtime.database.dispose()
        runtime.telemetry.shutdown()
