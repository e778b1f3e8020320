"""REST: how often the people of a wave asked for help before it opened, and since."""

from typing import Annotated

from fastapi import Path

from services.tickets.api.reading import Unit
from services.tickets.schemas import STORABLE, BaselineOut, baseline_out
from services.tickets.usecases.baselines import compare_with_baseline
from shared.rest import Now, Router

router = Router(tags=["waves"])
Part = Annotated[str, Path(max_length=300, pattern=STORABLE)]


@router.get("/v1/waves/{rollout}/{wave}/baseline")
async def get_baseline(rollout: Part, wave: Part, unit: Unit, now: Now) -> BaselineOut:
    """Tickets per 100 people per week, in the 28 days before the wave opened and since then."""
    return baseline_out(*await compare_with_baseline(unit, rollout, wave, now))
