"""Which open clocks are at risk, worst first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tickets.domain.forecast import Chance, Survival
from services.tickets.ports import Population, TicketsUnit, Watched

CONSIDERED = 500
"""Clocks that are due soonest; further ones are not at risk yet."""
LOOK_BACK = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """`used_seconds` and `target_seconds` are business time."""

    watched: Watched
    used_seconds: float
    target_seconds: float
    chance: Chance


async def clocks_at_risk(
    unit: TicketsUnit, *, within: timedelta, limit: int, now: datetime
) -> tuple[list[AtRisk], int]:
    """Clocks that are due within that time (real), the likeliest to be missed first, and how many were considered.

    Where nothing is known of clocks alike, the share of the target that is used up decides among themselves, after the others.
    """
    soonest = await unit.clocks.soonest(now, now + within, CONSIDERED)
    finished = await unit.clocks.finished({population_of(each) for each in soonest}, now - LOOK_BACK)
    survivals = {population: Survival(elapsed) for population, elapsed in finished.items()}
    judged = [_judged(each, survivals[population_of(each)], now) for each in soonest]
    judged.sort(key=_trouble)
    return judged[:limit], len(soonest)


def population_of(watched: Watched) -> Population:
    clock = watched.clock
    name, _, _ = clock.policy.rpartition("@")
    return Population(policy=name, target=clock.target.value, priority=watched.priority.value)


def _judged(watched: Watched, survival: Survival, now: datetime) -> AtRisk:
    clock = watched.clock
    used = clock.elapsed(now).total_seconds()
    target = clock.target_for.total_seconds() if clock.target_for is not None else 0.0
    return AtRisk(
        watched=watched, used_seconds=used, target_seconds=target, chance=survival.chance(used=used, target=target)
    )


def _trouble(each: AtRisk) -> tuple[bool, float, str, float, str]:
    """What is likely first, then what is urgent, then what is nearest to its end."""
    known = each.chance.to_miss is not None
    share_used = each.used_seconds / each.target_seconds if each.target_seconds else 1.0
    return (
        not known,
        -(each.chance.to_miss or 0.0),
        each.watched.priority.value,
        -share_used,
        each.watched.clock.clock_id,
    )
