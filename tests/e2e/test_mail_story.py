"""A mail becomes a ticket, the receipt goes out, its answer comes back as a word on the ticket: real SMTP, a real broker."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

from services.gateway.adapters.upstreams import InProcessUpstream
from services.tickets.main import create_app as create_tickets
from services.tickets.settings import TicketsSettings
from tests.integration.gateway.test_notices import Mailbox, mailbox
from tests.support.gateway import Gateway, running_gateway


@asynccontextmanager
async def deployment(make: Callable[[str], str], nats_url: str, box: Mailbox) -> AsyncIterator[Gateway]:
    tickets = create_tickets(
        TicketsSettings.model_validate(
            {
                "database_url": make("tickets"),
                "nats_url": nats_url,
                "identity_key": "identity-key-of-tests",
                "link_key": "link-key-of-all-tests",
            }
        )
    )
    settings: dict[str, Any] = {
        "nats_url": nats_url,
        "mail_listen": "127.0.0.1:0",
        "mail_address": "help@example.org",
        "smtp_host": "127.0.0.1",
        "smtp_port": box.port,
        "smtp_starttls": False,
        "from_address": "help@example.org",
    }
    behind = {"tickets": InProcessUpstream(tickets, name="tickets", timeout_seconds=10)}
    async with (
        tickets.router.lifespan_context(tickets),
        running_gateway(make("gateway"), upstreams=behind, **settings) as gateway,
    ):
        yield gateway


def deliver(port: int, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.send_message(message, "ada@example.com", [str(message["To"])])


def letter(text: str, to: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada <ada@example.com>"
    message["To"] = to
    message["Subject"] = "The video stalls"
    message["Message-ID"] = headers.pop("message_id")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


async def letters(box: Mailbox, count: int) -> list[EmailMessage]:
    async with asyncio.timeout(30):
        while True:
            if len(box.letters) >= count:
                return box.letters
            await asyncio.sleep(0.05)


async def test_a_mail_is_answered_and_the_answer_finds_its_ticket(
    service_database: Callable[[str], str], nats_url: str
) -> None:
    async with mailbox() as box, deployment(service_database, nats_url, box) as gateway:
        port = gateway.app.state.mail.port
        first = letter("It stalls after three minutes.", "help@example.org", message_id="<first@example.com>")
        await asyncio.to_thread(deliver, port, first)
        (receipt,) = await letters(box, 1)
        assert receipt["To"] == "Ada <ada@example.com>"
        assert receipt["Subject"] == "[#1] The video stalls"
        assert (receipt["In-Reply-To"], receipt["References"]) == ("<first@example.com>", "<first@example.com>")
        assert receipt["Auto-Submitted"] == "auto-generated"
        text = receipt.get_content()
        assert text.startswith("You can answer this e-mail. Please write your answer above this line.")
        page = await gateway.call("GET", text.split("http://glide.example")[1].split()[0], key=None)
        assert "It stalls after three minutes." in page.text

        address = receipt["Reply-To"].addresses[0].addr_spec
        assert address.startswith("help+1.")
        quoted = "\n".join(f"> {line}" for line in text.splitlines())
        answer = f"It is 480p.\n\nOn Monday, Glidepath <{address}> wrote:\n{quoted}"
        second = letter(answer, address, message_id="<second@example.com>", In_Reply_To=receipt["Message-ID"])
        await asyncio.to_thread(deliver, port, second)
        absent = letter("I am away", address, message_id="<third@example.com>", Auto_Submitted="auto-replied")
        await asyncio.to_thread(deliver, port, absent)
        async with asyncio.timeout(30):
            while True:
                found = (await gateway.call("GET", "/api/tickets/v1/mails")).json()["items"]
                if len(found) == 3:
                    break
                await asyncio.sleep(0.05)
        assert [each["outcome"] for each in found] == ["noted", "commented", "opened"]
        comments = (await gateway.call("GET", f"/api/tickets/v1/tickets/{found[0]['ticket_id']}/comments")).json()
        assert next((each["public"], each["body"]) for each in comments["items"]) == (True, "It is 480p.")

        said = {"body": "Then choose 360p.", "author_role": "agent", "author": {"email": "bob@example.org"}}
        path = f"/api/tickets/v1/tickets/{found[0]['ticket_id']}/comments"
        assert (await gateway.call("POST", path, json=said)).status_code == 201
        told = (await letters(box, 2))[1]
        assert told["In-Reply-To"] == "<second@example.com>"
        assert told["References"].split() == [receipt["Message-ID"], "<second@example.com>"]
        assert "Then choose 360p." in told.get_content()
        async with asyncio.timeout(30):
            while True:
                log = (await gateway.call("GET", "/api/gateway/v1/deliveries?source=mail")).json()["items"]
                if all(each["outcome"] != "waiting" for each in log):
                    break
                await asyncio.sleep(0.05)
        assert [each["outcome"] for each in log] == ["applied", "applied", "applied"]
        assert len(box.letters) == 2  # the machine's mail caused none
