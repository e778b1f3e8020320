"""REST: breaches that are forgiven, by whom and why."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.schemas import STORABLE
from services.tickets.schemas.reports import ExemptionOut, ReasonIn, exemption_out
from services.tickets.usecases.reporting.exempting import exempt_breach, revoke_exemption
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["reports"])
Id = Annotated[str, Path(max_length=200, pattern=STORABLE)]
Only = Annotated[str | None, Query(max_length=200, pattern=STORABLE)]


@router.post("/v1/clocks/{clock_id}/exemptions", status_code=201)
async def post_exemption(clock_id: Id, wanted: ReasonIn, unit: Unit, caller: Caller, now: Now) -> ExemptionOut:
    """Forgive a breach. It stays a breach; adjusted figures leave it out, and the list names who forgave it and why."""
    return exemption_out(await exempt_breach(unit, clock_id, wanted.reason, caller, now))


@router.post("/v1/exemptions/{exemption_id}/revoke")
async def post_revocation(exemption_id: Id, wanted: ReasonIn, unit: Unit, caller: Caller, now: Now) -> ExemptionOut:
    """Take an exemption back; both stay in the list."""
    return exemption_out(await revoke_exemption(unit, exemption_id, wanted.reason, caller, now))


@router.get("/v1/exemptions")
async def get_exemptions(
    request: Request, response: Response, unit: Unit, paging: Paging, ticket_id: Only = None, clock_id: Only = None
) -> Page[ExemptionOut]:
    """Every exemption, revoked ones too, the newest first."""
    found, after = await unit.exemptions.page(paging, ticket_id=ticket_id, clock_id=clock_id)
    return page_of([exemption_out(each) for each in found], after, request, response)
