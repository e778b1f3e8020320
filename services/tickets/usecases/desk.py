"""What people do at the desk: open a ticket, change it, write on it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.attribution import Attribution, Rule
from services.tickets.domain.dossier import Dossier, last_at
from services.tickets.domain.moment import MomentKind
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import AuthorRole, Comment, Kind, Ticket, is_response, may_become
from services.tickets.errors import StatusNotReachable, TicketAlreadyClosed
from services.tickets.ports import Contact, Identification, TicketsUnit
from services.tickets.usecases.attributing import attribute_folders, attribution_noted
from services.tickets.usecases.filing import Folder, close_folders
from shared.clock import new_id
from shared.rest import require_match

POLICY = "standard"
"""The one policy of this release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody by e-mail address, or by the account they are logged in with."""

    email: str | None
    account: str
    name: str

    @property
    def identification(self) -> Identification:
        if self.email:
            return Identification(system="", scheme="email", value=self.email.casefold())
        return Identification(system="glidepath", scheme="account", value=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What somebody asks for."""

    subject: str
    description: str
    priority: Priority
    kind: Kind
    requester: Person
    tags: tuple[str, ...]
    course: str | None
    system: str | None


async def open_ticket(unit: TicketsUnit, opening: Opening, actor: str, now: datetime) -> Dossier:
    """A new ticket with its clocks, attributed where a rule applies."""
    await unit.directory.hold_still()
    policy = await unit.policies.current(POLICY)
    requester = await _contact(unit, opening.requester)
    ticket = Ticket(
        ticket_id=new_id(),
        number=(await unit.tickets.next_numbers(1))[0],
        subject=opening.subject,
        description=opening.description,
        priority=opening.priority,
        kind=opening.kind,
        requester_id=requester.contact_id,
        tags=opening.tags,
        course=opening.course,
        system=opening.system,
        policy_name=policy.name,
        policy_version=policy.version,
        opened_at=now,
    )
    folder = Folder(found=Dossier(ticket=ticket), ticket=ticket, new=True)
    folder.happened(MomentKind.OPENED, now, now, opening.priority)
    folder.note("opened", now, now, actor, priority=opening.priority)
    await attribute_folders(unit, [folder], now)
    return (await close_folders(unit, [folder], now))[0]


async def change_ticket(
    unit: TicketsUnit, ticket_id: str, wanted: Mapping[str, Any], *, if_match: int, actor: str, now: datetime
) -> Dossier:
    """Change fields of a ticket that the caller has read at version `if_match`. What is not in `wanted` stays."""
    await unit.directory.hold_still()
    dossier = await unit.tickets.get_to_change(ticket_id)
    ticket = dossier.ticket
    require_match(ticket.version, if_match)
    if ticket.status is Status.CLOSED:
        raise TicketAlreadyClosed(f"Ticket {ticket.number} is closed and cannot be changed; open a new one.")
    folder = Folder.of(dossier)
    at = _here_and_now(dossier, now)
    if "status" in wanted and wanted["status"] != ticket.status:
        _move(folder, Status(wanted["status"]), at, now, actor)
    if "priority" in wanted and wanted["priority"] != ticket.priority:
        folder.happened(MomentKind.PRIORITY, at, now, Priority(wanted["priority"]))
        folder.note("priority", at, now, actor, before=ticket.priority, after=wanted["priority"])
    fields = {
        name: value
        for name, value in wanted.items()
        if name not in ("status", "priority", "attribution") and value != getattr(ticket, name)
    }
    if fields:
        told_at = {**ticket.told_at, **dict.fromkeys(fields, at)}
        folder.ticket = replace(ticket, told_at=told_at, **fields)
        folder.note("changed", at, now, actor, fields=sorted(fields))
    if "attribution" in wanted:
        _attribute_by_hand(folder, wanted["attribution"], at, now, actor)
    elif fields:
        await attribute_folders(unit, [folder], now)
    return (await close_folders(unit, [folder], now))[0]


def _move(folder: Folder, status: Status, at: datetime, now: datetime, actor: str) -> None:
    before = folder.ticket.status
    if not may_become(before, status):
        raise StatusNotReachable(f"A ticket that is {before} cannot become {status}.")
    folder.happened(MomentKind.STATUS, at, now, status)
    folder.note("status", at, now, actor, before=before, after=status)


def _attribute_by_hand(folder: Folder, wave: tuple[str, str] | None, at: datetime, now: datetime, actor: str) -> None:
    attribution = None if wave is None else Attribution(rollout=wave[0], wave=wave[1], rule=Rule.HAND)
    folder.ticket = replace(folder.ticket, attribution=attribution, by_hand=True)
    folder.note("attributed", at, now, actor, **attribution_noted(attribution))


async def add_comment(
    unit: TicketsUnit,
    ticket_id: str,
    *,
    author: Person,
    role: AuthorRole,
    public: bool,
    body: str,
    now: datetime,
) -> Comment:
    """Write on a ticket. A public comment by a person who is not the requester answers it."""
    await unit.directory.hold_still()
    dossier = await unit.tickets.get_to_change(ticket_id)
    if dossier.ticket.status is Status.CLOSED:
        raise TicketAlreadyClosed(f"Ticket {dossier.ticket.number} is closed; open a new one.")
    contact = await _contact(unit, author)
    requester = (await unit.contacts.load({dossier.ticket.requester_id}))[dossier.ticket.requester_id]
    by_requester = contact.contact_id == requester.contact_id or (
        contact.person_id is not None and contact.person_id == requester.person_id
    )
    at = _here_and_now(dossier, now)
    comment = Comment(
        comment_id=new_id(),
        ticket_id=ticket_id,
        at=at,
        observed_at=now,
        author_id=contact.contact_id,
        author_name=author.name,
        author_role=AuthorRole.REQUESTER if by_requester else role,
        public=public,
        body=body,
    )
    folder = Folder.of(dossier)
    folder.comments.append(comment)
    folder.note("comment", at, now, author.name, comment_id=comment.comment_id, public=public)
    if is_response(public=public, role=comment.author_role, by_requester=by_requester):
        folder.happened(MomentKind.ANSWERED, at, now)
    await close_folders(unit, [folder], now)
    return comment


def _here_and_now(dossier: Dossier, now: datetime) -> datetime:
    """What is done here comes after all that is known, even where another replica's clock is a little ahead."""
    return max(now, last_at(dossier.moments) or now)


async def _contact(unit: TicketsUnit, person: Person) -> Contact:
    found = await unit.contacts.identify({person.identification: person.name})
    return found[person.identification]
