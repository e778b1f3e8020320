"""Two tickets about one thing become one, and two again if that was a mistake."""

from dataclasses import replace
from datetime import datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.link import Link, LinkKind
from services.tickets.domain.moment import Moment, MomentKind, in_order
from services.tickets.domain.ticket import Ticket
from services.tickets.errors import NotMergeable, NotMerged
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.linking import load_two
from services.tickets.usecases.writable import refuse_merged
from shared.clock import render_instant


async def merge_tickets(
    unit: TicketsUnit, ticket_id: str, into: str, reason: str, actor: str, now: datetime
) -> Dossier:
    """The ticket ends and its clocks are cancelled; `into` goes on with its tags and its start. The survivor as it is then.

    Raises `NotMergeable`, `TicketMerged`, `TicketNotFound`.
    """
    one, other = await load_two(unit, ticket_id, into)
    await refuse_merged(unit, one.ticket)
    await refuse_merged(unit, other.ticket)
    await _refuse(unit, one.ticket, other.ticket)
    source, survivor = Folder.of(one), Folder.of(other)
    at = max(source.here_and_now(now), survivor.here_and_now(now))
    source.happened(MomentKind.MERGED, at, now, other.ticket.ticket_id)
    source.note("merged", at, now, actor, into=other.ticket.number, reason=reason)
    added = [tag for tag in one.ticket.tags if tag not in other.ticket.tags]
    detail: dict[str, object] = {"started_at": render_instant(_started_at(one)), "tags": added}
    survivor.happened(MomentKind.ABSORBED, at, now, one.ticket.ticket_id, detail=detail)
    survivor.note("absorbed", at, now, actor, ticket=one.ticket.number, tags=added, reason=reason)
    if added:
        tags = (*other.ticket.tags, *added)
        survivor.ticket = replace(other.ticket, tags=tags, told_at={**other.ticket.told_at, "tags": at})
    link = Link(
        ticket_id=one.ticket.ticket_id,
        kind=LinkKind.MERGED_INTO,
        other_id=other.ticket.ticket_id,
        made_at=at,
        made_by=actor,
    )
    await unit.links.put([link])
    return _of(await close_folders(unit, [source, survivor], now), other.ticket)


async def unmerge_tickets(unit: TicketsUnit, ticket_id: str, reason: str, actor: str, now: datetime) -> Dossier:
    """As if the tickets had never been merged, except that what was written since stays where it was written.

    The ticket goes on where it stood; the survivor counts from its own start again. Nothing is breached before now by that.
    Raises `NotMerged`, `TicketNotFound`.
    """
    merged_into = (await unit.tickets.get(ticket_id)).ticket.merged_into
    if merged_into is None:
        raise NotMerged("The ticket is not merged into another one.")
    one, other = await load_two(unit, ticket_id, merged_into)
    if one.ticket.merged_into != other.ticket.ticket_id:
        raise NotMerged("Somebody else has just undone the merge.")
    source, survivor = Folder.of(one), Folder.of(other)
    at = max(source.here_and_now(now), survivor.here_and_now(now))
    for moment in _standing(one, MomentKind.MERGED, other.ticket.ticket_id):
        source.take_back(moment.moment_id, at, now)
    for moment in _standing(other, MomentKind.ABSORBED, one.ticket.ticket_id):
        survivor.take_back(moment.moment_id, at, now)
        added = moment.detail.get("tags")
        lent = set(added) if isinstance(added, list | tuple) else set()
        tags = tuple(tag for tag in other.ticket.tags if tag not in lent)
        survivor.ticket = replace(survivor.ticket, tags=tags)
    source.note("unmerged", at, now, actor, ticket=other.ticket.number, reason=reason)
    survivor.note("released", at, now, actor, ticket=one.ticket.number, reason=reason)
    await unit.links.remove(one.ticket.ticket_id, LinkKind.MERGED_INTO, other.ticket.ticket_id)
    return _of(await close_folders(unit, [source, survivor], now), one.ticket)


async def _refuse(unit: TicketsUnit, source: Ticket, survivor: Ticket) -> None:
    if source.ticket_id == survivor.ticket_id:
        raise NotMergeable("A ticket is not merged into itself.")
    if source.deleted_at is not None or survivor.deleted_at is not None:
        raise NotMergeable("A deleted ticket is not merged.")
    if survivor.status.done:
        raise NotMergeable(
            f"Ticket {survivor.number} is {survivor.status}; reopen it first, or merge the other way round."
        )
    if await unit.links.has_children(source.ticket_id):
        raise NotMergeable(
            f"Ticket {source.number} has children, which would have nobody to wait for; link them to ticket"
            f" {survivor.number} first."
        )


def _started_at(dossier: Dossier) -> datetime:
    """The earliest start of all that the ticket is made of."""
    absorbed = [each.started_at for each in in_order(dossier.moments) if each.kind is MomentKind.ABSORBED]
    return min([dossier.ticket.opened_at, *absorbed])


def _standing(dossier: Dossier, kind: MomentKind, value: str) -> list[Moment]:
    return [each for each in in_order(dossier.moments) if each.kind is kind and each.value == value]


def _of(dossiers: list[Dossier], ticket: Ticket) -> Dossier:
    return next(dossier for dossier in dossiers if dossier.ticket.ticket_id == ticket.ticket_id)
