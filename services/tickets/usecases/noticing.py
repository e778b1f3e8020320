"""Tell the requester by e-mail: we have it, here is an answer, it is solved, it went on elsewhere.

Only for tickets of this desk: an outside helpdesk tells its requesters itself. A machine's mail never causes a notice, because
it is filed where only the desk sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Status
from services.tickets.domain.promise import Promise, promises_of, spoken
from services.tickets.domain.ticket import AuthorRole, Comment, Ticket
from services.tickets.ports import Contact, TicketsUnit
from services.tickets.ports.channel import FollowLink, NoticeKind, SentNotice
from services.tickets.usecases.folder import Folder
from shared.clock import new_id
from shared.events.messages import SignedLink
from shared.events.tickets import NotificationRequested

LINK_LASTS_FOR = timedelta(days=365)
"""Each notice brings a fresh one, so it is a year after the last word."""
MOST_REFERRED = 10
MOST_QUOTED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """Something to tell about one ticket."""

    kind: NoticeKind
    dossier: Dossier
    requester: Contact
    comments: Sequence[Comment] = ()
    survivor: int | None = None

    @property
    def ticket(self) -> Ticket:
        return self.dossier.ticket


async def tell_requesters(
    unit: TicketsUnit,
    changed: Sequence[tuple[Folder, Dossier]],
    requesters: dict[str, Contact],
    now: datetime,
) -> None:
    """One notice per ticket and change at most; several things that happened at once are told together."""
    merged = [dossier.ticket.merged_into for folder, dossier in changed if _just_merged(folder, dossier)]
    numbers = await unit.channel.numbers_of([each for each in merged if each is not None]) if merged else {}
    words = [
        word
        for folder, dossier in changed
        if (word := _word(folder, dossier, requesters.get(dossier.ticket.requester_id), numbers)) is not None
    ]
    await send_words(unit, words, now)


async def send_link(unit: TicketsUnit, dossier: Dossier, requester: Contact, now: datetime) -> None:
    """A new link, to the requester's own address and to no other."""
    if requester.email is not None:
        await send_words(unit, [_Word(kind="link", dossier=dossier, requester=requester)], now)


async def send_words(unit: TicketsUnit, words: Sequence[_Word], now: datetime) -> None:
    if not words:
        return
    ids = {word.ticket.ticket_id for word in words}
    links = await unit.channel.links_of(ids, now)
    earlier = await unit.channel.earlier_notices(ids, MOST_REFERRED)
    answered = await unit.channel.last_messages(ids)
    zones = await unit.channel.zones_of({word.requester.person_id for word in words if word.requester.person_id})
    sent = []
    for word in words:
        ticket_id = word.ticket.ticket_id
        notice = SentNotice(notification_id=f"ticket-{new_id()}", ticket_id=ticket_id, kind=word.kind, at=now)
        sent.append(notice)
        zone = zones.get(word.requester.person_id or "")
        unit.record(
            NotificationRequested(
                notification_id=notice.notification_id,
                to_email=word.requester.email or "",
                to_name=word.requester.name if word.requester.name != word.requester.email else "",
                person_id=word.requester.person_id,
                subject=f"[#{word.ticket.number}] {word.ticket.subject}",
                body=_body(word, zone),
                link=_link(links[ticket_id], now),
                rollout=word.ticket.attribution.rollout if word.ticket.attribution else None,
                wave=word.ticket.attribution.wave if word.ticket.attribution else None,
                thread=str(word.ticket.number),
                in_reply_to=unit.channel.answering.get(word.requester.email or "") or answered.get(ticket_id),
                follows=earlier.get(ticket_id, []),
            )
        )
    await unit.channel.note_notices(sent)


def _link(link: FollowLink, now: datetime) -> SignedLink:
    return SignedLink(purpose="ticket", subject=link.link_id, expires_at=now + LINK_LASTS_FOR)


def _word(folder: Folder, dossier: Dossier, requester: Contact | None, numbers: dict[str, int]) -> _Word | None:
    ticket, before = dossier.ticket, folder.found.ticket
    if ticket.source is not None or ticket.deleted_at is not None or requester is None or requester.email is None:
        return None
    if folder.new:
        return _Word(kind="receipt", dossier=dossier, requester=requester)
    if _just_merged(folder, dossier):
        survivor = numbers.get(ticket.merged_into or "")
        return _Word(kind="merged", dossier=dossier, requester=requester, survivor=survivor)
    said = [comment for comment in folder.comments if _is_news(comment, requester)]
    if ticket.status.done and not before.status.done:
        kind: NoticeKind = "solved" if ticket.status is Status.SOLVED else "closed"
        return _Word(kind=kind, dossier=dossier, requester=requester, comments=said)
    return _Word(kind="answer", dossier=dossier, requester=requester, comments=said) if said else None


def _just_merged(folder: Folder, dossier: Dossier) -> bool:
    return dossier.ticket.merged_into is not None and folder.found.ticket.merged_into is None


def _is_news(comment: Comment, requester: Contact) -> bool:
    theirs = comment.author_role is AuthorRole.REQUESTER or comment.author_id == requester.contact_id
    return comment.public and not theirs and comment.retracted_at is None


def _body(word: _Word, zone: str | None) -> str:
    name = word.requester.name if word.requester.name != word.requester.email else ""
    lines = ["{reply}", f"Hello {_plain(name)}," if name else "Hello,", *_news(word, zone)]
    return "\n\n".join(line for line in lines if line) + "\n"


def _news(word: _Word, zone: str | None) -> list[str]:
    number, subject = word.ticket.number, _plain(word.ticket.subject)
    said = [_quoted(comment) for comment in word.comments]
    promised = [_promised(promise, zone) for promise in promises_of(word.dossier) if promise.due_at is not None]
    follow = "Follow it, add to it or withdraw it here; no account is needed:\n{link}"
    if word.kind == "receipt":
        return [f"we have your ticket #{number}: {subject}", "\n".join(promised), follow]
    if word.kind == "answer":
        return [f"there is an answer on your ticket #{number} ({subject}):", *said, "\n".join(promised), follow]
    if word.kind == "solved":
        asked = "Is it not solved? Say so here, and it is opened again:\n{link}"
        return [f"your ticket #{number} ({subject}) was marked as solved.", *said, asked]
    if word.kind == "closed":
        return [f"your ticket #{number} ({subject}) was closed.", *said, "What was said on it is here:\n{link}"]
    if word.kind == "merged":
        into = f" #{word.survivor}" if word.survivor is not None else ""
        return [
            f"your ticket #{number} ({subject}) is about the same as ticket{into} and goes on there.",
            "How it stands is here:\n{link}",
        ]
    return [f"here is a new way to your ticket #{number} ({subject}):", "{link}"]


def _promised(promise: Promise, zone: str | None) -> str:
    assert promise.due_at is not None
    return f"{promise.what} is promised by {spoken(promise.due_at, zone or promise.zone)}."


def _quoted(comment: Comment) -> str:
    text = _plain(comment.body.strip())
    if len(text) > MOST_QUOTED:
        text = f"{text[:MOST_QUOTED]}\n[The rest is on the ticket's page.]"
    return f"{_plain(comment.author_name)} wrote:\n\n{text}" if comment.author_name else text


def _plain(text: str) -> str:
    """What people wrote cannot stand for the link or the sentence on answering."""
    return text.replace("{link}", "{ link }").replace("{reply}", "{ reply }")
