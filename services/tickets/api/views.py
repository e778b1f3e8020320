"""REST: saved views of the queue."""

from fastapi import Request, Response

from services.tickets.api.queue import read_saved
from services.tickets.api.reading import Name, Unit
from services.tickets.schemas import ViewIn, ViewOut, view_out
from services.tickets.usecases.teams import drop_view, get_view, save_view
from shared.auth import Role
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["tickets"])


@router.get("/v1/views")
async def get_views(request: Request, response: Response, unit: Unit, caller: Caller, paging: Paging) -> Page[ViewOut]:
    """Your own and those that others share, by name."""
    views, after = await unit.views.page(paging, owner=caller.subject)
    return page_of([view_out(view, caller.subject) for view in views], after, request, response)


@router.get("/v1/views/{name}")
async def read_view(name: Name, unit: Unit, caller: Caller) -> ViewOut:
    """Your own of this name, else the shared one."""
    return view_out(await get_view(unit, name, owner=caller.subject), caller.subject)


@router.put("/v1/views/{name}")
async def put_view(name: Name, wanted: ViewIn, unit: Unit, caller: Caller, now: Now) -> ViewOut:
    """Save what the list is asked for under a name, to be asked again with `GET /v1/tickets?view=…`."""
    read_saved(wanted.query)
    view = await save_view(
        unit,
        name,
        query=wanted.query.removeprefix("?"),
        shared=wanted.shared,
        owner=caller.subject,
        owner_name=caller.name,
        now=now,
    )
    return view_out(view, caller.subject)


@router.delete("/v1/views/{name}", status_code=204)
async def delete_view(name: Name, unit: Unit, caller: Caller) -> None:
    """Your own; a lead may also delete what somebody else shares."""
    leads = bool(caller.roles & {Role.ADMIN, Role.IT_LEAD})
    await drop_view(unit, name, owner=caller.subject, may_drop_shared=leads)
