"""The change calendar: spans in which waves with a calendar gate do not open."""

from datetime import datetime

from services.rollout.domain.calendar import Freeze
from services.rollout.ports import RolloutUnit
from shared.errors import FieldProblem, InvalidRequest


async def set_freeze(unit: RolloutUnit, freeze: Freeze, now: datetime) -> None:
    """Put a freeze into the calendar, or move it; waves that wait are looked at. `InvalidRequest` if it ends before it begins."""
    if freeze.to_at <= freeze.from_at:
        raise InvalidRequest("A freeze ends after it begins.", errors=[FieldProblem("/to", "must be later than from")])
    if await unit.rollouts.evidence.save_freeze(freeze):
        for rollout, wave in await unit.rollouts.list_waiting_waves():
            await unit.rollouts.want_look(rollout, wave, now)


async def list_freezes(unit: RolloutUnit) -> list[Freeze]:
    """By their beginning, past ones too."""
    return await unit.rollouts.evidence.list_freezes()
