"""Results: rows to domain values and back."""

from typing import Any

from services.tickets.adapters.tables import ClockResultRow, ClockRow, TicketRow
from services.tickets.domain.report import Result, Standing

_STANDING = (
    "policy",
    "policy_version",
    "rule",
    "team",
    "agent",
    "priority",
    "target",
    "rollout",
    "wave",
    "source",
)
_PLAIN = (
    "clock_id",
    "ticket_id",
    "target_seconds",
    "breached_at",
    "finished_at",
    "elapsed_seconds",
    "overdue_seconds",
    "cancelled_because",
    "exempted",
)


def result_of(row: ClockResultRow) -> Result:
    return Result(
        standing=Standing(**{name: getattr(row, name) for name in _STANDING}),
        **{name: getattr(row, name) for name in _PLAIN},
    )


def result_values(result: Result) -> dict[str, Any]:
    return {
        **{name: getattr(result, name) for name in _PLAIN},
        **{name: getattr(result.standing, name) for name in _STANDING},
        "outcome": result.outcome,
        "counts_as": result.counts_as.value,
        "decided_at": result.decided_at,
        "decided_on": result.decided_on,
    }


def breached_result(clock: ClockRow, ticket: TicketRow) -> Result:
    """A running or paused clock that is breached. A clock of the first release names no policy of its own."""
    policy, _, version = clock.policy.rpartition("@")
    return Result(
        clock_id=clock.clock_id,
        ticket_id=clock.ticket_id,
        standing=Standing(
            policy=policy or ticket.policy_name,
            policy_version=int(version) if policy else ticket.policy_version,
            rule=clock.rule,
            team=clock.team or ticket.team or "",
            agent=(ticket.assignee or "").casefold(),
            priority=ticket.priority,
            target=clock.target,
            rollout=ticket.rollout or "",
            wave=ticket.wave or "",
            source=ticket.source or "",
        ),
        target_seconds=clock.target_seconds,
        breached_at=clock.breached_at,
    )
