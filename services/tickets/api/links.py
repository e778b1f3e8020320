"""REST: how tickets belong together, and two that become one."""

from typing import Annotated

from fastapi import Path, Request, Response

from services.tickets.api.reading import TicketId, Unit
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.link import LinkKind
from services.tickets.schemas import LinkOut, MergeIn, TicketOut, UnmergeIn, link_out, ticket_out
from services.tickets.usecases.linking import link_tickets, unlink_tickets
from services.tickets.usecases.merging import merge_tickets, unmerge_tickets
from shared.rest import Caller, Now, Page, Paging, Router, page_of, set_etag

router = Router(tags=["tickets"])
Kind = Annotated[LinkKind, Path(description="What the other ticket is to this one.")]


@router.get("/v1/tickets/{ticket_id}/links")
async def get_links(
    ticket_id: TicketId, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[LinkOut]:
    """By kind: its parent, its children, duplicates, what was merged."""
    ticket = (await unit.tickets.get(ticket_id)).ticket
    links, after = await unit.links.page(ticket.ticket_id, paging)
    return page_of([link_out(link) for link in links], after, request, response)


@router.put("/v1/tickets/{ticket_id}/links/{kind}/{other}")
async def put_link(
    ticket_id: TicketId, kind: Kind, other: TicketId, unit: Unit, caller: Caller, now: Now, response: Response
) -> TicketOut:
    """The other ticket becomes this one's parent, child, original, … A child of a major incident waits for it."""
    dossier = await link_tickets(unit, ticket_id, kind, other, caller.name, now)
    return await _shown(unit, dossier, response)


@router.delete("/v1/tickets/{ticket_id}/links/{kind}/{other}")
async def delete_link(
    ticket_id: TicketId, kind: Kind, other: TicketId, unit: Unit, caller: Caller, now: Now, response: Response
) -> TicketOut:
    """A child that is let go waits no more."""
    dossier = await unlink_tickets(unit, ticket_id, kind, other, caller.name, now)
    return await _shown(unit, dossier, response)


@router.post("/v1/tickets/{ticket_id}/merge")
async def post_merge(
    ticket_id: TicketId, wanted: MergeIn, unit: Unit, caller: Caller, now: Now, response: Response
) -> TicketOut:
    """Merge this ticket into another one, which is answered: it keeps the earlier start, and reads this one's comments."""
    dossier = await merge_tickets(unit, ticket_id, wanted.into, wanted.reason, caller.name, now)
    return await _shown(unit, dossier, response)


@router.post("/v1/tickets/{ticket_id}/unmerge")
async def post_unmerge(
    ticket_id: TicketId, wanted: UnmergeIn, unit: Unit, caller: Caller, now: Now, response: Response
) -> TicketOut:
    """Undo a merge: both tickets count as if it had never been."""
    dossier = await unmerge_tickets(unit, ticket_id, wanted.reason, caller.name, now)
    return await _shown(unit, dossier, response)


async def _shown(unit: Unit, dossier: Dossier, response: Response) -> TicketOut:
    set_etag(response, dossier.ticket.version)
    return ticket_out(dossier, await unit.contacts.load({dossier.ticket.requester_id}))
