"""SLA policies: immutable versions, the newest one for new tickets; open tickets stay with theirs."""

from datetime import datetime
from typing import Any

from services.tickets.domain.calendar import NeverDue
from services.tickets.domain.policy import PolicyInvalid
from services.tickets.domain.policy_document import DocumentProblem, read_policy
from services.tickets.errors import PolicyNotUsable
from services.tickets.ports import TicketsUnit
from shared.errors import FieldProblem


async def publish_policy(unit: TicketsUnit, name: str, document: dict[str, Any], *, by: str, now: datetime) -> int:
    """The version that says this: a new one, or the newest if it says the same. Raises `PolicyNotUsable`, `PolicyNotFound`."""
    version, newest = await unit.policies.document(name)
    if newest == document:
        return version
    try:
        policy = read_policy(name, version + 1, document)
        for targets in policy.targets.values():
            for target_for in targets.values():
                policy.calendar.after(now, target_for)
    except DocumentProblem as problem:
        raise _not_usable(problem.pointer, problem) from problem
    except (PolicyInvalid, NeverDue) as problem:
        raise _not_usable("/targets", problem) from problem
    await unit.policies.add(name, version + 1, document, now, by)
    return version + 1


def _not_usable(pointer: str, problem: Exception) -> PolicyNotUsable:
    return PolicyNotUsable("The policy cannot be used as written.", errors=[FieldProblem(pointer, str(problem))])
