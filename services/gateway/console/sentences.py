"""Evidence and measurements in words. Pure."""

from collections.abc import Mapping
from typing import Any

from services.gateway.console.rendering import say_count, say_number

Tree = Mapping[str, Any]


def say_measure(kind: str, actual: float | None, threshold: float | None) -> tuple[str, str]:
    """What was found and what it is held against. Shares come as 0 to 1, everything else as numbers."""
    if threshold is None:
        return "", ""
    if kind in ("completion", "survey"):
        found = "Nothing yet" if actual is None else f"{say_number(_floor(100 * actual))} %"
        return found, f"at least {say_number(round(100 * threshold, 1))} %"
    if actual is None:
        return "", ""
    if kind == "signoff":
        return say_number(actual), f"of {say_count(int(threshold), 'role')}"
    if kind in ("tickets", "sla"):
        return say_number(actual), f"at most {say_number(threshold)}"
    return say_number(actual), f"against {say_number(threshold)}"


def _floor(percent: float) -> float:
    # Rounded down to a tenth, so that 89.96 % does not read as 90 %; the epsilon undoes what floats did.
    return int(percent * 10 + 1e-6) / 10


def say_evidence(row: Tree) -> tuple[str, str | None]:
    """One row of evidence in words, with the instant that belongs to it."""
    for key, said in (("number", _ticket), ("signoff_id", _signoff), ("members", _people), ("freeze", _freeze)):
        if row.get(key) is not None:
            return said(row)
    if "verdict" in row:
        return f"Survey verdict: {row['verdict'] or 'not decided yet'}", None
    return "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in row.items() if value is not None), None


def _ticket(row: Tree) -> tuple[str, str | None]:
    said = f"{row.get('priority') or ''} ticket #{row['number']} “{row.get('subject') or ''}”".strip()
    if row.get("target"):
        said += f" missed its {str(row['target']).replace('_', ' ')}"
    return said, row.get("breached_at")


def _signoff(row: Tree) -> tuple[str, str | None]:
    decisions = {
        "approve": "approved",
        "approve_with_conditions": "approved with conditions",
        "reject": "rejected",
        "abstain": "abstained",
    }
    decision = row.get("decision")
    said = decisions.get(str(decision), str(decision)) if decision else "has not answered yet"
    comment = f": “{row['comment']}”" if row.get("comment") else ""
    return f"{row.get('name') or ''} ({row.get('role') or ''}) {said}{comment}", row.get("given_at")


def _people(row: Tree) -> tuple[str, str | None]:
    said = f"{row.get('done', 0):,} of {row['members']:,} have {row.get('measure') or 'completed'}"
    failed = int(row.get("push_failed") or 0)
    return f"{said}; {failed:,} could not be enrolled" if failed else said, None


def _freeze(row: Tree) -> tuple[str, str | None]:
    return f"Freeze “{row['freeze']}” until", row.get("to")
