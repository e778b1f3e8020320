"""What business time brings about: waves are looked at when the last look said so, or when somebody asked for one."""

from datetime import datetime

from services.rollout.ports import RolloutUnit
from services.rollout.usecases.evaluation import look_at_waves

LOOKS_AT_ONCE = 20
"""Waves in one transaction: few enough not to keep the writer for long."""


async def next_look_at(unit: RolloutUnit) -> datetime | None:
    """When the next wave is due."""
    return await unit.rollouts.next_look_at()


async def look(unit: RolloutUnit, now: datetime) -> int:
    """Look at some of the waves that are due; how many."""
    due = await unit.rollouts.take_looks(now, LOOKS_AT_ONCE)
    await look_at_waves(unit, due, now)
    return sum(len(waves) for waves in due.values())
