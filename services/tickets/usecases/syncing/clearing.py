"""Orders whose answer was lost: see whether they took effect, once they no longer can; only then send them again."""

from dataclasses import replace
from datetime import datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.sync import RemoteLink, RemoteWrite, WriteKind, WriteState, marker_of
from services.tickets.ports import Contact
from services.tickets.ports.sync import Helpdesk, OutgoingComment, TicketGone, Told
from services.tickets.usecases.delivering import apply_facts
from services.tickets.usecases.syncing.post import Post
from services.tickets.usecases.syncing.writing import Outcome, note_outcomes

AT_ONCE = 20


async def clear_up(post: Post, desk: Helpdesk) -> bool:
    """Clear up what has had the time to settle; whether there was anything."""
    now = post.clock.now()
    async with post.database.read() as unit:
        due = await unit.remote_writes.due(post.connector.name, now, AT_ONCE, uncertain=True)
        ids = {write.ticket_id for write in due}
        dossiers = {each.ticket.ticket_id: each for each in await unit.tickets.read(ids)}
        links = await unit.remote_links.load(ids)
        contacts = await unit.contacts.load({each.ticket.requester_id for each in dossiers.values()})
    for write in due:
        dossier, link = dossiers.get(write.ticket_id), links.get(write.ticket_id)
        if dossier is None or link is None:
            await _again(post, write, now)
            continue
        told = await _look(post, desk, write, dossier, link, contacts.get(dossier.ticket.requester_id))
        if told is not None:
            await note_outcomes(post, [Outcome(write, told=told)])
        else:
            await _again(post, write, now)
    return bool(due)


async def _look(
    post: Post, desk: Helpdesk, write: RemoteWrite, dossier: Dossier, link: RemoteLink, requester: Contact | None
) -> Told | None:
    ticket = post.outgoing(dossier, link, write, requester)
    try:
        if write.kind is WriteKind.CREATE:
            return await desk.find_ticket(ticket)
        if write.kind is WriteKind.COMMENT:
            async with post.database.read() as unit:
                comment = await unit.tickets.comment(write.ticket_id, write.comment_id or "")
                known = await unit.tickets.external_comments(write.ticket_id)
            said = OutgoingComment(
                body=comment.body,
                public=comment.public,
                author=comment.author_name,
                author_email=None,
                marker=marker_of(write.write_id),
            )
            return await desk.find_comment(ticket, said, known)
        if post.calls.read is None or link.external_id is None:
            # To set a field twice to one value is to set it once.
            return None
        found = await desk.read_ticket(link.external_id)
    except TicketGone:
        return None
    now = post.business.now()
    async with post.database.unit() as unit:
        await apply_facts(unit, post.arrival(now), list(found.facts), now)
    return None


async def _again(post: Post, write: RemoteWrite, now: datetime) -> None:
    """It waits for its turn anew: a change tells what still differs then, which may be nothing."""
    async with post.database.unit() as unit:
        await unit.connectors.find(post.connector.name, lock=True)
        known = await unit.remote_writes.get(write.write_id)
        if known.state is WriteState.ATTEMPTED:
            await unit.remote_writes.save([replace(known, state=WriteState.WAITING, try_at=now)])
