"""REST: policies."""

from typing import Any

from fastapi import Request, Response

from services.tickets.api.reading import Name, Unit
from services.tickets.schemas import (
    PolicyIn,
    PolicyOut,
)
from services.tickets.usecases.policies import publish_policy
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["tickets"])


@router.get("/v1/policies")
async def get_policies(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[PolicyOut]:
    """Every version of every policy, the newest first."""
    found, after = await unit.policies.page(paging)
    items = [
        PolicyOut(name=name, version=version, policy=document, created_at=created_at, created_by=by)
        for name, version, document, created_at, by in found
    ]
    return page_of(items, after, request, response)


@router.put("/v1/policies/{name}")
async def put_policy(name: Name, wanted: PolicyIn, unit: Unit, caller: Caller, now: Now) -> dict[str, Any]:
    """Publish a new version. Tickets that are open stay with the version they were opened under."""
    document = wanted.model_dump(mode="json", exclude_none=True)
    version = await publish_policy(unit, name, document, by=caller.name, now=now)
    return {"name": name, "version": version}
