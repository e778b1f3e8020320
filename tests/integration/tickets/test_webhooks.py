"""Escalations reach webhooks: signed, once the other side takes them, again until it does, never into our own network."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from services.tickets.adapters.tables import OutgoingRow
from services.tickets.adapters.webhook_post import WebhookPost
from services.tickets.ports import Outgoing, Post
from services.tickets.usecases.clockwork.posting import RETRY_AFTER, PostRound
from shared.auth import Role
from shared.errors import PermanentFailure, TemporaryFailure
from shared.vault import Vault
from tests.integration.tickets.desk import START, TicketsDesk
from tests.support.serving import served

VAULT = Vault(SecretStr("credentials-key-for-tests"))


@dataclass
class Receiver:
    """An ASGI app that remembers what it was sent and answers with the next of its answers."""

    answers: list[int]
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        self.got.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        status = self.answers.pop(0) if self.answers else 204
        await send({"type": "http.response.start", "status": status, "headers": [(b"retry-after", b"90")]})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class SilentPost:
    """Fails as it is told, in turn, then takes everything."""

    failures: list[Exception]
    sent: list[str] = field(default_factory=list)

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.sent.append(headers["webhook-id"])
        if self.failures:
            raise self.failures.pop(0)


async def put_webhook(desk: TicketsDesk, url: str) -> str:
    answer = await desk.ask("PUT", "/v1/webhooks/pager", Role.ADMIN, json={"url": url})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["secret"])


async def send(desk: TicketsDesk, message_id: str = "msg_1") -> None:
    message = Outgoing(
        message_id=message_id,
        webhook="pager",
        body=json.dumps({"type": "clock.escalated"}),
        recorded_at=desk.clock.now(),
        try_at=desk.clock.now(),
    )
    async with desk.database.unit() as unit:
        await unit.webhooks.send([message])


def rounds(desk: TicketsDesk, post: Post) -> PostRound:
    seconds = iter(range(10_000))
    return PostRound(
        database=desk.database, post=post, vault=VAULT, clock=desk.clock, seconds=lambda: float(next(seconds) * 2)
    )


async def row(desk: TicketsDesk) -> OutgoingRow:
    async with desk.database.read_work() as work:
        found: OutgoingRow = (await work.session.execute(select(OutgoingRow))).scalars().one()
    return found


async def test_a_post_is_signed_as_standard_webhooks_says_and_sent_once(desk: TicketsDesk) -> None:
    receiver = Receiver([204])
    async with served(receiver) as port:
        secret = await put_webhook(desk, f"http://127.0.0.1:{port}/in?x=1")
        await send(desk)
        runner = rounds(desk, WebhookPost(allow_private=True))
        assert await runner.step()
        assert not await runner.step()
    [(headers, body)] = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == "msg_1"
    assert headers["host"] == f"127.0.0.1:{port}"
    assert headers["content-type"] == "application/json"
    kept = await row(desk)
    assert (kept.sent_at, kept.attempts, kept.problem) == (START, 1, None)


async def test_our_own_network_is_not_called_unless_that_is_allowed(desk: TicketsDesk) -> None:
    receiver = Receiver([])
    async with served(receiver) as port:
        await put_webhook(desk, f"http://127.0.0.1:{port}/in")
        await send(desk)
        assert await rounds(desk, WebhookPost(allow_private=False)).step()
    assert receiver.got == []
    kept = await row(desk)
    assert kept.gave_up_at == START
    assert "inside a network" in str(kept.problem)


async def test_a_server_that_is_busy_is_asked_again_when_it_wishes(desk: TicketsDesk) -> None:
    receiver = Receiver([503, 200])
    async with served(receiver) as port:
        await put_webhook(desk, f"http://127.0.0.1:{port}/in")
        await send(desk)
        runner = rounds(desk, WebhookPost(allow_private=True))
        assert await runner.step()
        kept = await row(desk)
        assert (kept.try_at, kept.attempts) == (START + timedelta(seconds=90), 1)
        assert kept.problem == "The webhook answered 503 to POST /in"
        assert not await runner.step()
        desk.clock.advance(timedelta(seconds=90))
        assert await runner.step()
    assert [headers["webhook-id"] for headers, _ in receiver.got] == ["msg_1", "msg_1"]
    assert (await row(desk)).sent_at == START + timedelta(seconds=90)


async def test_what_is_never_taken_is_given_up_after_about_a_day(desk: TicketsDesk) -> None:
    await put_webhook(desk, "https://pager.example.org/in")
    await send(desk)
    post = SilentPost([TemporaryFailure("away")] * 20)
    runner = rounds(desk, post)
    began = desk.clock.now()
    while (await row(desk)).gave_up_at is None:
        desk.clock.at = (await row(desk)).try_at
        await runner.step()
    assert len(post.sent) == len(RETRY_AFTER) + 1
    assert timedelta(hours=24) < desk.clock.now() - began < timedelta(hours=36)
    assert (await row(desk)).problem == "away"


async def test_a_webhook_that_says_it_is_gone_is_believed_and_another_refusal_is_tried_again(desk: TicketsDesk) -> None:
    await put_webhook(desk, "https://pager.example.org/in")
    await send(desk)
    runner = rounds(desk, SilentPost([PermanentFailure("The webhook answered 401 to POST /in")]))
    assert await runner.step()
    assert (await row(desk)).gave_up_at is None
    desk.clock.advance(timedelta(hours=1))
    gone = rounds(desk, SilentPost([PermanentFailure("The webhook answered 410 to POST /in")]))
    assert await gone.step()
    assert (await row(desk)).gave_up_at == desk.clock.now()


async def test_a_webhook_that_was_removed_ends_what_is_on_its_way(desk: TicketsDesk) -> None:
    await put_webhook(desk, "https://pager.example.org/in")
    await send(desk)
    assert (await desk.ask("DELETE", "/v1/webhooks/pager", Role.ADMIN)).status_code == 204
    post = SilentPost([])
    assert await rounds(desk, post).step()
    assert post.sent == []
    assert (await row(desk)).problem == "The webhook is gone."
    again = await desk.ask("DELETE", "/v1/webhooks/pager", Role.ADMIN)
    assert (again.status_code, again.json()["code"]) == (404, "webhook_not_found")


async def test_a_secret_is_told_once_and_kept_sealed(desk: TicketsDesk) -> None:
    secret = await put_webhook(desk, "https://pager.example.org/in")
    listed = (await desk.ask("GET", "/v1/webhooks", Role.IT_LEAD)).json()["items"]
    assert [each["name"] for each in listed] == ["pager"]
    assert "secret" not in listed[0]
    async with desk.database.read() as unit:
        kept = await unit.webhooks.find("pager")
    assert kept is not None
    assert secret not in kept.secret
    assert await put_webhook(desk, "https://pager.example.org/in") != secret


async def test_an_address_that_cannot_be_called_is_refused_when_it_is_kept(desk: TicketsDesk) -> None:
    for url in ("ftp://example.org/", "https://me:secret@example.org/", "nonsense"):
        answer = await desk.ask("PUT", "/v1/webhooks/pager", Role.ADMIN, json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook_not_usable"), url
