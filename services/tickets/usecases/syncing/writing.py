"""Tell a helpdesk what is to be told: write down the attempt, call, write down what came of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Status
from services.tickets.domain.sync import (
    Field,
    RemoteLink,
    RemoteWrite,
    WriteKind,
    WriteState,
    agreed,
    changed_here,
    marker_of,
)
from services.tickets.domain.ticket import Comment
from services.tickets.ports import TicketsUnit
from services.tickets.ports.sync import (
    AnswerLost,
    CredentialRefused,
    Helpdesk,
    OrderRefused,
    OutgoingComment,
    OutgoingTicket,
    TicketGone,
    Told,
)
from services.tickets.usecases.filing import close_folders
from services.tickets.usecases.folder import Folder
from services.tickets.usecases.syncing.post import Post
from services.tickets.usecases.syncing.weighing import KINDS, said_as
from shared.errors import PermanentFailure, TemporaryFailure

LONGEST_PROBLEM = 500
BATCHES = 8
"""Of orders in one step, before the list of changes has its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An order that is written down as attempted, with what is sent."""

    write: RemoteWrite
    ticket: OutgoingTicket
    comment: OutgoingComment | None
    changes: Mapping[Field, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    write: RemoteWrite
    told: Told | None = None
    failure: Exception | None = None


async def tell(post: Post, desk: Helpdesk) -> bool:
    """Tell what is due, some orders at a time. Raises the failure that says that the helpdesk cannot be told anything now."""
    worked = False
    for _ in range(BATCHES):
        prepared = await _prepare(post)
        if prepared is None:
            return worked
        worked = True
        if not prepared:
            continue
        post.reached("sync.attempted")
        outcomes = await asyncio.gather(*(_call(desk, each) for each in prepared))
        post.reached("sync.answered")
        await note_outcomes(post, outcomes)
        post.reached("sync.noted")
        for outcome in outcomes:
            if isinstance(outcome.failure, CredentialRefused) or _is_closed(outcome.failure):
                assert outcome.failure is not None
                raise outcome.failure
    return worked


def _is_closed(failure: Exception | None) -> bool:
    """Whether it says something of the helpdesk and not of the order."""
    return isinstance(failure, TemporaryFailure) and not isinstance(failure, AnswerLost)


async def _prepare(post: Post) -> list[Prepared] | None:
    """The next orders, written down as attempted; None where there are none, empty where those there were need no call."""
    now = post.clock.now()
    async with post.database.unit() as unit:
        await unit.directory.hold_still()
        await unit.connectors.find(post.connector.name, lock=True)
        due = await unit.remote_writes.due(post.connector.name, now, post.calls.parallel, uncertain=False)
        if not due:
            return None
        prepared, saved = await _filled(post, unit, due, now)
        await unit.remote_writes.save(saved)
    return prepared


async def _filled(
    post: Post, unit: TicketsUnit, due: Sequence[RemoteWrite], now: datetime
) -> tuple[list[Prepared], list[RemoteWrite]]:
    ids = {write.ticket_id for write in due}
    dossiers = {each.ticket.ticket_id: each for each in await unit.tickets.load(ids)}
    links = await unit.remote_links.load(ids)
    contacts = await unit.contacts.load({each.ticket.requester_id for each in dossiers.values()})
    prepared: list[Prepared] = []
    saved: list[RemoteWrite] = []
    for write in due:
        dossier, link = dossiers.get(write.ticket_id), links.get(write.ticket_id)
        problem = _not_possible(post, write, dossier, link)
        if problem is not None or dossier is None or link is None:
            state = WriteState.REFUSED if problem else WriteState.DISCARDED
            saved.append(replace(write, state=state, problem=problem, done_at=None if problem else now))
            continue
        ticket = dossier.ticket
        changes: dict[Field, str] = {}
        comment: OutgoingComment | None = None
        if write.kind is WriteKind.CHANGE:
            changes = {name: word for name, word in changed_here(link, ticket).items() if name in post.calls.takes}
        elif write.kind is WriteKind.COMMENT:
            comment = await _comment(unit, write)
        if (write.kind is WriteKind.CHANGE and not changes) or (write.kind is WriteKind.COMMENT and comment is None):
            saved.append(replace(write, state=WriteState.DONE, done_at=now, payload={}))
            continue
        if comment is not None and not comment.public and not post.calls.internal_comments:
            saved.append(
                replace(write, state=WriteState.DISCARDED, done_at=now, problem="It keeps nothing from the requester.")
            )
            continue
        payload: dict[str, str] = {str(name): word for name, word in changes.items()}
        if write.kind is WriteKind.CREATE:
            payload = {"subject": ticket.subject, "priority": ticket.priority.value}
        attempted = replace(
            write,
            state=WriteState.ATTEMPTED,
            payload=payload,
            attempted_at=now,
            first_attempted_at=write.first_attempted_at or now,
            attempts=write.attempts + 1,
            # Until when nobody looks whether it took effect: the call itself has at most so long, too.
            try_at=now + post.settle_for,
        )
        outgoing = post.outgoing(dossier, link, attempted, contacts.get(ticket.requester_id))
        saved.append(attempted)
        prepared.append(Prepared(write=attempted, ticket=outgoing, comment=comment, changes=changes))
    return prepared, saved


def _not_possible(post: Post, write: RemoteWrite, dossier: Dossier | None, link: RemoteLink | None) -> str | None:
    if dossier is None or link is None:
        return "The ticket is linked no more."
    if link.gone_at is not None:
        return "The ticket is no longer at the helpdesk, or not ours to see."
    if write.kind is not WriteKind.CREATE and link.external_id is None:
        return "The ticket is not at the helpdesk: the order to make it there was refused."
    if write.kind is WriteKind.CREATE and link.external_id is not None:
        return "The ticket is at the helpdesk already."
    return None


async def _comment(unit: TicketsUnit, write: RemoteWrite) -> OutgoingComment | None:
    """What is to be said; None where it was taken back meanwhile or is there already."""
    comment: Comment = await unit.tickets.comment(write.ticket_id, write.comment_id or "")
    if comment.retracted_at is not None or comment.external_id is not None:
        return None
    author = None
    if comment.author_id is not None:
        author = (await unit.contacts.load({comment.author_id})).get(comment.author_id)
    return OutgoingComment(
        body=comment.body,
        public=comment.public,
        author=comment.author_name or (author.name if author else ""),
        author_email=author.email if author else None,
        marker=marker_of(write.write_id),
    )


async def _call(desk: Helpdesk, prepared: Prepared) -> Outcome:
    write = prepared.write
    try:
        if write.kind is WriteKind.CREATE:
            told = await desk.create_ticket(prepared.ticket)
        elif prepared.comment is not None:
            told = await desk.add_comment(prepared.ticket, prepared.comment)
        else:
            told = await desk.change_ticket(prepared.ticket, prepared.changes)
    except (TemporaryFailure, PermanentFailure) as failure:
        return Outcome(write, failure=failure)
    return Outcome(write, told=told)


async def note_outcomes(post: Post, outcomes: Sequence[Outcome]) -> None:
    """Write down what came of orders, in one transaction."""
    now = post.clock.now()
    async with post.database.unit() as unit:
        await unit.directory.hold_still()
        await unit.connectors.find(post.connector.name, lock=True)
        ids = {outcome.write.ticket_id for outcome in outcomes if outcome.told is not None or _gone(outcome)}
        folders = {each.ticket.ticket_id: Folder.of(each) for each in await unit.tickets.load(ids)}
        links = await unit.remote_links.load(ids)
        saved = []
        for outcome in outcomes:
            write = outcome.write
            if outcome.told is None:
                saved.append(_failed(post, write, outcome.failure, now))
                if _gone(outcome) and write.ticket_id in links:
                    links[write.ticket_id] = replace(links[write.ticket_id], gone_at=now)
                continue
            # An echo may have been quicker than the answer.
            known = await unit.remote_writes.get(write.write_id)
            if known.state is not WriteState.ATTEMPTED:
                continue
            saved.append(_done(write, outcome.told, now))
            folder = folders[write.ticket_id]
            link = links[write.ticket_id]
            links[write.ticket_id] = await _took_effect(post, unit, folder, link, write, outcome.told)
        business_now = post.business.now()
        for ticket_id, folder in folders.items():
            folder.link, folder.told_by = links.get(ticket_id), post.connector.name
        changed = [folder for folder in folders.values() if folder.moments or folder.ticket is not folder.found.ticket]
        await close_folders(unit, changed, business_now)
        await unit.remote_links.save(list(links.values()))
        await unit.remote_writes.save(saved)


async def _took_effect(
    post: Post,
    unit: TicketsUnit,
    folder: Folder,
    link: RemoteLink,
    write: RemoteWrite,
    told: Told,
) -> RemoteLink:
    """The link, and the folder, once the helpdesk has done what it was told."""
    now = post.business.now()
    at = told.at or now
    if write.kind is WriteKind.CREATE:
        folder.ticket = replace(
            folder.ticket,
            source=post.connector.name,
            external_id=told.external_id,
            external_key=told.external_key or folder.ticket.external_key,
        )
        folder.note("linked", folder.here_and_now(now), now, post.connector.name, external_id=told.external_id)
        link = replace(link, external_id=told.external_id, read_wanted=post.calls.read is not None)
        for name, word in (*_fields(write.payload).items(), ("status", Status.NEW.value)):
            link = agreed(link, name, ours=word, theirs=said_as(post.says, name, word), at=None)
        return link
    if write.kind is WriteKind.COMMENT:
        if told.external_id is not None:
            await unit.tickets.name_comment(write.ticket_id, write.comment_id or "", told.external_id, told.at)
        else:
            # It did not say which comment that is; reading the ticket finds it by its words.
            link = replace(link, read_wanted=True)
        return link
    for name, word in _fields(write.payload).items():
        link = agreed(link, name, ours=word, theirs=said_as(post.says, name, word), at=at)
        if name in KINDS:
            # Seen at the helpdesk: what it said of earlier times and is yet to arrive must not undo this.
            observed_at = min(max(at, folder.ticket.opened_at), now)
            folder.happened(KINDS[name], observed_at, now, word)
    return link


def _fields(payload: Mapping[str, str]) -> dict[Field, str]:
    names: dict[str, Field] = {"status": "status", "priority": "priority", "subject": "subject"}
    return {names[name]: word for name, word in payload.items() if name in names}


def _gone(outcome: Outcome) -> bool:
    return isinstance(outcome.failure, TicketGone) and outcome.write.kind is not WriteKind.CREATE


def _done(write: RemoteWrite, told: Told, now: datetime) -> RemoteWrite:
    return replace(write, state=WriteState.DONE, done_at=now, external_id=told.external_id, problem=None)


def _failed(post: Post, write: RemoteWrite, failure: Exception | None, now: datetime) -> RemoteWrite:
    problem = str(failure)[:LONGEST_PROBLEM]
    structlog.get_logger().warning(
        "sync.order_failed", connector=write.connector, write_id=write.write_id, kind=write.kind.value, reason=problem
    )
    if isinstance(failure, AnswerLost):
        return replace(write, problem=problem, try_at=now + post.settle_for)
    if isinstance(failure, TemporaryFailure | CredentialRefused):
        return replace(write, state=WriteState.WAITING, problem=problem, try_at=now)
    if isinstance(failure, OrderRefused | TicketGone | PermanentFailure):
        return replace(write, state=WriteState.REFUSED, problem=problem)
    raise AssertionError(f"no such failure: {failure!r}")
