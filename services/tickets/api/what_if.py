"""REST: what would have become of tickets under another policy."""

from typing import Annotated

from fastapi import Path, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.schemas import STORABLE
from services.tickets.schemas.what_if import WhatIfIn, WhatIfOut, what_if_out
from services.tickets.usecases.reporting.attaining import read_period
from services.tickets.usecases.reporting.replaying import Wanted, ask_what_if
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["reports"])
Id = Annotated[str, Path(max_length=100, pattern=STORABLE)]


@router.post("/v1/what-if", status_code=202)
async def post_what_if(wanted: WhatIfIn, unit: Unit, caller: Caller, now: Now, response: Response) -> WhatIfOut:
    """Replay the history of the tickets opened in a period against another policy, in the background. Changes nothing."""
    what_if = await ask_what_if(
        unit,
        Wanted(
            policy=wanted.policy,
            document=None if wanted.document is None else wanted.document.document(),
            instead_of=wanted.instead_of,
            period=read_period(wanted.from_on, wanted.to_on, "UTC", place="/"),
        ),
        by=caller.name,
        now=now,
    )
    response.headers["Location"] = f"/v1/what-if/{what_if.what_if_id}"
    return what_if_out(what_if)


@router.get("/v1/what-if")
async def get_what_ifs(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[WhatIfOut]:
    """The newest first."""
    found, after = await unit.what_ifs.page(paging)
    return page_of([what_if_out(each) for each in found], after, request, response)


@router.get("/v1/what-if/{what_if_id}")
async def get_what_if(what_if_id: Id, unit: Unit) -> WhatIfOut:
    """How far it is and what it has found so far."""
    return what_if_out(await unit.what_ifs.get(what_if_id))
