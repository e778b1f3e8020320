"""Which policy a new ticket gets: the first by order and name whose condition holds, `standard` where none does."""

from collections.abc import Sequence

from services.tickets.domain.condition import Features
from services.tickets.domain.policy import FALLBACK, Policy
from services.tickets.ports import TicketsUnit


async def choose_policy(unit: TicketsUnit, features: Features) -> Policy:
    """Of the versions in force. Raises `PolicyNotFound` in a database without `standard`."""
    return (await choose_policies(unit, [features]))[0]


async def choose_policies(unit: TicketsUnit, features: Sequence[Features]) -> list[Policy]:
    """The same for many tickets with one question to the database."""
    in_force = await unit.policies.in_force()
    fallback = await unit.policies.current(FALLBACK)
    return [_first(in_force, each) or fallback for each in features]


def _first(in_force: Sequence[Policy], features: Features) -> Policy | None:
    for policy in in_force:
        if policy.name == FALLBACK or policy.when.check(features) is None:
            return policy
    return None
