"""What the channel's tests share: the public pages as a browser would use them, mail handed in, notices read as mail."""

import html
import re
from email import policy
from email.message import EmailMessage
from typing import Any

import httpx

from services.tickets.consumers import mail_handlers
from services.tickets.usecases.mailing import MailRules
from shared.clock import new_id
from shared.events.gateway import MailReceived
from shared.events.messages import SignedLink
from tests.integration.tickets.desk import TicketsDesk

BOX = "help@example.org"
FORM = {
    "name": "Ada Lovelace",
    "email": "Ada@example.com",
    "subject": "The video stalls",
    "description": "After three minutes, always.",
    "affected": "Vidstream",
    "cause": "network",
    "minutes_lost": "30",
    "urgency": "P3",
    "impact": "",
    "website": "",
}


async def show(desk: TicketsDesk, path: str) -> httpx.Response:
    return await desk.http.get(path, headers=desk.identity(None))


async def send(desk: TicketsDesk, path: str, **fields: str) -> httpx.Response:
    return await desk.http.post(path, data=fields, headers=desk.identity(None))


def hidden(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the page's first form, as a browser sends them back."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    return {name: html.unescape(value) for name, value in found}


async def raise_ticket(desk: TicketsDesk, path: str = "/public/help", **fields: str) -> httpx.Response:
    """Both steps; the receipt."""
    blank = await show(desk, path)
    checked = await send(desk, path, **{**hidden(blank), **FORM, **fields, "step": "check"})
    assert checked.status_code == 200, checked.text
    return await send(desk, path, **{**hidden(checked), "step": "send"})


async def notices(desk: TicketsDesk) -> list[Any]:
    return await desk.told("tickets.notification.requested")


def path_of(desk: TicketsDesk, notice: Any) -> str:
    """The ticket's page by the link of a notice, signed as the gateway signs it when it sends."""
    return f"/public/tickets/{desk.runtime.links.mint(SignedLink.model_validate(notice['link']))}"


def address_of(desk: TicketsDesk, notice: Any) -> str:
    """The Reply-To of a notice, made as the gateway makes it."""
    return f"help+{desk.runtime.links.thread_token(notice['thread'])}@example.org"


def letter(text: str = "The video stalls.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada Lovelace <ada@example.com>"
    message["To"] = BOX
    message["Subject"] = "Video"
    message["Message-ID"] = f"<{new_id()}@example.com>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


async def post(
    desk: TicketsDesk,
    mail: EmailMessage | bytes,
    *to: str,
    sender: str = "ada@example.com",
    reopens: bool = False,
    delivery_id: str = "",
) -> str:
    """Hand a mail in as the consumer would; the delivery's id."""
    desk.handlers |= mail_handlers(desk.runtime.business, MailRules(desk.runtime.links.read_thread, reopens=reopens))
    raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
    event = MailReceived(
        delivery_id=delivery_id or new_id(),
        mailbox=BOX,
        mail_from=sender,
        recipients=list(to) or [BOX],
        body=raw.decode("utf-8", "replace"),
        size=len(raw),
        received_at=desk.clock.now(),
    )
    await desk.hand_in(event)
    return event.delivery_id


async def comments(desk: TicketsDesk, ticket: Any) -> list[tuple[str, bool, str]]:
    """(author role, public, body) as staff see them."""
    answer = await desk.ask("GET", f"/v1/tickets/{ticket['ticket_id']}/comments")
    return [(each["author_role"], each["public"], each["body"]) for each in answer.json()["items"]]


async def mails(desk: TicketsDesk) -> list[Any]:
    """What came in, the oldest first."""
    items: list[Any] = (await desk.ask("GET", "/v1/mails")).json()["items"]
    return items[::-1]
