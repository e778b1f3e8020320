"""Mail in: a real SMTP conversation with the listener, on both databases."""

import asyncio
import json
import smtplib
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.gateway.settings import GatewaySettings
from shared.clock import FixedClock
from tests.support.gateway import Gateway, gateway_settings, running_gateway

MakeDatabase = Callable[[str], str]
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@asynccontextmanager
async def taking_mail(url: str, **settings: Any) -> AsyncIterator[Gateway]:
    more = {"mail_listen": "127.0.0.1:0", "mail_address": "help@example.org", **settings}
    async with running_gateway(url, clock=FixedClock(NOW), **more) as gateway:
        yield gateway


def letter(text: str = "The video stalls.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada <ada@example.com>"
    message["To"] = "help@example.org"
    message["Subject"] = "Video"
    message["Message-ID"] = "<m1@example.com>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def send(port: int, message: EmailMessage | bytes, to: list[str], *, sender: str = "ada@example.com") -> Any:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=policy.SMTP)
        return client.sendmail(sender, to, raw)


async def deliver(gateway: Gateway, message: EmailMessage | bytes, *to: str, sender: str = "ada@example.com") -> Any:
    port = gateway.app.state.mail.port
    return await asyncio.to_thread(send, port, message, list(to) or ["help@example.org"], sender=sender)


async def received(gateway: Gateway) -> list[dict[str, Any]]:
    """The events that were recorded for what was taken in."""
    database = gateway.app.state.runtime.database
    table = database.plumbing.outbox
    async with database.work() as work:
        rows = (await work.session.execute(select(table.c.body).order_by(table.c.position))).scalars().all()
    documents = [json.loads(body) for body in rows]
    return [one["data"] for one in documents if one["type"] == "glidepath.gateway.mail.received.v1"]


async def test_a_mail_is_committed_with_its_event_before_it_is_acknowledged(service_database: MakeDatabase) -> None:
    async with taking_mail(service_database("gateway")) as gateway:
        assert await deliver(gateway, letter()) == {}
        (event,) = await received(gateway)
        assert (event["mailbox"], event["mail_from"]) == ("help@example.org", "ada@example.com")
        assert event["recipients"] == ["help@example.org"]
        assert event["whole"] is True
        assert message_from_string(event["body"], policy=policy.default)["Message-ID"] == "<m1@example.com>"
        (logged,) = (await gateway.call("GET", "/api/gateway/v1/deliveries?source=mail")).json()["items"]
        assert (logged["id"], logged["outcome"], logged["size"]) == (event["delivery_id"], "waiting", event["size"])


async def test_the_same_bytes_sent_again_after_a_lost_answer_are_one_mail(service_database: MakeDatabase) -> None:
    async with taking_mail(service_database("gateway")) as gateway:
        await deliver(gateway, letter())
        await deliver(gateway, letter())
        await deliver(gateway, letter(), "help+42.abc@example.org")  # elsewhere: not the same
        assert len(await received(gateway)) == 2


async def test_it_takes_mail_for_its_own_box_and_relays_for_nobody(service_database: MakeDatabase) -> None:
    async with taking_mail(service_database("gateway")) as gateway:
        for stranger, code in (("somebody@elsewhere.example", b"5.7.1"), ("ceo@example.org", b"5.1.1")):
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                await deliver(gateway, letter(), stranger)
            assert refused.value.recipients[stranger][0] == 550
            assert refused.value.recipients[stranger][1].startswith(code)
        mixed = await deliver(gateway, letter(), "HELP+7.xyz@Example.org", "postmaster@example.org", "x@example.net")
        assert list(mixed) == ["x@example.net"]
        (event,) = await received(gateway)
        assert event["recipients"] == ["HELP+7.xyz@Example.org", "postmaster@example.org"]


async def test_too_large_is_552_and_large_travels_without_the_contents_of_its_attachments(
    service_database: MakeDatabase,
) -> None:
    async with taking_mail(service_database("gateway"), mail_most_bytes=2_000_000) as gateway:
        with pytest.raises(smtplib.SMTPException) as refused:
            await deliver(gateway, letter("x" * 70 + "\n" + "y" * 70 + "\n" * 2_000_000))
        assert "552" in str(refused.value)
        large = letter()
        large.add_attachment(b"\x89PNG" + bytes(1_200_000), maintype="image", subtype="png", filename="screen.png")
        await deliver(gateway, large)
        (event,) = await received(gateway)
        assert event["whole"] is False
        assert event["size"] > 1_600_000
        assert len(event["body"]) < 100_000
        parsed = message_from_string(event["body"], policy=policy.default)
        (attachment,) = parsed.iter_attachments()
        assert attachment.get_filename() == "screen.png"
        assert attachment["X-Glidepath-Left-Out"] == "1200004"
        body = parsed.get_body()
        assert body is not None
        assert body.get_content().strip() == "The video stalls."
        raw = (await gateway.call("GET", f"/api/gateway/v1/deliveries/{event['delivery_id']}")).json()
        assert raw["size"] == event["size"]  # the log keeps it as it came


async def test_bytes_that_are_no_text_and_a_return_path_that_is_empty_are_taken(service_database: MakeDatabase) -> None:
    async with taking_mail(service_database("gateway")) as gateway:
        raw = (
            b"Subject: caf\xe9\r\nFrom: x@example.com\r\n\r\nna\xefve \x00 text\r\n" + b"z" * 5000 + b"\r\n.\r\n..\r\n"
        )
        await deliver(gateway, raw, sender="")
        (event,) = await received(gateway)
        assert event["mail_from"] == ""
        assert event["encoding"] == "base64"
        replayed = await gateway.call("POST", f"/api/gateway/v1/deliveries/{event['delivery_id']}/replay")
        assert replayed.status_code == 202
        again = await received(gateway)
        assert [one["body"] for one in again] == [event["body"]] * 2


async def test_connections_of_one_address_are_bounded_and_an_endless_line_is_cut_off(
    service_database: MakeDatabase,
) -> None:
    async with taking_mail(service_database("gateway"), mail_connections_each=2, mail_most_bytes=65_536) as gateway:
        port = gateway.app.state.mail.port

        def crowd() -> list[bytes]:
            open_ones = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]
            said = [one.recv(200) for one in open_ones]
            for one in open_ones:
                one.close()
            return said

        said = await asyncio.to_thread(crowd)
        assert [line[:3] for line in said] == [b"220", b"220", b"421"]

        def flood() -> bytes:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
                one.recv(200)
                for line in (b"EHLO x\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<help@example.org>\r\n", b"DATA\r\n"):
                    one.sendall(line)
                    one.recv(1000)
                try:
                    for _ in range(100):
                        one.sendall(b"x" * 65_536)
                    return one.recv(100)
                except OSError:
                    return b"cut"

        assert await asyncio.to_thread(flood) in (b"cut", b"")
        await deliver(gateway, letter())
        assert len(await received(gateway)) == 1


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "cert.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


async def test_tls_is_offered_with_a_certificate_and_can_be_demanded(
    service_database: MakeDatabase, tmp_path: Path
) -> None:
    key, certificate = make_certificate(tmp_path)
    settings = {"mail_tls_cert": certificate, "mail_tls_key": key, "mail_tls_required": True}
    async with taking_mail(service_database("gateway"), **settings) as gateway:
        with pytest.raises(smtplib.SMTPSenderRefused, match="STARTTLS"):
            await deliver(gateway, letter())

        def over_tls() -> None:
            with smtplib.SMTP("127.0.0.1", gateway.app.state.mail.port, timeout=10) as client:
                client.starttls(context=ssl.create_default_context(cafile=str(certificate)))
                client.ehlo()
                assert "auth" not in client.esmtp_features
                assert int(client.esmtp_features["size"]) > 0
                client.send_message(letter(), "ada@example.com", ["help@example.org"])

        await asyncio.to_thread(over_tls)
        assert len(await received(gateway)) == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"mail_listen": "127.0.0.1:2525"}, "GLIDEPATH_MAIL_ADDRESS"),
        ({"mail_listen": "2525", "mail_address": "help@example.org"}, "host:port"),
        ({"mail_address": "help+x@example.org"}, "without a +"),
        ({"mail_tls_cert": "/tmp/cert.pem"}, "together"),
        ({"mail_tls_required": True}, "GLIDEPATH_MAIL_TLS_CERT"),
    ],
)
def test_settings_that_cannot_work_say_what_is_missing(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        GatewaySettings.model_validate(gateway_settings("sqlite+aiosqlite:///x.db").model_dump() | settings)
