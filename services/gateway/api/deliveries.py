"""The delivery log and the quarantine."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import AwareDatetime

from services.gateway.api.parts import Parts, Unit
from services.gateway.domain.delivery import as_text
from services.gateway.ports import DeliveryFilter
from services.gateway.schemas import DeliveryOut, DeliverySummary, HeldDetail, HeldOut, ReleasedOut
from services.gateway.usecases.deliveries import get_delivery, replay_delivery
from services.gateway.usecases.quarantine import get_held, read_held, release_delivery
from shared.rest import Page, Paging, RealNow, Router, page_of

Named = Annotated[str | None, Query(max_length=63)]


def deliveries_router() -> Router:
    """Verified deliveries: the log."""
    router = Router(tags=["deliveries"])

    @router.get("/v1/deliveries")
    async def list_deliveries(
        unit: Unit,
        paging: Paging,
        request: Request,
        response: Response,
        source: Named = None,
        outcome: Literal["waiting", "applied", "ignored", "quarantined"] | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
    ) -> Page[DeliverySummary]:
        """Verified deliveries, newest first, with what they turned out to mean."""
        wanted = DeliveryFilter(source=source, outcome=outcome, since=since, until=until)
        rows, following = await unit.deliveries.list_page(wanted, paging)
        return page_of([DeliverySummary.model_validate(row) for row in rows], following, request, response)

    @router.get("/v1/deliveries/{delivery_id}")
    async def get_one_delivery(delivery_id: str, unit: Unit) -> DeliveryOut:
        row = await get_delivery(unit, delivery_id)
        body, encoding = as_text(row.body) if row.body is not None else (None, None)
        summary = DeliverySummary.model_validate(row).model_dump()
        return DeliveryOut(**summary, headers=dict(row.headers), body=body, encoding=encoding)

    @router.post("/v1/deliveries/{delivery_id}/replay", status_code=202)
    async def replay_one_delivery(delivery_id: str, unit: Unit) -> DeliverySummary:
        """Hand a delivery on once more. What it means counts once, however often it is replayed."""
        await replay_delivery(unit, delivery_id)
        return DeliverySummary.model_validate(await get_delivery(unit, delivery_id))

    return router


def quarantine_router(parts: Parts) -> Router:
    """Deliveries that were refused or not understood."""
    router = Router(tags=["quarantine"])

    @router.get("/v1/quarantine")
    async def list_quarantine(
        unit: Unit,
        paging: Paging,
        request: Request,
        response: Response,
        source: Named = None,
        state: Literal["held", "released"] | None = "held",
    ) -> Page[HeldOut]:
        """Deliveries that were refused or not understood, newest first, with the reason."""
        rows, following = await unit.quarantine.list_page(source=source, state=state, paging=paging)
        return page_of([HeldOut.model_validate(row) for row in rows], following, request, response)

    @router.get("/v1/quarantine/{held_id}")
    async def get_one_held(held_id: str, unit: Unit) -> HeldDetail:
        held = await get_held(unit, held_id)
        arrival = read_held(held, parts.vault)
        body, encoding = as_text(arrival.body) if arrival is not None else (None, None)
        return HeldDetail(
            **HeldOut.model_validate(held).model_dump(),
            content_type=arrival.content_type if arrival else None,
            header_names=sorted(arrival.headers) if arrival else [],
            body=body,
            encoding=encoding,
        )

    @router.post("/v1/quarantine/{held_id}/replay", status_code=202)
    async def verify_again(held_id: str, unit: Unit, now: RealNow) -> ReleasedOut:
        """Verify a refused delivery with the secrets of now, or hand one that was not understood on once more."""
        released = await release_delivery(unit, held_id, vendors=parts.vendors, vault=parts.vault, now=now)
        return ReleasedOut.model_validate(released)

    return router
