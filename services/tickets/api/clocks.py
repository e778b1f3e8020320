"""REST: open clocks of all tickets, what is at risk, and up to where sources have been read."""

from datetime import timedelta
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import AwareDatetime

from services.tickets.api.reading import TicketId, Unit
from services.tickets.ports import ClockFilter, WatchState
from services.tickets.schemas import STORABLE
from services.tickets.schemas.clocks import (
    AtRiskListOut,
    ClockCountsOut,
    EscalationOut,
    WatchedOut,
    WatermarkIn,
    WatermarkOut,
    at_risk_out,
    counts_out,
    escalation_out,
    watched_out,
    watermark_out,
)
from services.tickets.usecases.clockwork import advance_watermark, clocks_at_risk, forget_watermark
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["clocks"])
Source = Annotated[str, Path(max_length=200, pattern=STORABLE)]
MOST_MINUTES = 14 * 24 * 60


@router.get("/v1/clocks")
async def get_clocks(
    request: Request,
    response: Response,
    unit: Unit,
    paging: Paging,
    now: Now,
    state: WatchState = WatchState.RUNNING,
    due_before: Annotated[AwareDatetime | None, Query(description="Only what is due before.")] = None,
    rollout: Annotated[str | None, Query(max_length=300, pattern=STORABLE)] = None,
    team: Annotated[str | None, Query(max_length=300, pattern=STORABLE, description="That holds the ticket.")] = None,
) -> Page[WatchedOut]:
    """Open clocks of all tickets: what is due soonest first, of what is overdue the longest overdue."""
    cut = ClockFilter(state=state, due_before=due_before, rollout=rollout, team=team)
    found, after = await unit.clocks.page(cut, paging)
    return page_of([watched_out(each, now) for each in found], after, request, response)


@router.get("/v1/clocks/summary")
async def get_clock_summary(unit: Unit, now: Now) -> ClockCountsOut:
    """How many clocks are open, and how they stand."""
    return counts_out(await unit.clocks.count(now))


@router.get("/v1/clocks/at-risk")
async def get_clocks_at_risk(
    unit: Unit,
    now: Now,
    within_minutes: Annotated[int, Query(ge=1, le=MOST_MINUTES, description="Due within (real time).")] = 240,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AtRiskListOut:
    """Which clocks will probably be missed, judged by what finished ones of their kind have taken."""
    found, considered = await clocks_at_risk(unit, within=timedelta(minutes=within_minutes), limit=limit, now=now)
    return AtRiskListOut(
        items=[at_risk_out(each, now) for each in found], considered=considered, within_minutes=within_minutes
    )


@router.get("/v1/tickets/{ticket_id}/escalations")
async def get_escalations(
    ticket_id: TicketId, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[EscalationOut]:
    """Which steps of its ladders a ticket has come to, and who was told; or why nobody was."""
    await unit.tickets.get(ticket_id)
    found, after = await unit.clocks.page_escalations(ticket_id, paging)
    return page_of([escalation_out(each) for each in found], after, request, response)


@router.get("/v1/watermarks")
async def get_watermarks(unit: Unit) -> Page[WatermarkOut]:
    """Up to where each source has been read. Sources that are not in this list are not waited for."""
    return Page(items=[watermark_out(each) for each in await unit.clocks.list_watermarks()])


@router.put("/v1/sources/{source}/watermark")
async def put_watermark(source: Source, told: WatermarkIn, unit: Unit, caller: Caller, now: Now) -> WatermarkOut:
    """Say that a source has been read in full up to an instant; the one that is known then. It never goes back."""
    return watermark_out(await advance_watermark(unit, source, told.synced_until, by=caller.name, now=now))


@router.delete("/v1/sources/{source}/watermark", status_code=204)
async def delete_watermark(source: Source, unit: Unit) -> None:
    """The source is synced no more: nothing waits for it."""
    await forget_watermark(unit, source)
