"""E-mail notices: a real SMTP conversation, both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from services.gateway.usecases.notices import keep_notice
from shared.clock import FixedClock
from shared.events import rollout
from shared.events.messages import SignedLink
from shared.links import LinkSigner
from tests.support.gateway import Gateway, gateway_settings, running_gateway

MakeDatabase = Callable[[str], str]
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Mailbox:
    """A mail server that keeps what it gets; `answers` to RCPT are used up first."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 mailbox")
        while line := (await reader.readline()).decode().strip():
            command = line[:4].upper()
            if command == "EHLO":
                await say("250-mailbox")
                await say("250 SMTPUTF8")
            elif command == "RCPT" and self.answers:
                await say(self.answers.pop(0))
            elif command == "DATA":
                await say("354 go on")
                self.letters.append(await _letter(reader))
                await say("250 kept")
            elif command == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")
        writer.close()


async def _letter(reader: asyncio.StreamReader) -> EmailMessage:
    lines: list[bytes] = []
    while (line := await reader.readline()) != b".\r\n":
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return message_from_bytes(b"".join(lines), policy=policy.default)


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


def wanted(**more: Any) -> rollout.NotificationRequested:
    values: dict[str, Any] = {
        "notification_id": "n-1",
        "to_email": "dba@example.org",
        "to_name": "Dana Ö.",
        "subject": "Please sign off\r\nBcc: everybody@example.org",
        "body": "Read it at {link}.",
        "link": SignedLink(purpose="signoff", subject="s-1", expires_at=NOW + timedelta(days=3)),
        "rollout": "safety-video",
    }
    return rollout.NotificationRequested(**{**values, **more})


async def ask_for(gateway: Gateway, notice: rollout.NotificationRequested, at: datetime = NOW) -> None:
    async with gateway.app.state.runtime.database.unit() as unit:
        await keep_notice(unit, notice, owner="rollout", now=at)


async def settled(gateway: Gateway, *states: str, attempts: int = 0) -> list[dict[str, Any]]:
    """The log, once every notice is in one of the states and was tried at least so often."""
    async with asyncio.timeout(10):
        while True:
            items = (await gateway.call("GET", "/api/gateway/v1/notifications")).json()["items"]
            if items and all(item["state"] in states and item["attempts"] >= attempts for item in items):
                return cast(list[dict[str, Any]], items)
            await asyncio.sleep(0.02)


def smtp(box: Mailbox) -> dict[str, Any]:
    return {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_starttls": False, "from_address": "gp@example.org"}


async def test_a_notice_is_sent_once_with_a_link_that_works_and_no_header_of_somebody_elses(
    service_database: MakeDatabase,
) -> None:
    clock = FixedClock(NOW)
    url = service_database("gateway")
    async with mailbox() as box, running_gateway(url, clock=clock, **smtp(box)) as gateway:
        await ask_for(gateway, wanted())
        await ask_for(gateway, wanted())
        (logged,) = await settled(gateway, "sent")
        assert (logged["attempts"], logged["sent_at"]) == (1, "2026-11-22T08:00:00Z")
        (letter,) = box.letters
        assert letter["Message-ID"] == "<n-1@glide.example>"
        assert letter["Subject"] == "Please sign off Bcc: everybody@example.org"
        assert letter["Bcc"] is None
        assert letter["Auto-Submitted"] == "auto-generated"
        text = letter.get_content()
        token = text.split("http://glide.example/signoff/")[1].strip().removesuffix(".")
        assert LinkSigner(gateway_settings(url).link_key).read(token, purpose="signoff", now=NOW) == "s-1"
        assert token not in str(await gateway.call("GET", "/api/gateway/v1/notifications"))


async def test_a_temporary_refusal_is_tried_again_with_the_same_message_id(service_database: MakeDatabase) -> None:
    clock = FixedClock(NOW)
    async with mailbox() as box, running_gateway(service_database("gateway"), clock=clock, **smtp(box)) as gateway:
        box.answers = ["451 greylisted, come back"]
        await ask_for(gateway, wanted())
        (waiting,) = await settled(gateway, "waiting", attempts=1)
        assert waiting["next_attempt_at"] == "2026-11-22T08:00:10Z"
        assert "451" in waiting["reason"]
        clock.advance(timedelta(seconds=10))
        (sent,) = await settled(gateway, "sent")
        assert sent["attempts"] == 2
        assert [letter["Message-ID"] for letter in box.letters] == ["<n-1@glide.example>"]


async def test_an_address_that_is_refused_for_good_is_listed_and_does_not_stop_the_next(
    service_database: MakeDatabase,
) -> None:
    async with (
        mailbox() as box,
        running_gateway(service_database("gateway"), clock=FixedClock(NOW), **smtp(box)) as gateway,
    ):
        box.answers = ["550 nobody here"]
        await ask_for(gateway, wanted())
        (failed,) = await settled(gateway, "failed")
        assert "550" in failed["reason"]
        await ask_for(gateway, wanted(notification_id="n-2", to_email="not an address\r\nRCPT TO:<x@y>"))
        await ask_for(gateway, wanted(notification_id="n-3"))
        items = await settled(gateway, "failed", "sent")
        assert {item["id"]: item["state"] for item in items} == {"n-1": "failed", "n-2": "failed", "n-3": "sent"}


async def test_without_a_mail_server_notices_wait_and_are_sent_once_there_is_one(
    service_database: MakeDatabase,
) -> None:
    url = service_database("gateway")
    async with running_gateway(url, clock=FixedClock(NOW)) as gateway:
        await ask_for(gateway, wanted())
        (kept,) = await settled(gateway, "undeliverable")
        assert "GLIDEPATH_SMTP_HOST" in kept["reason"]
    async with mailbox() as box, running_gateway(url, clock=FixedClock(NOW), **smtp(box)) as gateway:
        await settled(gateway, "sent")
        assert len(box.letters) == 1


async def test_a_notice_whose_link_has_ended_is_not_sent(service_database: MakeDatabase) -> None:
    url = service_database("gateway")
    late = FixedClock(NOW + timedelta(days=4))
    async with mailbox() as box, running_gateway(url, clock=late, **smtp(box)) as gateway:
        await ask_for(gateway, wanted())
        (expired,) = await settled(gateway, "expired")
        assert "link ended" in expired["reason"]
        assert box.letters == []
