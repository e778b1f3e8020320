"""Forwarding: over real HTTP and in process, with hostile callers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.gateway.adapters.upstreams import HttpUpstream, InProcessUpstream
from services.gateway.main import MIGRATIONS
from services.gateway.ports import Receive, Scope, Send, Upstream
from shared import migrations
from shared.auth import Identities, Role
from shared.clock import FixedClock, SystemClock
from tests.support.gateway import ADMIN_KEY, EchoService, Gateway, gateway_settings, running_gateway
from tests.support.serving import served

MakeDatabase = Callable[[str], str]


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/gateway.db"
    migrations.upgrade_now(url, MIGRATIONS)
    return url


@asynccontextmanager
async def both_ways(url: str, way: str, app: Any, **settings: Any) -> AsyncIterator[Gateway]:
    """The same service behind the gateway, in process or over HTTP."""
    if way == "in process":
        behind: dict[str, Upstream] = {"tickets": InProcessUpstream(app, name="tickets", timeout_seconds=1)}
        async with running_gateway(url, upstreams=behind, **settings) as gateway:
            yield gateway
        return
    async with served(app) as port:
        behind = {"tickets": HttpUpstream(f"http://127.0.0.1:{port}", name="tickets", timeout_seconds=1)}
        async with running_gateway(url, upstreams=behind, **settings) as gateway:
            yield gateway


ways = pytest.mark.parametrize("way", ["in process", "over http"])


@ways
async def test_a_request_reaches_its_service_with_a_minted_identity_and_without_the_credential(
    url: str, way: str
) -> None:
    echo = EchoService("tickets")
    async with both_ways(url, way, echo) as gateway:
        answer = await gateway.call(
            "POST",
            "/api/tickets/v1/things/a%20b?x=1&y=%2F",
            headers={
                "X-Glidepath-Identity": "forged",
                "x_glidepath_identity": "forged",
                "X-Forwarded-For": "10.1.1.1",
                "Connection": "keep-alive, x-hop",
                "X-Hop": "1",
                "Cookie": "a=b",
                "Idempotency-Key": "k-1",
                "Content-Type": "application/json",
            },
            content=b'{"a": 1}',
        )
        seen = answer.json()
        assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/v1/things/a b", "x=1&y=%2F")
        assert seen["body"] == '{"a": 1}'
        headers = {name.lower(): value for name, value in seen["headers"]}
        assert headers["idempotency-key"] == "k-1"
        assert not {"authorization", "cookie", "x-hop", "x_glidepath_identity", "x-forwarded-for"} & set(headers)
        identities = [value for name, value in seen["headers"] if name.lower() == "x-glidepath-identity"]
        assert len(identities) == 1
        reader = Identities(gateway_settings(url).identity_key)
        identity = reader.read(identities[0], audience="tickets", now=SystemClock().now())
        assert identity.roles == {Role.ADMIN}
        assert identity.subject.startswith("key:")


@ways
async def test_an_answer_comes_back_whole_with_public_paths_and_security_headers(url: str, way: str) -> None:
    async with both_ways(url, way, EchoService("tickets")) as gateway:
        answer = await gateway.call("GET", "/api/tickets/v1/things")
        assert answer.headers["etag"] == 'W/"1"'
        assert "set-cookie" not in answer.headers
        assert answer.headers["link"] == '</api/tickets/v1/things?cursor=x>; rel="next"'
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["ratelimit"].startswith('"default";r=')
        assert answer.headers["ratelimit-policy"].startswith('"default";q=')


@ways
async def test_a_large_body_is_streamed_and_one_too_large_is_cut_off_with_413(url: str, way: str) -> None:
    async with both_ways(url, way, EchoService("tickets"), api_body_most=300_000) as gateway:

        async def pieces(number: int) -> AsyncIterator[bytes]:
            for _ in range(number):
                yield b"x" * 50_000

        whole = await gateway.call("POST", "/api/tickets/v1/import", content=pieces(5))
        assert len(whole.json()["body"]) == 250_000
        promised = await gateway.call("POST", "/api/tickets/v1/import", content=b"x" * 300_001)
        assert promised.status_code == 413
        streamed = await gateway.call("POST", "/api/tickets/v1/import", content=pieces(7))
        assert streamed.status_code == 413, streamed.text


@ways
async def test_a_service_that_does_not_answer_gives_504(url: str, way: str) -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(3)

    async with both_ways(url, way, silent) as gateway:
        answer = await gateway.call("GET", "/api/tickets/v1/things")
        assert (answer.status_code, answer.json()["code"]) == (504, "service_too_slow")


async def test_a_service_that_is_not_there_gives_502(url: str) -> None:
    behind = {"tickets": HttpUpstream("http://127.0.0.1:9", name="tickets", timeout_seconds=1)}
    async with running_gateway(url, upstreams=behind) as gateway:
        answer = await gateway.call("GET", "/api/tickets/v1/things")
        assert (answer.status_code, answer.json()["code"]) == (502, "service_unreachable")


async def test_a_service_that_falls_over_in_process_gives_502(url: str) -> None:
    async def falls(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("secret detail")

    async with both_ways(url, "in process", falls) as gateway:
        answer = await gateway.call("GET", "/api/tickets/v1/things")
        assert answer.status_code == 502
        assert "secret detail" not in answer.text


@ways
async def test_a_redirect_is_handed_on_and_never_followed(url: str, way: str) -> None:
    async def redirects(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"location", b"/v1/elsewhere"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async with both_ways(url, way, redirects) as gateway:
        answer = await gateway.call("POST", "/api/tickets/v1/things")
        assert (answer.status_code, answer.headers["location"]) == (303, "/api/tickets/v1/elsewhere")


async def test_people_without_an_account_reach_public_pages_only(url: str) -> None:
    async with running_gateway(url) as gateway:
        page = await gateway.call("GET", "/signoff/token.sig", key=None)
        assert (page.json()["service"], page.json()["path"]) == ("rollout", "/public/signoffs/token.sig")
        form = await gateway.call("POST", "/survey/token.sig", key=None, data={"ready": "yes"})
        assert (form.json()["service"], form.json()["path"]) == ("survey", "/public/invitations/token.sig")
        identity = dict(form.json()["headers"])["x-glidepath-identity"]
        reader = Identities(gateway_settings(url).identity_key)
        who = reader.read(identity, audience="survey", now=SystemClock().now())
        assert (who.kind, who.roles) == ("anonymous", frozenset())
        # A key on a public page changes nothing: the page is for whoever holds the link.
        keyed = await gateway.call("GET", "/survey/token.sig")
        token = dict(keyed.json()["headers"])["x-glidepath-identity"]
        assert reader.read(token, audience="survey", now=SystemClock().now()).kind == "anonymous"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer gp_",
        "Basic Z3A6eA==",
        "Bearer " + "x" * 5000,
        "Bearer gp_" + "f" * 48,
        "Bearer ü",
    ],
)
async def test_no_other_authorization_opens_anything(url: str, authorization: str) -> None:
    async with running_gateway(url) as gateway:
        headers = [(b"authorization", authorization.encode("latin-1"))]
        answer = await gateway.client.get("/api/tickets/v1/things", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert gateway.echoes["tickets"].requests == []


async def test_two_keys_in_one_request_are_one_too_many(url: str) -> None:
    async with running_gateway(url) as gateway:
        value = f"Bearer {ADMIN_KEY}".encode()
        answer = await gateway.client.get(
            "/api/tickets/v1/things", headers=[(b"authorization", value), (b"authorization", value)]
        )
        assert answer.status_code == 401


async def test_a_revoked_and_an_expired_key_stop_working(url: str) -> None:
    clock = FixedClock(datetime(2026, 11, 22, 8, tzinfo=UTC))
    async with running_gateway(url, clock=clock) as gateway:
        made = (await gateway.call("POST", "/api/gateway/v1/keys", json={"name": "n", "roles": ["viewer"]})).json()
        assert (await gateway.call("GET", "/api/tickets/v1/x", key=made["key"])).status_code == 200
        revoked = await gateway.call("POST", f"/api/gateway/v1/keys/{made['id']}/revoke")
        assert revoked.json()["revoked_at"] == "2026-11-22T08:00:00Z"
        assert (await gateway.call("GET", "/api/tickets/v1/x", key=made["key"])).status_code == 401
        again = await gateway.call("POST", f"/api/gateway/v1/keys/{made['id']}/revoke")
        assert (again.status_code, again.json()["code"]) == (409, "key_revoked")
        until = {"name": "n", "roles": ["viewer"], "expires_at": "2026-11-22T09:00:00Z"}
        short = (await gateway.call("POST", "/api/gateway/v1/keys", json=until)).json()
        assert (await gateway.call("GET", "/api/tickets/v1/x", key=short["key"])).status_code == 200
        clock.advance(timedelta(hours=1))
        assert (await gateway.call("GET", "/api/tickets/v1/x", key=short["key"])).status_code == 401


async def test_a_key_is_shown_once_and_never_stored(url: str, tmp_path: Path) -> None:
    async with running_gateway(url) as gateway:
        headers = {"Idempotency-Key": "make-1"}
        body = {"name": "n", "roles": ["viewer"]}
        made = await gateway.call("POST", "/api/gateway/v1/keys", json=body, headers=headers)
        again = await gateway.call("POST", "/api/gateway/v1/keys", json=body, headers=headers)
        assert (again.status_code, again.json()["code"]) == (409, "answer_not_kept")
        listed = (await gateway.call("GET", "/api/gateway/v1/keys")).text
        secret = made.json()["key"]
        assert secret not in listed
    stored = _everything_in(tmp_path)
    assert secret.encode() not in stored
    assert ADMIN_KEY.encode() not in stored


def _everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(url: str) -> None:
    async with running_gateway(url, rate_burst=3, rate_per_second=0.1) as gateway:
        statuses = [(await gateway.call("GET", "/api/tickets/v1/x")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = await gateway.call("GET", "/api/tickets/v1/x")
        assert int(refused.headers["retry-after"]) >= 9
        assert refused.json()["code"] == "too_many_requests"


async def test_guessing_keys_is_slowed_down(url: str) -> None:
    async with running_gateway(url, public_burst=3, public_per_second=0.1) as gateway:
        guesses = [f"gp_{n:048d}" for n in range(5)]
        statuses = [(await gateway.call("GET", "/api/tickets/v1/x", key=guess)).status_code for guess in guesses]
        assert statuses == [401, 401, 401, 429, 429]


async def test_the_console_gets_what_no_other_door_takes(url: str) -> None:
    async with running_gateway(url) as gateway:
        root = await gateway.call("GET", "/", key=None)
        assert (root.status_code, root.json()["code"]) == (401, "unauthenticated")
        nowhere = await gateway.call("GET", "/nowhere", key=None)
        assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
        about = await gateway.call("GET", "/problems/signature_refused", key=None)
        assert "not signed as this source signs" in about.text
        assert (await gateway.call("GET", "/livez", key=None)).text == "ok\n"


SMUGGLED = [
    b"POST /api/tickets/v1/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %(key)s\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /api/tickets/v1/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %(key)s\r\nContent-Length: 0\r\n"
    b"Content-Length: 44\r\n\r\nGET /api/tickets/v1/smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /api/tickets/v1/x\r\n HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /api/tickets/v1/x HTTP/1.1\r\nHost: h\r\nAuthorization : Bearer %(key)s\r\n\r\n",
    b"GET /api/tickets/v1/x HTTP/1.1\r\nHost: h\r\nX-A: b\r\n X-Glidepath-Identity: forged\r\n\r\n",
    b"\x00\x01\x02\r\n\r\n",
]


@pytest.mark.parametrize("raw", SMUGGLED)
async def test_a_request_that_can_be_read_in_two_ways_smuggles_nothing(url: str, raw: bytes) -> None:
    echo = EchoService("tickets")
    async with both_ways(url, "over http", echo) as gateway, served(gateway.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw.replace(b"%(key)s", ADMIN_KEY.encode()))
        writer.write_eof()
        async with asyncio.timeout(5):
            answered = await reader.read()
        writer.close()
        assert b" 500 " not in answered
        for seen in echo.requests:
            assert seen["path"] == "/v1/x"
            assert "smuggled" not in json.dumps(seen)
            assert [value for name, value in seen["headers"] if name == "x-glidepath-identity"] != ["forged"]
        assert b"# HELP" not in answered


async def test_a_webhook_that_dribbles_over_the_wire_is_given_up(url: str) -> None:
    async with running_gateway(url, hook_read_seconds=0.3) as gateway, served(gateway.app) as port:
        await gateway.add_source()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /hooks/helpdesk HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
        async with asyncio.timeout(5):
            answered = await reader.read(4000)
        writer.close()
        assert answered.startswith(b"HTTP/1.1 408 ")


async def test_a_stream_ends_at_the_service_when_its_reader_leaves(url: str) -> None:
    ended = asyncio.Event()

    async def streams(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await receive()
        gone = asyncio.ensure_future(receive())
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await gone
        ended.set()

    async with both_ways(url, "over http", streams) as gateway, served(gateway.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /api/tickets/v1/live HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\r\n".encode()
        )
        async with asyncio.timeout(5):
            while b"data: 1" not in await reader.readline():
                pass
            writer.close()
            await ended.wait()
