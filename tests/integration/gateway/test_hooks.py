"""Webhook intake on real databases, hostile senders included."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from services.gateway.adapters.tables import DeliveryRow, QuarantinedRow, plumbing
from services.gateway.main import MIGRATIONS
from shared import migrations
from shared.clock import FixedClock
from tests.support.gateway import SECRET, Gateway, running_gateway, signed

BODY = json.dumps({"ticket": {"id": 81, "number": "10081", "state": "open", "title": "Vidéo stops"}}).encode()
MakeDatabase = Callable[[str], str]


async def count(gateway: Gateway, what: Any) -> int:
    async with gateway.app.state.runtime.database.work() as work:
        return int(await work.session.scalar(select(func.count()).select_from(what)) or 0)


async def test_a_signed_delivery_is_committed_with_its_event_before_it_is_answered(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        before = await count(gateway, plumbing.outbox)
        answer = await gateway.deliver(BODY)
        assert answer.status_code == 200
        assert await count(gateway, DeliveryRow) == 1
        assert await count(gateway, plumbing.outbox) == before + 1
        async with gateway.app.state.runtime.database.work() as work:
            bodies = list(await work.session.scalars(select(plumbing.outbox.c.body)))
        event = json.loads(bodies[-1])
        assert event["type"] == "glidepath.gateway.helpdesk.delivered.v1"
        assert event["data"]["body"].encode() == BODY
        assert "x-hub-signature" not in event["data"]["headers"]


async def test_a_duplicate_answers_like_the_first_and_changes_nothing(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        first = await gateway.deliver(BODY, **{"x-zammad-delivery": "d-1"})
        again = await gateway.deliver(BODY, **{"x-zammad-delivery": "d-1"})
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert await count(gateway, DeliveryRow) == 1
        await gateway.deliver(BODY, **{"x-zammad-delivery": "d-2"})
        assert await count(gateway, DeliveryRow) == 2


async def test_a_storm_of_duplicates_at_once_is_one_delivery_each(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        before = await count(gateway, plumbing.outbox)
        sends = [
            gateway.deliver(json.dumps({"ticket": {"id": n % 10}}).encode(), **{"x-zammad-delivery": f"d-{n % 10}"})
            for n in range(300)
        ]
        answers = await asyncio.gather(*sends)
        assert {answer.status_code for answer in answers} == {200}
        assert await count(gateway, DeliveryRow) == 10
        assert await count(gateway, plumbing.outbox) == before + 10


async def test_two_writers_with_the_same_deliveries_neither_lock_up_nor_double(
    service_database: MakeDatabase, engine: str
) -> None:
    if engine == "sqlite":
        pytest.skip("SQLite means one process")
    url = service_database("gateway")
    async with running_gateway(url) as one, running_gateway(url) as other:
        await one.add_source()
        other.app.middleware_stack.hooks.sources.forget()  # type: ignore[union-attr]  # else up to a second
        sends = []
        for n in range(400):
            body = json.dumps({"ticket": {"id": (n * 37) % 100}}).encode()
            sends += [one.deliver(body), other.deliver(body)]
        answers = await asyncio.gather(*sends)
        assert {answer.status_code for answer in answers} == {200}
        assert await count(one, DeliveryRow) == 100


async def test_the_same_content_after_the_horizon_is_a_new_delivery(service_database: MakeDatabase) -> None:
    clock = FixedClock(datetime(2026, 11, 22, 8, tzinfo=UTC))
    async with running_gateway(service_database("gateway"), clock=clock) as gateway:
        await gateway.add_source()
        await gateway.deliver(BODY)
        clock.advance(timedelta(minutes=5))
        await gateway.deliver(BODY)
        assert await count(gateway, DeliveryRow) == 1
        clock.advance(timedelta(days=40))
        await gateway.deliver(BODY)
        assert await count(gateway, DeliveryRow) == 2


async def test_a_wrong_signature_is_refused_and_kept_and_verified_again_once_the_secret_is_mended(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source("helpdesk", "zammad", "old-secret")
        for _ in range(3):
            refused = await gateway.deliver(BODY)
            assert refused.status_code == 401
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["code"] == "signature_refused"
        assert await count(gateway, DeliveryRow) == 0
        held = (await gateway.call("GET", "/api/gateway/v1/quarantine")).json()["items"]
        assert [(item["stage"], item["times"]) for item in held] == [("signature", 3)]
        still = await gateway.call("POST", f"/api/gateway/v1/quarantine/{held[0]['id']}/replay")
        assert (still.status_code, still.json()["code"]) == (409, "still_refused")

        await gateway.add_source("helpdesk", "zammad", SECRET, "old-secret")
        released = await gateway.call("POST", f"/api/gateway/v1/quarantine/{held[0]['id']}/replay")
        assert released.status_code == 202, released.text
        assert await count(gateway, DeliveryRow) == 1
        assert (await gateway.call("GET", "/api/gateway/v1/quarantine")).json()["items"] == []
        # The sender's own retry is now a duplicate.
        assert (await gateway.deliver(BODY)).status_code == 200
        assert await count(gateway, DeliveryRow) == 1


async def test_both_of_two_live_secrets_are_accepted_and_none_set_means_closed(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source("helpdesk", "zammad", "new", "old")
        assert (await gateway.deliver(b'{"a":1}', secret="new")).status_code == 200
        assert (await gateway.deliver(b'{"a":2}', secret="old")).status_code == 200
        third = {"vendor": "zammad", "kind": "helpdesk", "secrets": ["a", "b", "c"]}
        assert (await gateway.call("PUT", "/api/gateway/v1/sources/helpdesk", json=third)).status_code == 422
        closed = {"vendor": "zammad", "kind": "helpdesk", "secrets": []}
        await gateway.call("PUT", "/api/gateway/v1/sources/helpdesk", json=closed)
        assert (await gateway.deliver(b'{"a":3}', secret="")).status_code == 401
        assert (await gateway.deliver(b'{"a":3}', secret="old")).status_code == 401


async def test_a_signed_body_that_cannot_be_read_is_refused_by_name_and_kept(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        for body in (b'{"ticket": ', b"\xff\xfe", b"", b"[" * 100_000, b'{"a": NaN}'):
            answer = await gateway.deliver(body)
            assert answer.status_code == 400, body[:20]
            assert answer.json()["code"] == "body_unreadable"
        assert await count(gateway, DeliveryRow) == 0
        held = (await gateway.call("GET", "/api/gateway/v1/quarantine")).json()["items"]
        assert {item["stage"] for item in held} == {"body"}
        assert len(held) == 5
        one = await gateway.call("GET", f"/api/gateway/v1/quarantine/{held[-1]['id']}")
        assert one.json()["body"] == '{"ticket": '


async def test_too_large_unknown_and_wrong_method_get_a_problem_and_change_nothing(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        huge = await gateway.deliver(b"x" * 10_000_000)
        assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")

        async def dribble() -> Any:
            for _ in range(100):
                yield b"x" * 100_000

        chunked = await gateway.client.post("/hooks/helpdesk", content=dribble())
        assert chunked.status_code == 413
        unknown = await gateway.deliver(BODY, source="nobody")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_source")
        for odd in ("", "%2e%2e", "helpdesk%00", "HELPDESK", "ü"):
            assert (await gateway.client.post(f"/hooks/{odd}", content=BODY)).status_code == 404
        assert (await gateway.client.delete("/hooks/helpdesk")).status_code == 405
        assert await count(gateway, DeliveryRow) == 0
        assert await count(gateway, QuarantinedRow) == 0


async def test_a_body_that_would_not_fit_an_event_is_refused_alone(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        quotes = json.dumps(['"' * 150_000, "\\" * 100_000]).encode()
        answers = await asyncio.gather(gateway.deliver(quotes), gateway.deliver(BODY))
        assert [answer.status_code for answer in answers] == [413, 200]


async def test_the_quarantine_stays_within_its_bound(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway"), quarantine_most=5) as gateway:
        await gateway.add_source()
        for n in range(12):
            assert (await gateway.deliver(b'{"n":%d}' % n, secret="wrong")).status_code == 401
        assert await count(gateway, QuarantinedRow) == 5


async def test_deliveries_wait_outside_when_the_outbox_is_full(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway"), outbox_most=1) as gateway:
        await gateway.add_source("helpdesk", "zammad")
        await gateway.add_source("another", "zammad")
        answer = await gateway.deliver(BODY)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "30"
        assert await count(gateway, DeliveryRow) == 0


async def test_a_database_that_is_gone_gives_503_and_not_500(service_database: MakeDatabase, engine: str) -> None:
    if engine == "sqlite":
        pytest.skip("a file does not go away")
    url = service_database("gateway")
    async with running_gateway(url) as gateway:
        await gateway.add_source()
        assert (await gateway.deliver(BODY)).status_code == 200
        database = gateway.app.state.runtime.database
        await _rename_table(database, "deliveries", "deliveries_away")
        gone = await gateway.deliver(b'{"a":1}')
        assert gone.status_code == 503
        assert "retry-after" in gone.headers
        await _rename_table(database, "deliveries_away", "deliveries")
        assert (await gateway.deliver(b'{"a":1}')).status_code == 200


async def _rename_table(database: Any, old: str, new: str) -> None:
    async with database.work() as work:
        await work.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Gateway]]:
    """One gateway for many examples: starting it costs far more than a request."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('fuzz')}/gateway.db"
    migrations.upgrade_now(url, MIGRATIONS)
    running = running_gateway(url)
    with asyncio.Runner() as runner:
        gateway = runner.run(running.__aenter__())
        runner.run(gateway.add_source())
        yield runner, gateway
        runner.run(running.__aexit__(None, None, None))


_json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=20,
)
_bodies = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).map(str.encode),
    _json_values.map(lambda value: json.dumps(value).encode()),
)
_header_values = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
_header_names = st.sampled_from(["content-type", "x-zammad-delivery", "x-hub-signature", "content-encoding", "x-y"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies, headers=st.dictionaries(_header_names, _header_values), sign=st.booleans())
def test_no_bytes_and_no_headers_make_a_500(
    fuzzed: tuple[asyncio.Runner, Gateway], body: bytes, headers: dict[str, str], sign: bool
) -> None:
    runner, gateway = fuzzed
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    if sign:
        raw = [*[(name.encode(), value.encode()) for name, value in signed(body).items()], *raw]
    request = httpx.Request("POST", "http://glide.example/hooks/helpdesk", content=body, headers=raw)
    answer = runner.run(gateway.client.send(request))
    assert answer.status_code in (200, 400, 401, 413), answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
