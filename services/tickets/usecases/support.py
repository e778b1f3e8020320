"""What people without an account do: look for an answer, raise a ticket, follow it, say that it is solved or is not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.faq import BEST, MOST_RANKED, Entry, rank
from services.tickets.domain.mail import only_thanks
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import AuthorRole, Comment, Kind
from services.tickets.errors import TicketAlreadyClosed, TicketMerged, TicketNotFound
from services.tickets.ports import Contact, TicketsUnit
from services.tickets.ports.channel import FaqFilter, FollowLink, Wave
from services.tickets.usecases.desk import Opening, Person, add_comment, change_ticket, open_ticket
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.noticing import send_link
from shared.errors import ServiceError
from shared.rest import PagingRequest

FITS = 0.4
"""The share of an entry's question, its words weighed by how rare they are, that a problem must hold for it to be shown."""
LINK_AGAIN_AFTER = timedelta(minutes=10)
MOST_SHOWN = 200
ANSWERED_AFTER_SOLVED = "answered-after-solved"
"""The tag by which the desk finds solved tickets whose requester wrote more than thanks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A filled-in form. `wave` is the one whose form it is; `about_wave` that the person said it is about its rollout."""

    form_id: str
    name: str
    email: str
    subject: str
    description: str
    system: str | None
    course: str | None
    cause: str | None
    minutes_lost: int | None
    priority: Priority
    impact: str | None
    wave: Wave | None
    about_wave: bool

    @property
    def text(self) -> str:
        return "\n".join(filter(None, [self.subject, self.system, self.description]))


async def look_for_answers(unit: TicketsUnit, problem: Problem) -> list[Entry]:
    """The entries that may answer it, best first; counted as shown."""
    entries = await fitting(unit, problem.text, problem.wave, least=FITS)
    if entries:
        await unit.faq.count_shown([entry.entry_id for entry in entries])
    return entries


async def fitting(unit: TicketsUnit, text: str, wave: Wave | None, *, least: float) -> list[Entry]:
    cut = FaqFilter(rollout=wave.rollout if wave else None, wave=wave.wave if wave else None)
    candidates = await unit.faq.candidates(cut, MOST_RANKED)
    return [entry for entry, _ in rank(text, candidates, BEST, least=least)]


async def raise_ticket(unit: TicketsUnit, problem: Problem, shown: Sequence[str], now: datetime) -> Dossier:
    """A ticket of the form; the same form again is the same ticket. What was shown did not help. Raises `ImpactMissing`."""
    known = await unit.channel.ticket_of_form(problem.form_id)
    if known is not None:
        return await unit.tickets.get(known)
    for entry_id in shown[:BEST]:
        await unit.faq.note_verdict(problem.form_id, entry_id, helped=False, now=now)
    opening = Opening(
        subject=problem.subject,
        description=problem.description,
        priority=problem.priority,
        kind=Kind.QUESTION if problem.priority is Priority.P4 else Kind.INCIDENT,
        requester=Person(email=problem.email, account=problem.email, name=problem.name),
        tags=_tags(problem),
        course=problem.course,
        system=problem.system,
        impact=problem.impact,
        cause=problem.cause,
        minutes_lost=problem.minutes_lost,
    )
    dossier = await open_ticket(unit, opening, problem.name, now)
    await unit.channel.keep_form(problem.form_id, dossier.ticket.ticket_id, now)
    return dossier


def _tags(problem: Problem) -> tuple[str, ...]:
    """Coming by a wave's form is no proof: only who says that it is about the rollout counts for the wave."""
    tags = ["form"]
    if problem.wave is not None and problem.about_wave:
        tags += [f"rollout:{problem.wave.rollout}", f"wave:{problem.wave.wave}"]
    return tuple(tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What the bearer of a link may see. `survivor` is the ticket that theirs was joined with."""

    link: FollowLink
    dossier: Dossier
    requester: Contact
    comments: Sequence[Comment]
    more: bool
    zone: str | None
    survivor: Dossier | None = None

    @property
    def revoked(self) -> bool:
        return self.link.revoked_at is not None


async def follow_ticket(unit: TicketsUnit, link_id: str) -> Followed:
    """Raises `TicketNotFound` for a link that leads nowhere any more. Changes nothing: mail scanners open links too."""
    link = await unit.channel.find_link(link_id)
    if link is None:
        raise TicketNotFound("The ticket that this link led to is gone.")
    dossier = await unit.tickets.get(link.ticket_id)
    if dossier.ticket.deleted_at is not None:
        raise TicketNotFound("The ticket that this link led to is gone.")
    requester = (await unit.contacts.load({dossier.ticket.requester_id}))[dossier.ticket.requester_id]
    shown, survivor = dossier, None
    if dossier.ticket.merged_into is not None:
        gone_on = (await unit.links.survivors([link.ticket_id])).get(link.ticket_id, dossier.ticket.merged_into)
        survivor = await unit.tickets.get(gone_on)
        # What others wrote on the other ticket is theirs.
        shown = survivor if survivor.ticket.requester_id == requester.contact_id else dossier
    paging = PagingRequest(limit=MOST_SHOWN, cursor=None)
    comments, after = await unit.tickets.page_comments(shown.ticket.ticket_id, paging, internal_too=False)
    zones = await unit.channel.zones_of([requester.person_id]) if requester.person_id else {}
    return Followed(
        link=link,
        dossier=dossier,
        requester=requester,
        comments=[comment for comment in comments if comment.retracted_at is None],
        more=after is not None,
        zone=zones.get(requester.person_id or ""),
        survivor=survivor,
    )


async def say_more(unit: TicketsUnit, followed: Followed, text: str, now: datetime) -> None:
    """The requester's word. Raises `TicketMerged`, `TicketAlreadyClosed`."""
    await add_comment(
        unit,
        followed.dossier.ticket.ticket_id,
        author=author_of(followed.requester),
        role=AuthorRole.REQUESTER,
        public=True,
        body=text,
        now=now,
    )
    if followed.dossier.ticket.status.done:
        await ask_desk(unit, followed.dossier.ticket.ticket_id, who=followed.requester.name, text=text, now=now)


async def ask_desk(unit: TicketsUnit, ticket_id: str, *, who: str, text: str, now: datetime) -> None:
    """A word on a solved ticket arms no clock and reopens nothing: people decide, and are asked to unless it is only thanks."""
    folder = Folder.of(await unit.tickets.get_to_change(ticket_id))
    thanks = only_thanks(text)
    folder.note("answered_after_solved", folder.here_and_now(now), now, who, only_thanks=thanks)
    if not thanks:
        tags = tuple(dict.fromkeys([*folder.ticket.tags, ANSWERED_AFTER_SOLVED]))
        folder.ticket = replace(folder.ticket, tags=tags)
    await close_folders(unit, [folder], now)


async def set_status(unit: TicketsUnit, followed: Followed, status: Status, text: str, now: datetime) -> None:
    """The requester says that it is solved, is not solved, or is withdrawn (closed), with or without words."""
    ticket_id = followed.dossier.ticket.ticket_id
    await unit.directory.hold_still()
    if text:
        author = author_of(followed.requester)
        await add_comment(unit, ticket_id, author=author, role=AuthorRole.REQUESTER, public=True, body=text, now=now)
    # Locked here, so the version that is read is the one that is changed.
    dossier = await unit.tickets.get_to_change(ticket_id)
    if dossier.ticket.status is status:
        return
    if status is Status.OPEN and not dossier.ticket.status.done:
        return
    version = dossier.ticket.version
    who = followed.requester.name or "the requester"
    await change_ticket(unit, ticket_id, {"status": status}, if_match=version, actor=who, now=now)


async def send_new_link(unit: TicketsUnit, link_id: str, now: datetime) -> bool:
    """Mail a new link to the requester; False if that was done a moment ago. Raises `TicketNotFound`."""
    followed = await follow_ticket(unit, link_id)
    if not await unit.channel.note_asked_again(link_id, now, not_since=now - LINK_AGAIN_AFTER):
        return False
    await send_link(unit, followed.dossier, followed.requester, now)
    return True


async def replace_link(unit: TicketsUnit, followed: Followed, now: datetime) -> None:
    """Nobody gets in by the links that are about, and the requester gets a new one by mail."""
    await unit.channel.revoke_links(followed.link.ticket_id, now)
    await send_link(unit, followed.dossier, followed.requester, now)


def author_of(requester: Contact) -> Person:
    """The requester as the one who writes, however they were named."""
    return Person(email=requester.email, account=requester.identification.value, name=requester.name)


def why_refused(error: ServiceError) -> str:
    """In the requester's words."""
    if isinstance(error, TicketMerged):
        return "Your ticket goes on in another one; write there by answering its e-mails, or raise a new one."
    if isinstance(error, TicketAlreadyClosed):
        return "This ticket is closed for good. Please raise a new one and name its number."
    return error.detail
