"""REST: tickets, what is said on them, their history and clocks."""

from typing import Annotated

from fastapi import Query, Request, Response

from services.tickets.api.reading import ON_BEHALF, TicketId, Unit, person_of, role_of
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import AuthorRole
from services.tickets.ports import TicketFilter
from services.tickets.schemas import (
    STORABLE,
    ClockOut,
    CommentIn,
    CommentOut,
    EntryOut,
    TicketIn,
    TicketOut,
    TicketPatch,
    clocks_out,
    comment_out,
    entry_out,
    ticket_out,
)
from services.tickets.usecases.desk import Opening, add_comment, change_ticket, open_ticket
from shared.errors import Forbidden
from shared.rest import Caller, IfMatch, Now, Page, Paging, Router, changes, page_of, set_etag

router = Router(tags=["tickets"])


@router.post("/v1/tickets", status_code=201)
async def post_ticket(wanted: TicketIn, unit: Unit, caller: Caller, now: Now, response: Response) -> TicketOut:
    """Open a ticket. Unknown requesters become contacts."""
    opening = Opening(
        subject=wanted.subject,
        description=wanted.description,
        priority=wanted.priority,
        kind=wanted.kind,
        requester=person_of(caller, wanted.requester),
        tags=tuple(wanted.tags),
        course=wanted.course,
        system=wanted.system,
    )
    dossier = await open_ticket(unit, opening, caller.name, now)
    response.headers["Location"] = f"/v1/tickets/{dossier.ticket.ticket_id}"
    set_etag(response, dossier.ticket.version)
    return ticket_out(dossier, await unit.contacts.load({dossier.ticket.requester_id}))


@router.get("/v1/tickets")
async def get_tickets(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    status: Annotated[list[Status] | None, Query(description="May be repeated.")] = None,
    priority: Annotated[list[Priority] | None, Query(description="May be repeated.")] = None,
    rollout: Annotated[str | None, Query(max_length=300, pattern=STORABLE)] = None,
    wave: Annotated[str | None, Query(max_length=300, pattern=STORABLE)] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern=STORABLE, description="In subject, number or the helpdesk's key.")
    ] = None,
) -> Page[TicketOut]:
    """Tickets, the newest first."""
    cut = TicketFilter(
        statuses=tuple(status or ()), priorities=tuple(priority or ()), rollout=rollout, wave=wave, text=q
    )
    dossiers, after = await unit.tickets.page(cut, paging)
    requesters = await unit.contacts.load({each.ticket.requester_id for each in dossiers})
    return page_of([ticket_out(each, requesters) for each in dossiers], after, request, response)


@router.get("/v1/tickets/{ticket_id}")
async def get_ticket(ticket_id: TicketId, unit: Unit, response: Response) -> TicketOut:
    dossier = await unit.tickets.get(ticket_id)
    set_etag(response, dossier.ticket.version)
    return ticket_out(dossier, await unit.contacts.load({dossier.ticket.requester_id}))


@router.patch("/v1/tickets/{ticket_id}")
async def patch_ticket(
    ticket_id: TicketId, patch: TicketPatch, unit: Unit, caller: Caller, if_match: IfMatch, now: Now, response: Response
) -> TicketOut:
    """Change a ticket as it was read. A closed one cannot be changed."""
    wanted = changes(patch)
    if "tags" in wanted:
        wanted["tags"] = tuple(wanted["tags"] or ())
    if wanted.get("attribution") is not None:
        wanted["attribution"] = (wanted["attribution"].rollout, wanted["attribution"].wave)
    dossier = await change_ticket(unit, ticket_id, wanted, if_match=if_match, actor=caller.name, now=now)
    set_etag(response, dossier.ticket.version)
    return ticket_out(dossier, await unit.contacts.load({dossier.ticket.requester_id}))


@router.post("/v1/tickets/{ticket_id}/comments", status_code=201)
async def post_comment(ticket_id: TicketId, said: CommentIn, unit: Unit, caller: Caller, now: Now) -> CommentOut:
    """Write on a ticket. A public comment by somebody other than the requester is the response the clock waits for."""
    if (said.author_role or said.author) and not caller.roles & ON_BEHALF:
        raise Forbidden("Only staff and integrations write on behalf of somebody else.")
    comment = await add_comment(
        unit,
        ticket_id,
        author=person_of(caller, said.author),
        role=AuthorRole(said.author_role) if said.author_role else role_of(caller),
        public=said.public,
        body=said.body,
        now=now,
    )
    return comment_out(comment)


@router.get("/v1/tickets/{ticket_id}/comments")
async def get_comments(
    ticket_id: TicketId, request: Request, response: Response, unit: Unit, caller: Caller, paging: Paging
) -> Page[CommentOut]:
    """Comments in the order in which they were made; the desk's internal ones for staff only."""
    await unit.tickets.get(ticket_id)
    comments, after = await unit.tickets.page_comments(ticket_id, paging, internal_too=bool(caller.roles & ON_BEHALF))
    return page_of([comment_out(comment) for comment in comments], after, request, response)


@router.get("/v1/tickets/{ticket_id}/clocks")
async def get_clocks(ticket_id: TicketId, unit: Unit, now: Now) -> list[ClockOut]:
    """The ticket's clocks, each drawn as segments that add up to what it counted."""
    dossier = await unit.tickets.get(ticket_id)
    return clocks_out(dossier, now)


@router.get("/v1/tickets/{ticket_id}/history")
async def get_history(
    ticket_id: TicketId, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[EntryOut]:
    """What happened, in the order in which it was noticed."""
    await unit.tickets.get(ticket_id)
    entries, after = await unit.tickets.page_history(ticket_id, paging)
    return page_of([entry_out(entry) for entry in entries], after, request, response)
