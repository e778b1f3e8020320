"""The delivery log, what the services say of a delivery, sources at rest, logins and the demo's switches."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.gateway.adapters.tables import SourceSecretRow, plumbing
from services.gateway.usecases.deliveries import note_meaning
from services.gateway.usecases.logins import (
    LoginLinkSpent,
    end_session,
    find_session,
    identity_of_session,
    issue_login_link,
    redeem_login_link,
)
from shared.auth import Role
from shared.clock import FixedClock
from shared.events.tickets import DeliveryUnderstood
from tests.support.gateway import SECRET, Gateway, running_gateway

MakeDatabase = Callable[[str], str]
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
BODY = json.dumps({"ticket": {"id": 81}}).encode()


async def events(gateway: Gateway, name: str) -> list[dict[str, Any]]:
    async with gateway.app.state.runtime.database.work() as work:
        statement = select(plumbing.outbox.c.body).order_by(plumbing.outbox.c.position)
        documents = [json.loads(body) for body in await work.session.scalars(statement)]
    return [document["data"] for document in documents if document["type"] == f"glidepath.{name}.v1"]


async def understood(gateway: Gateway, **values: Any) -> None:
    async with gateway.app.state.runtime.database.unit() as unit:
        await note_meaning(unit, DeliveryUnderstood(**values), NOW)


async def test_the_log_shows_what_a_delivery_meant_and_finds_it_by_source_outcome_and_time(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        for n in range(5):
            await gateway.deliver(b'{"n":%d}' % n)
        first = await gateway.call("GET", "/api/gateway/v1/deliveries?limit=2")
        assert len(first.json()["items"]) == 2
        link = first.headers["link"]
        assert link.startswith("</api/gateway/v1/deliveries?limit=2&cursor=")
        second = await gateway.call("GET", link[1 : link.index(">")])
        ids = [item["id"] for item in (*first.json()["items"], *second.json()["items"])]
        assert ids == sorted(ids, reverse=True)
        assert len(set(ids)) == 4
        facts = [{"type": "ticket", "ticket": {"id": "81\x00"}, "subject": "\ud83d"}]
        await understood(gateway, delivery_id=ids[0], outcome="applied", facts=json.loads(json.dumps(facts)))
        applied = (await gateway.call("GET", "/api/gateway/v1/deliveries?outcome=applied&source=helpdesk")).json()
        assert [item["id"] for item in applied["items"]] == [ids[0]]
        one = (await gateway.call("GET", f"/api/gateway/v1/deliveries/{ids[0]}")).json()
        assert one["body"] == '{"n":4}'
        assert one["facts"][0]["type"] == "ticket"
        none = await gateway.call("GET", "/api/gateway/v1/deliveries?until=2020-01-01T00:00:00Z")
        assert none.json()["items"] == []
        bad = await gateway.call("GET", "/api/gateway/v1/deliveries?since=2020-01-01T00:00:00")
        assert bad.status_code == 422
        assert (await gateway.call("GET", "/api/gateway/v1/deliveries/nothing")).status_code == 404


async def test_what_was_not_understood_stands_in_the_quarantine_until_a_replay_is(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        await gateway.deliver(BODY)
        (sent,) = await events(gateway, "gateway.helpdesk.delivered")
        delivery_id = sent["delivery_id"]
        await understood(
            gateway, delivery_id=delivery_id, outcome="quarantined", facts=[], reason="body.ticket.state: null"
        )
        (held,) = (await gateway.call("GET", "/api/gateway/v1/quarantine")).json()["items"]
        assert (held["stage"], held["reason"], held["delivery_id"]) == (
            "meaning",
            "body.ticket.state: null",
            delivery_id,
        )
        replayed = await gateway.call("POST", f"/api/gateway/v1/quarantine/{held['id']}/replay")
        assert replayed.json() == {"delivery_id": delivery_id, "duplicate": False}
        assert len(await events(gateway, "gateway.helpdesk.delivered")) == 2
        again = await gateway.call("POST", f"/api/gateway/v1/deliveries/{delivery_id}/replay")
        assert again.json()["replays"] == 2
        await understood(gateway, delivery_id=delivery_id, outcome="applied", facts=[])
        assert (await gateway.call("GET", "/api/gateway/v1/quarantine")).json()["items"] == []
        await understood(gateway, delivery_id="unknown", outcome="applied", facts=[])


async def test_a_body_past_its_time_is_gone_and_a_replay_says_so(service_database: MakeDatabase) -> None:
    clock = FixedClock(NOW)
    url = service_database("gateway")
    async with running_gateway(url, clock=clock) as gateway:
        await gateway.add_source()
        await gateway.deliver(BODY)
    clock.advance(timedelta(days=31))
    async with running_gateway(url, clock=clock) as gateway:
        async with asyncio.timeout(10):
            while True:
                (row,) = (await gateway.call("GET", "/api/gateway/v1/deliveries")).json()["items"]
                one = (await gateway.call("GET", f"/api/gateway/v1/deliveries/{row['id']}")).json()
                if one["body"] is None:
                    break
                await asyncio.sleep(0.02)
        replay = await gateway.call("POST", f"/api/gateway/v1/deliveries/{row['id']}/replay")
        assert (replay.status_code, replay.json()["code"]) == (409, "body_expired")


async def test_a_sources_secrets_are_sealed_kept_when_not_sent_and_never_shown(
    service_database: MakeDatabase,
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        await gateway.add_source()
        changed = await gateway.call(
            "PUT", "/api/gateway/v1/sources/helpdesk", json={"vendor": "zammad", "kind": "helpdesk"}
        )
        assert changed.json()["secrets_set"] == 1
        assert changed.json()["hook_url"] == "http://glide.example/hooks/helpdesk"
        assert SECRET not in changed.text
        assert (await gateway.deliver(BODY)).status_code == 200
        async with gateway.app.state.runtime.database.work() as work:
            sealed = list(await work.session.scalars(select(col(SourceSecretRow.sealed))))
            everything = b"".join(await work.session.scalars(select(plumbing.outbox.c.body)))
        assert SECRET.encode() not in b"".join([*sealed, everything])
        told = await events(gateway, "gateway.source.changed")
        assert [(one["name"], one["vendor"], one["kind"]) for one in told] == [("helpdesk", "zammad", "helpdesk")] * 2
        assert told[0]["vendor_file"]["vendor"] == "zammad"


@pytest.mark.parametrize(
    ("name", "body", "pointer"),
    [
        ("Bad_Name", {"vendor": "zammad", "kind": "helpdesk"}, "path/name"),
        ("a", {"vendor": "nobody", "kind": "helpdesk"}, "/vendor"),
        ("a", {"vendor": "zammad", "kind": "helpdesk", "secrets": ["ok", "  "]}, "/secrets/1"),
        ("a", {"vendor": "zammad", "kind": "else"}, "/kind"),
        ("a", {"vendor": "v", "kind": "lms", "vendor_file": {"vendor": "v"}}, "/vendor_file"),
        ("a", {"vendor": "zammad", "kind": "helpdesk", "extra": 1}, "/extra"),
    ],
)
async def test_a_wrong_source_is_refused_by_its_place(
    service_database: MakeDatabase, name: str, body: dict[str, Any], pointer: str
) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        answer = await gateway.call("PUT", f"/api/gateway/v1/sources/{name}", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)
        assert (await gateway.call("GET", "/api/gateway/v1/sources")).json()["items"] == []


async def test_a_login_link_works_once_and_its_session_ends(service_database: MakeDatabase) -> None:
    async with running_gateway(service_database("gateway")) as gateway:
        database = gateway.app.state.runtime.database
        # The running gateway tidies away links that have expired by its own clock.
        now = gateway.app.state.runtime.clock.now()
        async with database.unit() as unit:
            token = await issue_login_link(
                unit, subject="user:operator", name="Operator", roles=frozenset({Role.ADMIN}), now=now
            )
            late = await issue_login_link(unit, subject="user:x", name="X", roles=frozenset(), now=now)

        async def redeem(text: str, at: datetime) -> Any:
            async with database.unit() as unit:
                return await redeem_login_link(unit, text, at)

        results = await asyncio.gather(*[redeem(token, now) for _ in range(5)], return_exceptions=True)
        won = [result for result in results if not isinstance(result, BaseException)]
        assert len(won) == 1, results
        assert all(isinstance(result, LoginLinkSpent) for result in results if isinstance(result, BaseException))
        cookie, session = won[0]
        with pytest.raises(LoginLinkSpent):
            await redeem(late, now + timedelta(minutes=15))
        async with database.read() as unit:
            found = await find_session(unit, cookie, now + timedelta(hours=11))
            assert found == session
            assert identity_of_session(session).roles == {Role.ADMIN}
            assert await find_session(unit, cookie, now + timedelta(hours=12)) is None
            assert await find_session(unit, session.id, now) is None
        async with database.unit() as unit:
            await end_session(unit, cookie)
        async with database.read() as unit:
            assert await find_session(unit, cookie, now) is None


async def test_only_a_demo_may_step_the_clock_and_it_never_runs_back(service_database: MakeDatabase) -> None:
    url = service_database("gateway")
    async with running_gateway(url) as gateway:
        refused = await gateway.call("POST", "/api/gateway/v1/demo/clock", json={"offset_seconds": 60})
        assert (refused.status_code, refused.json()["code"]) == (403, "demo_only")
        assert (await gateway.call("GET", "/api/gateway/v1/demo/quiet")).status_code == 403
    async with running_gateway(url, demo=True, simulator_host="127.0.0.1", demo_mail_port=2525) as gateway:
        about = (await gateway.call("GET", "/api/gateway/v1/about")).json()
        assert about["demo"] == {"enabled": True, "simulator_host": "127.0.0.1", "mail_port": 2525}
        for sent, offset in ((3600, 3600), (60, 3600), (7200, 7200)):
            answer = await gateway.call("POST", "/api/gateway/v1/demo/clock", json={"offset_seconds": sent})
            assert answer.json() == {"offset_seconds": offset}
        for wrong in (-1, 1e30, "x"):
            answer = await gateway.call("POST", "/api/gateway/v1/demo/clock", json={"offset_seconds": wrong})
            assert answer.status_code == 422
        steps = await events(gateway, "gateway.clock.stepped")
        assert [step["offset_seconds"] for step in steps] == [3600, 7200]
