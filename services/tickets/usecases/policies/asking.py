"""Which policy and rule a ticket would get, why, and when its targets would be due."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.tickets.domain.calendar import NeverDue
from services.tickets.domain.condition import Features
from services.tickets.domain.policy import FALLBACK, Policy, RuleCheck, Target
from services.tickets.ports import TicketsUnit

FROM_THE_OPENING = frozenset(
    {Target.FIRST_RESPONSE, Target.RESOLUTION, Target.AGENT_WORK, Target.REQUESTER_WAIT, Target.OLA}
)
"""What counts as soon as a ticket is opened; the others wait for a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`due_at` is that of a ticket that is never paused; None where it does not begin with the opening."""

    target: Target
    target_for: timedelta
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`policies` and `rules` in the order in which they are asked, each with why it does or does not apply."""

    policy: Policy | None = None
    policies: Sequence[RuleCheck] = ()
    rules: Sequence[RuleCheck] = ()
    promises: Sequence[Promise] = ()


async def ask_policies(unit: TicketsUnit, features: Features, opened_at: datetime) -> Asked:
    """Of the policies in force."""
    checks: list[RuleCheck] = []
    chosen: Policy | None = None
    for policy in await unit.policies.in_force():
        problem = None if policy.name == FALLBACK else policy.when.check(features)
        if chosen is not None:
            checks.append(RuleCheck(rule=policy.label, matched=False, reason=f"{chosen.label} comes before it"))
        elif problem is not None:
            checks.append(RuleCheck(rule=policy.label, matched=False, reason=problem))
        else:
            chosen = policy
            reason = "it is for every ticket that no other policy is for" if policy.name == FALLBACK else "it matches"
            checks.append(RuleCheck(rule=policy.label, matched=True, reason=reason))
    return (
        Asked(policies=checks) if chosen is None else replace(ask_policy(chosen, features, opened_at), policies=checks)
    )


def ask_policy(policy: Policy, features: Features, opened_at: datetime) -> Asked:
    """Of one version, whether it is in force or not; its own condition is one of the checks."""
    problem = policy.when.check(features)
    check = RuleCheck(rule=policy.label, matched=problem is None, reason=problem or "it matches")
    return Asked(
        policy=policy,
        policies=[check],
        rules=policy.checks(features),
        promises=_promises(policy, features, opened_at),
    )


def _promises(policy: Policy, features: Features, opened_at: datetime) -> list[Promise]:
    """What the policy promises such a ticket that is opened then."""
    rule = policy.match(features)
    if rule is None:
        return []
    found = []
    for target in Target:
        target_for = rule.promised(target, features)
        if target_for is None:
            continue
        due_at = None
        if target in FROM_THE_OPENING:
            try:
                due_at = rule.calendar.after(opened_at, target_for)
            except NeverDue:
                due_at = None
        found.append(Promise(target=target, target_for=target_for, due_at=due_at))
    return found
