"""REST: tickets, one by one, as a list, and many at once; their history and clocks."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from services.tickets.api.queue import AT_RISK_FOR, ME, Cut, read_saved
from services.tickets.api.reading import TicketId, Unit, person_of
from services.tickets.schemas import (
    STORABLE,
    BulkIn,
    BulkItemOut,
    BulkOut,
    ClockOut,
    CountsOut,
    EntryOut,
    TicketIn,
    TicketOut,
    TicketPatch,
    clocks_out,
    entry_out,
    ticket_out,
)
from services.tickets.usecases.bulk import BulkItem, BulkOrder, change_many, undo_many
from services.tickets.usecases.desk import Opening, change_ticket, open_ticket
from services.tickets.usecases.teams import get_view
from shared.rest import Caller, IfMatch, Now, Page, Paging, Router, changes, page_of, set_etag

router = Router(tags=["tickets"])
BatchId = Annotated[str, Path(max_length=100, pattern=STORABLE)]
ViewName = Annotated[str | None, Query(max_length=100, pattern=STORABLE, description="A saved view to begin with.")]


@router.post("/v1/tickets", status_code=201)
async def post_ticket(wanted: TicketIn, unit: Unit, caller: Caller, now: Now, response: Response) -> TicketOut:
    """Open a ticket. Unknown requesters become contacts; a P1 says what it keeps people from doing."""
    opening = Opening(
        subject=wanted.subject,
        description=wanted.description,
        priority=wanted.priority,
        kind=wanted.kind,
        requester=person_of(caller, wanted.requester),
        tags=tuple(wanted.tags),
        course=wanted.course,
        system=wanted.system,
        team=wanted.team,
        assignee=wanted.assignee,
        impact=wanted.impact,
        cause=wanted.cause,
        minutes_lost=wanted.minutes_lost,
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
    caller: Caller,
    now: Now,
    paging: Paging,
    asked: Cut,
    view: ViewName = None,
) -> Page[TicketOut]:
    """Tickets by filters, words and a saved view, which filters in the address override."""
    if view is not None:
        asked = asked.over(read_saved((await get_view(unit, view, owner=caller.subject)).query))
    dossiers, after = await unit.tickets.page(asked.cut(caller, now), paging)
    requesters = await unit.contacts.load({each.ticket.requester_id for each in dossiers})
    return page_of([ticket_out(each, requesters) for each in dossiers], after, request, response)


@router.get("/v1/tickets/counts")
async def get_counts(unit: Unit, caller: Caller, now: Now) -> CountsOut:
    """How many tickets are open, by what the queue's tabs show."""
    counts = await unit.tickets.count(mine=caller.email or caller.name, now=now, at_risk_until=now + AT_RISK_FOR)
    return CountsOut(
        open=sum(counts.by_status.values()),
        mine=counts.mine,
        unassigned=counts.unassigned,
        overdue=counts.overdue,
        at_risk=counts.at_risk,
        by_status=dict(counts.by_status),
        by_priority=dict(counts.by_priority),
        most=counts.most,
    )


@router.post("/v1/tickets/bulk")
async def post_bulk(order: BulkIn, unit: Unit, caller: Caller, now: Now) -> BulkOut:
    """One change to up to 500 tickets, each for itself: `items` says what became of each, in the order they were named."""
    batch_id, items = await change_many(
        unit,
        BulkOrder(
            named=order.tickets,
            wanted=_wanted(changes(order.change), caller.email or caller.name),
            versions=order.versions,
            words=order.comment.body if order.comment else None,
            public=order.comment.public if order.comment else True,
        ),
        person_of(caller, None),
        caller.name,
        now,
    )
    return _bulk_out(batch_id, items)


@router.post("/v1/tickets/bulk/{batch_id}/undo")
async def post_undo(batch_id: BatchId, unit: Unit, caller: Caller, now: Now) -> BulkOut:
    """Take a bulk change back where nobody changed the same again since. What was written stays: it was read."""
    return _bulk_out(batch_id, await undo_many(unit, batch_id, caller.name, now))


@router.get("/v1/tickets/{ticket_id}")
async def get_ticket(ticket_id: TicketId, unit: Unit, response: Response) -> TicketOut:
    """By id or by number."""
    dossier = await unit.tickets.get(ticket_id)
    set_etag(response, dossier.ticket.version)
    return ticket_out(dossier, await unit.contacts.load({dossier.ticket.requester_id}))


@router.patch("/v1/tickets/{ticket_id}")
async def patch_ticket(
    ticket_id: TicketId, patch: TicketPatch, unit: Unit, caller: Caller, if_match: IfMatch, now: Now, response: Response
) -> TicketOut:
    """Change a ticket as it was read. A closed one cannot be changed, a merged one names the ticket that goes on."""
    wanted = _wanted(changes(patch), caller.email or caller.name)
    dossier = await change_ticket(unit, ticket_id, wanted, if_match=if_match, actor=caller.name, now=now)
    set_etag(response, dossier.ticket.version)
    return ticket_out(dossier, await unit.contacts.load({dossier.ticket.requester_id}))


@router.get("/v1/tickets/{ticket_id}/clocks")
async def get_clocks(ticket_id: TicketId, unit: Unit, now: Now) -> list[ClockOut]:
    """The ticket's clocks, each drawn as segments that add up to what it counted."""
    dossier = await unit.tickets.get(ticket_id)
    source = dossier.ticket.source
    watermark = None if source is None else (await unit.clocks.watermarks({source})).get(source)
    return clocks_out(dossier, watermark, now)


@router.get("/v1/tickets/{ticket_id}/history")
async def get_history(
    ticket_id: TicketId, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[EntryOut]:
    """What happened, in the order in which it was noticed: every change by whom, before and after."""
    ticket = (await unit.tickets.get(ticket_id)).ticket
    entries, after = await unit.tickets.page_history(ticket.ticket_id, paging)
    return page_of([entry_out(entry) for entry in entries], after, request, response)


def _wanted(sent: Mapping[str, Any], me: str) -> dict[str, Any]:
    """A patch in the words of the use cases."""
    wanted = dict(sent)
    for name in ("tags", "add_tags", "remove_tags"):
        if name in wanted:
            wanted[name] = tuple(wanted[name] or ())
    if wanted.get("attribution") is not None:
        wanted["attribution"] = (wanted["attribution"].rollout, wanted["attribution"].wave)
    if wanted.get("assignee") == ME:
        wanted["assignee"] = me
    return wanted


def _bulk_out(batch_id: str, items: list[BulkItem]) -> BulkOut:
    told = []
    for item in items:
        ticket = item.dossier.ticket if item.dossier else None
        problem = item.problem
        told.append(
            BulkItemOut(
                ticket=item.named,
                ticket_id=ticket.ticket_id if ticket else None,
                number=ticket.number if ticket else None,
                version=ticket.version if ticket else None,
                status=problem.status if problem else 200,
                code=problem.code if problem else None,
                detail=problem.detail if problem else None,
            )
        )
    return BulkOut(batch_id=batch_id, changed=sum(item.changed for item in items), items=told)
