"""What one fact of a helpdesk does to a ticket's folder. Facts come late, twice and out of order; each keeps its own time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import MomentKind, bounded, in_order
from services.tickets.domain.policy import Priority
from services.tickets.domain.ticket import AuthorRole, Comment, Report, Ticket, informed
from services.tickets.ports import Contact, Identification
from services.tickets.usecases.commenting import Revision, mean, retract, revise
from services.tickets.usecases.folder import Folder
from shared.clock import new_id
from shared.events.facts import CommentFact, HelpdeskFact, Identity

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No helpdesk kept tickets before; such a time was never set."""
CREATED = "created"
"""The key in `told_at` that says that the desk itself told when the ticket was opened."""
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Facts of one source that came together. Facts without a time are of `received_at`."""

    source: str
    delivery_id: str
    received_at: datetime
    whole: bool = False
    """Read from the helpdesk by us, so it is so now; a webhook only says that it was so."""
    says: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """`calls.says` of the source's vendor file."""


def named_in(source: str, facts: Iterable[HelpdeskFact]) -> dict[Identification, str]:
    """Everybody the facts name, and somebody unnamed for tickets without a requester."""
    named: dict[Identification, str] = {}
    for fact in facts:
        for identity in (fact.requester, fact.comment.author if fact.comment else None):
            if identity is not None:
                named[identified(source, identity)] = identity.value
    named[_nobody(source)] = ""
    return named


def identified(source: str, identity: Identity) -> Identification:
    """E-mail addresses are the same everywhere and in any case; every other name is a name within its source."""
    if identity.scheme == "email":
        return Identification(system="", scheme="email", value=identity.value.strip().casefold())
    return Identification(system=source, scheme=identity.scheme.value, value=identity.value)


def _nobody(source: str) -> Identification:
    return Identification(system=source, scheme=UNNAMED, value="")


def opened_by(
    fact: HelpdeskFact,
    arrival: Arrival,
    contacts: Mapping[Identification, Contact],
    number: int,
    now: datetime,
) -> Folder:
    """A new ticket from the first fact that speaks of it, whichever that is."""
    opened_at = _created_at(fact, now) or _bounded(fact, arrival, EARLIEST, now)
    ticket = Ticket(
        ticket_id=new_id(),
        number=number,
        subject=fact.subject or f"Ticket {fact.ticket.key or fact.ticket.id} of {arrival.source}",
        priority=Priority(fact.priority.value) if fact.priority else Priority.P3,
        requester_id=contacts[_nobody(arrival.source)].contact_id,
        source=arrival.source,
        external_id=fact.ticket.id,
        policy_name="",
        policy_version=0,
        opened_at=opened_at,
    )
    folder = Folder(found=Dossier(ticket=ticket), ticket=ticket, new=True)
    folder.happened(MomentKind.OPENED, opened_at, now, ticket.priority)
    folder.note("opened", opened_at, now, arrival.source, priority=ticket.priority)
    return folder


def apply_fact(
    folder: Folder,
    arrival: Arrival,
    fact: HelpdeskFact,
    contacts: Mapping[Identification, Contact],
    known: Mapping[str, Comment],
    now: datetime,
    *,
    unheard: bool = True,
) -> None:
    """Put in the folder what the fact says, at the time at which it was so.

    `known` are the ticket's comments by their ids outside; one that is not among them although it was heard of (`unheard` is
    false) was deleted before it was told.
    """
    at = happened_at(folder, fact, arrival, now)
    actor = arrival.source
    if fact.type == "deleted":
        _delete(folder, fact, known, at, now, actor)
        return
    _open_earlier(folder, fact, at, now)
    if fact.status is not None:
        _note_change(folder, MomentKind.STATUS, fact.status.value, at, now, actor, fact.occurred_at)
    if fact.priority is not None:
        _note_change(folder, MomentKind.PRIORITY, fact.priority.value, at, now, actor, fact.occurred_at)
    if fact.tags is not None:
        detail = {"tags": list(fact.tags)}
        folder.happened(MomentKind.FEATURES, at, now, detail=detail, said_at=fact.occurred_at)
    requester = contacts[identified(arrival.source, fact.requester)] if fact.requester else None
    folder.ticket = informed(
        folder.ticket,
        Report(
            at=at,
            subject=fact.subject,
            description=_description(folder.ticket, fact),
            vendor_status=fact.vendor_status,
            external_key=fact.ticket.key,
            requester_id=requester.contact_id if requester else None,
            assignee=fact.assignee.value if fact.assignee else None,
            tags=fact.tags,
        ),
    )
    if fact.comment is None:
        return
    there = _known(folder, known, fact.comment.id)
    if there is not None:
        _changed_there(folder, there, fact, fact.comment, at, now, arrival.source)
    elif unheard:
        _comment(folder, arrival, fact, fact.comment, contacts, at, now)


def _description(ticket: Ticket, fact: HelpdeskFact) -> str | None:
    """One that was written here stays as it was written: theirs is our own, as they keep it."""
    return fact.description if not ticket.description or "description" in ticket.told_at else None


def happened_at(folder: Folder, fact: HelpdeskFact, arrival: Arrival, now: datetime) -> datetime:
    """The fact's own time, bounded by the ticket's opening, where that was told, and now (ADR 0013)."""
    opened_at = folder.ticket.opened_at if CREATED in folder.ticket.told_at else EARLIEST
    created_at = _created_at(fact, now)
    return _bounded(fact, arrival, min(opened_at, created_at or opened_at), now)


def _bounded(fact: HelpdeskFact, arrival: Arrival, earliest: datetime, now: datetime) -> datetime:
    return bounded(fact.occurred_at or arrival.received_at, earliest=earliest, observed_at=now)


def _created_at(fact: HelpdeskFact, now: datetime) -> datetime | None:
    created_at = fact.created_at
    if created_at is None or created_at.tzinfo is None or created_at < EARLIEST:
        return None
    return min(created_at.astimezone(UTC), now)


def _open_earlier(folder: Folder, fact: HelpdeskFact, at: datetime, now: datetime) -> None:
    """The first fact that came need not be the first that happened."""
    created_at = _created_at(fact, now)
    opening = next(each for each in in_order(folder.all_moments) if each.kind is MomentKind.OPENED)
    known = CREATED in folder.ticket.told_at
    earlier = created_at or (at if not known else opening.at)
    if earlier < opening.at:
        priority = Priority(fact.priority.value) if fact.priority else folder.ticket.priority
        folder.happened(MomentKind.OPENED, earlier, now, priority, detail=opening.detail)
    if created_at is not None:
        told_at = {**folder.ticket.told_at, CREATED: created_at}
        folder.ticket = replace(folder.ticket, opened_at=min(earlier, opening.at), told_at=told_at)


def _delete(
    folder: Folder, fact: HelpdeskFact, known: Mapping[str, Comment], at: datetime, now: datetime, actor: str
) -> None:
    """A comment that is gone never answered anybody; a ticket that is gone has no clocks that matter."""
    if fact.comment is None:
        folder.happened(MomentKind.DELETED, at, now, said_at=fact.occurred_at)
        folder.note("deleted", at, now, actor)
        return
    comment = _known(folder, known, fact.comment.id)
    if comment is not None and comment.retracted_at is None:
        # Taking back is an act of its own, which happened when it was done there; what it undid may be of any time before.
        retract(folder, comment, max(at, comment.at), now, actor)


def _known(folder: Folder, known: Mapping[str, Comment], external_id: str | None) -> Comment | None:
    """As it is by now: a fact of this very delivery may have made or changed it."""
    if external_id is None:
        return None
    for drawer in (folder.revised, folder.comments):
        for comment in drawer:
            if comment.external_id == external_id:
                return comment
    return known.get(external_id)


def _note_change(
    folder: Folder, kind: MomentKind, value: str, at: datetime, now: datetime, actor: str, said_at: datetime | None
) -> None:
    """Every observation is kept, since a later one may turn out to lie before it; only a change is told to people."""
    before = [each for each in in_order(folder.all_moments) if each.kind is kind and each.at <= at]
    if not before or before[-1].value != value:
        detail = {"before": before[-1].value} if before else {}
        folder.note(kind.value, at, now, actor, after=value, **detail)
    folder.happened(kind, at, now, value, said_at=said_at)


def _comment(
    folder: Folder,
    arrival: Arrival,
    fact: HelpdeskFact,
    said: CommentFact,
    contacts: Mapping[Identification, Contact],
    at: datetime,
    now: datetime,
) -> None:
    author = contacts[identified(arrival.source, said.author)] if said.author else None
    requester_id = contacts[identified(arrival.source, fact.requester)].contact_id if fact.requester else None
    by_requester = _same(author, requester_id or folder.ticket.requester_id, contacts)
    role = AuthorRole(said.author_role)
    comment = Comment(
        comment_id=new_id(),
        ticket_id=folder.ticket.ticket_id,
        at=at,
        said_at=fact.occurred_at,
        observed_at=now,
        author_id=author.contact_id if author else None,
        author_name=author.name if author else "",
        author_role=AuthorRole.REQUESTER if by_requester else role,
        public=said.public is not False,
        body=said.body or "",
        external_id=said.id,
    )
    moment_id = mean(folder, comment, by_requester, at, now)
    folder.comments.append(replace(comment, moment_id=moment_id))
    folder.note("comment", at, now, comment.author_name or role, comment_id=comment.comment_id, public=comment.public)


def _changed_there(
    folder: Folder, comment: Comment, fact: HelpdeskFact, said: CommentFact, at: datetime, now: datetime, actor: str
) -> None:
    """The same comment told again is a change only where it is told of a later time: another way to tell it is none."""
    last = max(filter(None, (comment.edited_at, comment.said_at)), default=None)
    if comment.retracted_at is None and fact.occurred_at is not None and (last is None or at > last):
        revise(folder, comment, Revision(body=said.body, public=said.public), at, now, actor)


def _same(author: Contact | None, requester_id: str, contacts: Mapping[Identification, Contact]) -> bool | None:
    """Whether the author is the requester; None where the two are named in ways that cannot be compared."""
    if author is None:
        return None
    if author.contact_id == requester_id:
        return True
    requester = next((each for each in contacts.values() if each.contact_id == requester_id), None)
    if requester is None or requester.identification.scheme == UNNAMED:
        return None
    if author.person_id is not None and requester.person_id is not None:
        return author.person_id == requester.person_id
    named, asked = author.identification, requester.identification
    return False if (named.system, named.scheme) == (asked.system, asked.scheme) else None
