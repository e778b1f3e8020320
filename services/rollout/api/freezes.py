"""The change calendar."""

from functools import cache
from typing import Annotated

from fastapi import Path

from services.rollout.api.units import RolloutUow
from services.rollout.domain.calendar import Freeze
from services.rollout.schemas.freezes import FreezeBody, FreezeName, FreezeOut, FreezesOut
from services.rollout.usecases.freezes import list_freezes, set_freeze
from shared.clock import require_aware
from shared.rest import Now, Router


@cache
def make_freezes_router() -> Router:
    router = Router(tags=["freezes"])

    @router.put("/v1/freezes/{name}")
    async def put_freeze(
        name: Annotated[FreezeName, Path()], body: FreezeBody, unit: RolloutUow, now: Now
    ) -> FreezeOut:
        """Put a freeze into the calendar, or move it. Waves with a calendar gate do not open while it lasts."""
        freeze = Freeze(name=name, from_at=require_aware(body.from_), to_at=require_aware(body.to), reason=body.reason)
        await set_freeze(unit, freeze, now)
        return FreezeOut.of(freeze, now)

    @router.get("/v1/freezes")
    async def list_all(unit: RolloutUow, now: Now) -> FreezesOut:
        """By their beginning, past ones too."""
        return FreezesOut(items=[FreezeOut.of(freeze, now) for freeze in await list_freezes(unit)])

    return router
