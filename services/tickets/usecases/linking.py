"""Say how tickets belong together. A child of a major incident waits for it."""

from dataclasses import replace
from datetime import datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.link import MOST_GENERATIONS, Link, LinkKind
from services.tickets.domain.ticket import Ticket
from services.tickets.errors import LinkNotFound, LinkNotPossible, TicketNotFound
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.incidents import release, wait
from services.tickets.usecases.writable import refuse_merged


async def link_tickets(
    unit: TicketsUnit, ticket_id: str, kind: LinkKind, other_id: str, actor: str, now: datetime
) -> Dossier:
    """The other one becomes `kind` of the ticket; the ticket as it is then. A link that is there stays.

    Raises `LinkNotPossible` for a ticket with itself, a second parent, a circle of parents, or a kind that is no link;
    `TicketNotFound`, `TicketMerged`.
    """
    one, other = await _load_both(unit, ticket_id, kind, other_id)
    for dossier in (one, other):
        await refuse_merged(unit, dossier.ticket)
    folders = {dossier.ticket.ticket_id: Folder.of(dossier) for dossier in (one, other)}
    mine, theirs = (folders[dossier.ticket.ticket_id] for dossier in (one, other))
    if kind in (LinkKind.PARENT, LinkKind.CHILD):
        child, parent = (mine, theirs) if kind is LinkKind.PARENT else (theirs, mine)
        await _adopt(unit, child, parent.ticket, actor, now)
    link = Link(ticket_id=one.ticket.ticket_id, kind=kind, other_id=other.ticket.ticket_id, made_at=now, made_by=actor)
    await unit.links.put([link])
    _note(mine, theirs, "linked", kind, actor, now)
    changed = await close_folders(unit, list(folders.values()), now)
    return next(dossier for dossier in changed if dossier.ticket.ticket_id == one.ticket.ticket_id)


async def unlink_tickets(
    unit: TicketsUnit, ticket_id: str, kind: LinkKind, other_id: str, actor: str, now: datetime
) -> Dossier:
    """Take a link away; a child waits no more. Raises `LinkNotFound`, `LinkNotPossible`, `TicketNotFound`."""
    one, other = await _load_both(unit, ticket_id, kind, other_id)
    if not await unit.links.remove(one.ticket.ticket_id, kind, other.ticket.ticket_id):
        raise LinkNotFound(f"Ticket {other.ticket.number} is not “{kind.value}” of ticket {one.ticket.number}.")
    mine, theirs = Folder.of(one), Folder.of(other)
    if kind in (LinkKind.PARENT, LinkKind.CHILD):
        child = mine if kind is LinkKind.PARENT else theirs
        child.ticket = replace(child.ticket, parent_id=None, solved_with=None)
        release(child, child.here_and_now(now), now, actor)
    _note(mine, theirs, "unlinked", kind, actor, now)
    changed = await close_folders(unit, [mine, theirs], now)
    return next(dossier for dossier in changed if dossier.ticket.ticket_id == one.ticket.ticket_id)


async def load_two(unit: TicketsUnit, ticket_id: str, other_id: str) -> tuple[Dossier, Dossier]:
    """Locked, in the order of their ids; links stand still meanwhile. Raises `TicketNotFound`."""
    await unit.directory.hold_still()
    await unit.links.hold()
    ids = await unit.tickets.ids_of([ticket_id, other_id])
    for name in (ticket_id, other_id):
        if name not in ids:
            raise TicketNotFound(f"There is no ticket {name}.")
    found = {dossier.ticket.ticket_id: dossier for dossier in await unit.tickets.load(ids.values())}
    return found[ids[ticket_id]], found[ids[other_id]]


async def _load_both(unit: TicketsUnit, ticket_id: str, kind: LinkKind, other_id: str) -> tuple[Dossier, Dossier]:
    if not kind.by_hand:
        raise LinkNotPossible("Merging is not a link; send POST /v1/tickets/{ticket_id}/merge or /unmerge.")
    one, other = await load_two(unit, ticket_id, other_id)
    if one.ticket.ticket_id == other.ticket.ticket_id:
        raise LinkNotPossible("A ticket is not linked with itself.")
    return one, other


async def _adopt(unit: TicketsUnit, child: Folder, parent: Ticket, actor: str, now: datetime) -> None:
    known = child.ticket.parent_id
    if known == parent.ticket_id:
        return
    if known is not None:
        number = (await unit.tickets.get(known)).ticket.number
        raise LinkNotPossible(f"Ticket {child.ticket.number} is a part of ticket {number}; take that link away first.")
    line = await unit.links.ancestors(parent.ticket_id)
    if child.ticket.ticket_id in line:
        raise LinkNotPossible(
            f"Ticket {parent.number} is a part of ticket {child.ticket.number} already, if not directly."
        )
    if len(line) >= MOST_GENERATIONS:
        raise LinkNotPossible(f"More than {MOST_GENERATIONS} generations of tickets help nobody; link to a nearer one.")
    child.ticket = replace(child.ticket, parent_id=parent.ticket_id)
    if parent.major and not parent.status.done:
        wait(child, parent, child.here_and_now(now), now, actor)


def _note(mine: Folder, theirs: Folder, what: str, kind: LinkKind, actor: str, now: datetime) -> None:
    for folder, said, other in ((mine, kind, theirs), (theirs, kind.inverse, mine)):
        folder.note(what, folder.here_and_now(now), now, actor, kind=said.value, ticket=other.ticket.number)
