"""Results: rows to domain values and back."""

from typing import Any

from services.tickets.adapters.tables import ClockResultRow
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
