"""Mail that came in: a new ticket, a word on one, an answer of the desk, or a machine's that is kept and goes no further.

Who wrote is only what the mail says. The signed address it was sent to says which conversation it belongs to; without one,
what it refers to does, but then only its own requester can add to a ticket, and nothing counts as the desk's answer.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.link import Link, LinkKind
from services.tickets.domain.mail import Attachment, Mail, NotReadable, only_thanks, read_mail
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import AuthorRole, Comment, Kind
from services.tickets.errors import TicketNotFound
from services.tickets.ports import Contact, TicketsUnit
from services.tickets.ports.channel import KeptMail, MailOutcome
from services.tickets.usecases.desk import Opening, Person, add_comment, open_ticket
from services.tickets.usecases.filing import CLOCKWORK
from services.tickets.usecases.people import contact_of
from services.tickets.usecases.support import ask_desk
from shared.events.gateway import MailReceived
from shared.events.tickets import DeliveryUnderstood

MOST_BODY = 60_000
MOST_PER_HOUR = 30
"""Mails of one sender that become tickets or comments: two machines that answer each other end here at the latest."""
HOUR = timedelta(hours=1)
MOST_ANSWERS = 50


@dataclass(frozen=True, slots=True)
class MailRules:
    """`read_thread` tells the ticket's number of a signed address; `reopens`: whether an answer opens a solved ticket again."""

    read_thread: Callable[[str], str | None]
    reopens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    delivery: MailReceived
    received_at: datetime
    mail: Mail
    rules: MailRules
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    outcome: MailOutcome
    reason: str | None = None
    ticket: Dossier | None = None
    comment: Comment | None = None


_BEFORE = _Done(outcome="ignored", reason="The same mail came before.")


async def take_mail(
    unit: TicketsUnit, delivery: MailReceived, raw: bytes, rules: MailRules, *, received_at: datetime, now: datetime
) -> None:
    """Understand a mail, do what it says, keep it, and tell the gateway what became of it."""
    try:
        mail = read_mail(raw, mail_from=delivery.mail_from, mailbox=delivery.mailbox)
    except NotReadable as problem:
        await _quarantine_unread(unit, delivery, raw, str(problem), received_at, now)
        return
    known = await unit.channel.take_mail(mail.key)
    if known is not None:
        again = known.mail_id == delivery.delivery_id
        done = _Done(outcome=known.outcome, reason=known.reason) if again else _BEFORE
        _tell(unit, delivery, done)
        return
    arrived = _Arrived(delivery=delivery, received_at=received_at, mail=mail, rules=rules, now=now)
    unit.channel.answering = {mail.from_email: mail.message_id} if mail.message_id else {}
    done = await _judge(unit, arrived)
    unit.channel.answering = {}
    await unit.channel.keep_mail(_kept(arrived, done))
    _tell(unit, delivery, done)


async def _judge(unit: TicketsUnit, arrived: _Arrived) -> _Done:
    await unit.directory.hold_still()
    mail = arrived.mail
    by_address = await _by_address(unit, arrived)
    named = by_address or await _by_reference(unit, mail)
    if mail.automatic is not None:
        return await _note_machine(unit, arrived, named)
    if await unit.channel.count_mails(mail.from_email, arrived.now - HOUR) >= MOST_PER_HOUR:
        return _Done(
            outcome="quarantined", reason=f"{mail.from_email} sent more than {MOST_PER_HOUR} mails in an hour."
        )
    if named is None:
        return await _open(unit, arrived)
    requester = (await unit.contacts.load({named.ticket.requester_id}))[named.ticket.requester_id]
    sender = await contact_of(unit, _sender(mail))
    if _same(sender, requester):
        return await _asked(unit, arrived, named)
    if await unit.channel.is_team_member(mail.from_email):
        return await _answered(unit, arrived, named, trusted=by_address is not None)
    if by_address is not None:
        return await _asked(unit, arrived, named)
    # A stranger who only knows the name of a mail gets a ticket of their own and learns nothing of this one.
    return await _open(unit, arrived, related=(named, LinkKind.RELATED))


async def _by_address(unit: TicketsUnit, arrived: _Arrived) -> Dossier | None:
    """By what stands behind the `+` of our own address, in the envelope or in what the mail says of its recipients."""
    own_local, _, own_domain = arrived.delivery.mailbox.casefold().partition("@")
    for address in (*(each.casefold() for each in arrived.delivery.recipients), *arrived.mail.addressed_to):
        local, _, domain = address.partition("@")
        box, _, token = local.partition("+")
        number = arrived.rules.read_thread(token) if token and (box, domain) == (own_local, own_domain) else None
        if number is not None:
            return await _find(unit, number)
    return None


async def _by_reference(unit: TicketsUnit, mail: Mail) -> Dossier | None:
    """By the Message-ID of a notice of ours, or of a mail that became part of a ticket; the nearest one counts."""
    answers = mail.answers[:MOST_ANSWERS]
    if not answers:
        return None
    by_notice = {each: each.strip("<>").partition("@")[0] for each in answers}
    notices = await unit.channel.tickets_of_notices(set(by_notice.values()))
    messages = await unit.channel.tickets_of_messages(answers)
    found = (notices.get(by_notice[each]) or messages.get(each) for each in answers)
    ticket_id = next((each for each in found if each is not None), None)
    return None if ticket_id is None else await _find(unit, ticket_id)


async def _find(unit: TicketsUnit, named: str) -> Dossier | None:
    """The ticket, or the one that it was merged into."""
    try:
        dossier = await unit.tickets.get(named)
    except TicketNotFound:
        return None
    if dossier.ticket.merged_into is None:
        return dossier
    survivors = await unit.links.survivors([dossier.ticket.ticket_id])
    return await unit.tickets.get(survivors.get(dossier.ticket.ticket_id, dossier.ticket.merged_into))


async def _note_machine(unit: TicketsUnit, arrived: _Arrived, named: Dossier | None) -> _Done:
    """Kept for the desk's eyes where it belongs to a ticket; never answered, never an answer, never a ticket."""
    reason = f"A machine's: {arrived.mail.automatic}."
    if named is None or named.ticket.status is Status.CLOSED:
        return _Done(outcome="ignored", reason=reason, ticket=named)
    body = f"[Automatic mail, not counted as a response: {arrived.mail.automatic}]\n\n{arrived.mail.shown}"
    comment = await _comment(unit, arrived, named, role=AuthorRole.BOT, public=False, body=body)
    return _Done(outcome="noted", reason=reason, ticket=named, comment=comment)


async def _open(unit: TicketsUnit, arrived: _Arrived, related: tuple[Dossier, LinkKind] | None = None) -> _Done:
    mail = arrived.mail
    opening = Opening(
        subject=mail.title,
        description=_body(mail.text, mail.attachments),
        priority=Priority.P3,
        kind=Kind.INCIDENT,
        requester=_sender(mail),
        tags=("mail",),
        course=None,
        system=None,
    )
    opened = await open_ticket(unit, opening, mail.from_name, arrived.now)
    if related is not None:
        other, kind = related
        link = Link(
            ticket_id=opened.ticket.ticket_id,
            kind=kind,
            other_id=other.ticket.ticket_id,
            made_at=arrived.now,
            made_by=CLOCKWORK,
        )
        await unit.links.put([link])
    return _Done(outcome="opened", ticket=opened)


async def _asked(unit: TicketsUnit, arrived: _Arrived, named: Dossier) -> _Done:
    """The requester's side writes. A closed ticket is the end: the mail opens one that follows it."""
    if named.ticket.status is Status.CLOSED:
        return await _open(unit, arrived, related=(named, LinkKind.FOLLOW_UP_OF))
    body = _body(arrived.mail.shown, arrived.mail.attachments)
    solved = named.ticket.status.done
    reopened = solved and arrived.rules.reopens and not only_thanks(arrived.mail.shown)
    comment = await _comment(
        unit,
        arrived,
        named,
        role=AuthorRole.REQUESTER,
        public=True,
        body=body,
        status=Status.OPEN if reopened else None,
    )
    if solved and not reopened:
        who = arrived.mail.from_name
        await ask_desk(unit, named.ticket.ticket_id, who=who, text=arrived.mail.shown, now=arrived.now)
    return _Done(outcome="commented", ticket=named, comment=comment)


async def _answered(unit: TicketsUnit, arrived: _Arrived, named: Dossier, *, trusted: bool) -> _Done:
    """The desk answers by mail: in public if it came to the conversation's signed address, else for the desk's eyes only."""
    if named.ticket.status is Status.CLOSED:
        return _Done(outcome="ignored", reason=f"Ticket {named.ticket.number} is closed.", ticket=named)
    body = _body(arrived.mail.shown, arrived.mail.attachments)
    comment = await _comment(unit, arrived, named, role=AuthorRole.AGENT, public=trusted, body=body)
    if trusted:
        return _Done(outcome="commented", ticket=named, comment=comment)
    reason = "It is from a team member but did not come to the ticket's own address: kept for the desk only."
    return _Done(outcome="noted", reason=reason, ticket=named, comment=comment)


async def _comment(
    unit: TicketsUnit,
    arrived: _Arrived,
    named: Dossier,
    *,
    role: AuthorRole,
    public: bool,
    body: str,
    status: Status | None = None,
) -> Comment:
    return await add_comment(
        unit,
        named.ticket.ticket_id,
        author=_sender(arrived.mail),
        role=role,
        public=public,
        body=body or "(no text)",
        now=arrived.now,
        status=status,
    )


def _sender(mail: Mail) -> Person:
    return Person(email=mail.from_email, account=mail.from_email, name=mail.from_name)


def _same(sender: Contact, requester: Contact) -> bool:
    if sender.contact_id == requester.contact_id:
        return True
    return sender.person_id is not None and sender.person_id == requester.person_id


def _body(text: str, attachments: Iterable[Attachment]) -> str:
    """What was written, and what was attached by name: the content stays in the gateway's log while that keeps it."""
    names = [f"[Attached, not kept here: {each.name} ({_size(each.size)})]" for each in attachments]
    if len(text) > MOST_BODY - 15_000:
        text = f"{text[: MOST_BODY - 15_000]}\n[The rest is kept with the mail.]"
    return "\n\n".join(part for part in (text, "\n".join(names[:50])) if part)


def _size(size: int) -> str:
    if size >= 1_000_000:
        return f"{size / 1_000_000:.1f} MB"
    return f"{size / 1_000:.0f} kB" if size >= 1_000 else f"{size} bytes"


def _kept(arrived: _Arrived, done: _Done) -> KeptMail:
    mail = arrived.mail
    return KeptMail(
        mail_id=arrived.delivery.delivery_id,
        dedupe_key=mail.key,
        message_id=mail.message_id,
        from_email=mail.from_email,
        from_name=mail.from_name,
        recipients=tuple(arrived.delivery.recipients),
        subject=mail.subject,
        text=mail.text,
        attachments=tuple(
            {"name": each.name, "media_type": each.media_type, "size": each.size} for each in mail.attachments
        ),
        received_at=arrived.received_at,
        handled_at=arrived.now,
        outcome=done.outcome,
        reason=done.reason,
        ticket_id=done.ticket.ticket.ticket_id if done.ticket else None,
        comment_id=done.comment.comment_id if done.comment else None,
    )


async def _quarantine_unread(
    unit: TicketsUnit, delivery: MailReceived, raw: bytes, reason: str, received_at: datetime, now: datetime
) -> None:
    key = hashlib.sha256(raw).hexdigest()
    await unit.channel.take_mail(key)
    await unit.channel.keep_mail(
        KeptMail(
            mail_id=delivery.delivery_id,
            dedupe_key=key,
            message_id=None,
            from_email=delivery.mail_from[:320].replace("\0", ""),
            from_name="",
            recipients=tuple(delivery.recipients),
            subject="",
            text="",
            attachments=(),
            received_at=received_at,
            handled_at=now,
            outcome="quarantined",
            reason=reason,
        )
    )
    _tell(unit, delivery, _Done(outcome="quarantined", reason=reason))


def _tell(unit: TicketsUnit, delivery: MailReceived, done: _Done) -> None:
    """As the gateway's log shows it; what is quarantined can be handed on again from there."""
    fact: dict[str, Any] = {"type": "mail", "state": done.outcome}
    if done.ticket is not None:
        fact["ticket"] = {"id": done.ticket.ticket.ticket_id, "key": str(done.ticket.ticket.number)}
    understood: Literal["applied", "ignored", "quarantined"] = "applied"
    if done.outcome in ("ignored", "quarantined"):
        understood = "ignored" if done.outcome == "ignored" else "quarantined"
    unit.record(
        DeliveryUnderstood(delivery_id=delivery.delivery_id, outcome=understood, facts=[fact], reason=done.reason)
    )
