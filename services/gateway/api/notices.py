"""The log of e-mail notices."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from services.gateway.api.parts import Unit
from services.gateway.schemas import NoticeOut
from shared.rest import Page, Paging, Router, page_of


def notices_router() -> Router:
    router = Router(tags=["notifications"])

    @router.get("/v1/notifications")
    async def list_notices(
        unit: Unit,
        paging: Paging,
        request: Request,
        response: Response,
        state: Literal["waiting", "undeliverable", "sent", "failed", "expired"] | None = None,
        rollout: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Page[NoticeOut]:
        """Notices, newest first: to whom, about what, and what became of each. Links are never shown."""
        rows, following = await unit.notices.list_page(state=state, rollout=rollout, paging=paging)
        return page_of([NoticeOut.model_validate(row) for row in rows], following, request, response)

    return router
