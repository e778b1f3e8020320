"""What is written on tickets: a word, an answer, what is changed in it later, and what is taken back."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.tickets.domain.link import Cascade, CascadeKind
from services.tickets.domain.moment import MomentKind
from services.tickets.domain.policy import Status
from services.tickets.domain.ticket import AuthorRole, Comment, CommentEdit, is_response
from services.tickets.errors import CommentRetracted
from services.tickets.ports import Contact, TicketsUnit
from services.tickets.usecases.changing import move
from services.tickets.usecases.filing import CLOCKWORK, Folder, close_folders
from services.tickets.usecases.people import Person, contact_of
from services.tickets.usecases.writable import load_writable, refuse_merged
from shared.clock import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What is to be different about a comment; None stays."""

    body: str | None = None
    public: bool | None = None


async def add_comment(
    unit: TicketsUnit,
    ticket_id: str,
    *,
    author: Person,
    role: AuthorRole,
    public: bool,
    body: str,
    now: datetime,
    status: Status | None = None,
    notify_children: bool = False,
) -> Comment:
    """Write on a ticket, and set a status with it ("here is how, solved"): one act, one instant.

    A public comment by a person who is not the requester answers it; one by the requester asks, and brings a ticket that waits
    for the requester back to the desk. Raises what `load_writable` and `move` raise.
    """
    await unit.directory.hold_still()
    dossier = await load_writable(unit, ticket_id)
    contact = await contact_of(unit, author)
    requester = (await unit.contacts.load({dossier.ticket.requester_id}))[dossier.ticket.requester_id]
    by_requester = _same_person(contact, requester)
    folder = Folder.of(dossier)
    at = folder.here_and_now(now)
    comment = Comment(
        comment_id=new_id(),
        ticket_id=dossier.ticket.ticket_id,
        at=at,
        observed_at=now,
        author_id=contact.contact_id,
        author_name=author.name,
        author_role=AuthorRole.REQUESTER if by_requester else role,
        public=public,
        body=body,
    )
    folder.comments.append(replace(comment, moment_id=mean(folder, comment, by_requester, at, now)))
    folder.note("comment", at, now, author.name, comment_id=comment.comment_id, public=public)
    if status is not None and status is not dossier.ticket.status:
        move(folder, status, at, now, author.name)
    elif public and by_requester and dossier.ticket.status is Status.PENDING:
        move(folder, Status.OPEN, at, now, CLOCKWORK, because="the requester answered")
    await close_folders(unit, [folder], now)
    if notify_children and public:
        await _notify_children(unit, folder.comments[0], author.name, now)
    return folder.comments[0]


def mean(folder: Folder, comment: Comment, by_requester: bool | None, at: datetime, now: datetime) -> str | None:
    """What a comment means to the clocks: an answer, a word of the requester, or nothing. The id of the moment."""
    said_at = comment.said_at
    if is_response(public=comment.public, role=comment.author_role, by_requester=by_requester):
        return folder.happened(MomentKind.ANSWERED, at, now, said_at=said_at)
    if comment.public and comment.author_role is AuthorRole.REQUESTER:
        return folder.happened(MomentKind.ASKED, at, now, said_at=said_at)
    return None


async def edit_comment(
    unit: TicketsUnit, ticket_id: str, comment_id: str, revision: Revision, actor: str, now: datetime
) -> Comment:
    """Change what a comment says or who may read it; what it said before is kept.

    Made internal, it answers nobody any more; made public, it answers from now on. Raises `CommentNotFound`,
    `CommentRetracted` and what `load_writable` raises.
    """
    await unit.directory.hold_still()
    dossier = await load_writable(unit, ticket_id)
    comment = await _standing_comment(unit, dossier.ticket.ticket_id, comment_id)
    folder = Folder.of(dossier)
    changed = revise(folder, comment, revision, folder.here_and_now(now), now, actor)
    await close_folders(unit, [folder], now)
    return changed


async def retract_comment(
    unit: TicketsUnit, ticket_id: str, comment_id: str, reason: str, actor: str, now: datetime
) -> Comment:
    """Take a comment back: what it meant to the clocks counts as never having happened. Staff still see that it was there.

    Raises `CommentNotFound`, `CommentRetracted`, `TicketMerged`.
    """
    await unit.directory.hold_still()
    dossier = await unit.tickets.get_to_change(ticket_id)
    await refuse_merged(unit, dossier.ticket)
    comment = await _standing_comment(unit, dossier.ticket.ticket_id, comment_id)
    folder = Folder.of(dossier)
    retracted = retract(folder, comment, folder.here_and_now(now), now, actor, reason=reason)
    await close_folders(unit, [folder], now)
    return retracted


def revise(folder: Folder, comment: Comment, revision: Revision, at: datetime, now: datetime, actor: str) -> Comment:
    """Put a changed comment in the folder, with what it said before; as it is then. No change leaves no trace."""
    body = comment.body if revision.body is None else revision.body
    public = comment.public if revision.public is None else revision.public
    if (body, public) == (comment.body, comment.public):
        return comment
    edit = CommentEdit(
        edit_id=new_id(),
        comment_id=comment.comment_id,
        body=comment.body,
        public=comment.public,
        edited_at=at,
        edited_by=actor,
    )
    changed = replace(comment, body=body, public=public, edited_at=at)
    if comment.public and not public and comment.moment_id is not None:
        folder.take_back(comment.moment_id, at, now)
        changed = replace(changed, moment_id=None)
    elif public and not comment.public:
        changed = replace(changed, moment_id=mean(folder, changed, None, at, now))
    folder.edits.append(edit)
    put_revised(folder, changed)
    folder.note("comment_edited", at, now, actor, comment_id=comment.comment_id, public=public)
    return changed


def retract(
    folder: Folder, comment: Comment, at: datetime, now: datetime, actor: str, *, reason: str | None = None
) -> Comment:
    """Put a comment that is taken back in the folder; as it is then."""
    if comment.moment_id is not None:
        folder.take_back(comment.moment_id, at, now)
    retracted = replace(comment, retracted_at=at, retracted_by=actor)
    put_revised(folder, retracted)
    detail = {} if reason is None else {"reason": reason}
    folder.note("comment_retracted", at, now, actor, comment_id=comment.comment_id, **detail)
    return retracted


def put_revised(folder: Folder, comment: Comment) -> None:
    """In the place of the one that it was: a comment of this very change is not written yet."""
    for drawer in (folder.comments, folder.revised):
        for index, each in enumerate(drawer):
            if each.comment_id == comment.comment_id:
                drawer[index] = comment
                return
    folder.revised.append(comment)


async def _standing_comment(unit: TicketsUnit, ticket_id: str, comment_id: str) -> Comment:
    comment = await unit.tickets.comment(ticket_id, comment_id)
    if comment.retracted_at is not None:
        raise CommentRetracted("The comment was taken back; write a new one.")
    return comment


async def _notify_children(unit: TicketsUnit, comment: Comment, actor: str, now: datetime) -> None:
    if await unit.links.has_children(comment.ticket_id):
        cascade = Cascade(
            cascade_id=new_id(),
            parent_id=comment.ticket_id,
            kind=CascadeKind.NOTIFY,
            at=comment.at,
            actor=actor,
            comment_id=comment.comment_id,
        )
        await unit.links.intend(cascade, now)


def _same_person(author: Contact, requester: Contact) -> bool:
    return author.contact_id == requester.contact_id or (
        author.person_id is not None and author.person_id == requester.person_id
    )
