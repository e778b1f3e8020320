"""Rollouts as a whole tree, for people who ask why something waits and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.rollout.domain.gate import WaveCounts
from services.rollout.domain.hold import Hold
from services.rollout.domain.plan import Plan, WavePlan
from services.rollout.domain.rollout import Rollout, Wave, earliest_openings, notice_ends_at
from services.rollout.domain.transition import Verb, verbs_for
from services.rollout.errors import RolloutNotFound, WaveNotFound
from services.rollout.ports import RolloutUnit
from services.rollout.ports.rollouts import AppliedPlan, TimelineEntry
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveView:
    """A wave with everything around it. `planned_at`: what the plan and the notice say; `earliest_at`: if all goes well."""

    wave: Wave
    planned: WavePlan
    counts: WaveCounts
    holds: tuple[Hold, ...]
    verbs: tuple[Verb, ...]
    liftable: frozenset[str]
    planned_at: datetime | None
    earliest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    rollout: Rollout
    applied: AppliedPlan
    waves: tuple[WaveView, ...]
    now: datetime


async def get_rollout(unit: RolloutUnit, name: str, roles: Collection[str], now: datetime) -> RolloutView:
    """The whole tree. `verbs` and `liftable` are what somebody with these roles may do. `RolloutNotFound`."""
    rollout = await _get(unit, name)
    applied = await unit.rollouts.get_plan(rollout)
    waves = await unit.rollouts.list_waves([rollout.id])
    holds = await unit.rollouts.list_holds([wave.id for wave in waves])
    earliest = earliest_openings(rollout, applied.plan, {wave.name: wave for wave in waves}, now)
    counted = await unit.people.counts_by_wave(name)
    views = []
    for wave in waves:
        planned = applied.plan.wave(wave.name)
        counts = counted.get(wave.name, WaveCounts())
        refusals = bool(wave.refused_gates or counts.push_failed)
        views.append(
            WaveView(
                wave=wave,
                planned=planned,
                counts=counts,
                holds=tuple(holds[wave.id]),
                verbs=tuple(verbs_for(wave.phase, holds[wave.id], roles, refusals=refusals)),
                liftable=frozenset(hold.id for hold in holds[wave.id] if hold.liftable_by(roles)),
                planned_at=_planned_at(rollout, applied.plan, planned),
                earliest_at=earliest.get(wave.name),
            )
        )
    return RolloutView(rollout=rollout, applied=applied, waves=tuple(views), now=now)


async def get_wave(unit: RolloutUnit, name: str, wave: str, roles: Collection[str], now: datetime) -> WaveView:
    """One wave of the tree. `RolloutNotFound`, `WaveNotFound`."""
    view = await get_rollout(unit, name, roles, now)
    for one in view.waves:
        if one.wave.name == wave:
            return one
    known = ", ".join(one.wave.name for one in view.waves)
    raise WaveNotFound(f"{name!r} has no wave {wave!r}; its waves are {known}.")


async def list_rollouts(
    unit: RolloutUnit, paging: PagingRequest
) -> tuple[list[tuple[Rollout, list[Wave]]], str | None]:
    """By name, each with its waves as they stand."""
    rollouts, after = await unit.rollouts.page_rollouts(paging)
    waves = await unit.rollouts.list_waves([rollout.id for rollout in rollouts])
    return [(rollout, [w for w in waves if w.rollout_id == rollout.id]) for rollout in rollouts], after


async def get_plan(unit: RolloutUnit, name: str) -> AppliedPlan:
    """The version in force. `RolloutNotFound`."""
    return await unit.rollouts.get_plan(await _get(unit, name))


async def page_timeline(
    unit: RolloutUnit, name: str, paging: PagingRequest, *, wave: str | None
) -> tuple[list[TimelineEntry], str | None]:
    """What happened, newest first. `RolloutNotFound`."""
    await _get(unit, name)
    return await unit.rollouts.page_timeline(name, paging, wave=wave)


async def _get(unit: RolloutUnit, name: str) -> Rollout:
    rollout = await unit.rollouts.find_rollout(name)
    if rollout is None:
        raise RolloutNotFound(f"There is no rollout {name!r}.")
    return rollout


def _planned_at(rollout: Rollout, plan: Plan, planned: WavePlan) -> datetime | None:
    times = [at for at in (planned.not_before_at, notice_ends_at(rollout, plan, planned)) if at is not None]
    return max(times, default=None)
