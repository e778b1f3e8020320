"""The kinds of gates and their settings, as a plan names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

Stage: TypeAlias = Literal["entry", "background", "exit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionGate:
    """At least the share `at_least` has completed (or passed); `within` is counted from the wave's opening."""

    kind = "completion"
    name: str
    stage: Stage = "exit"
    at_least: float
    measure: Literal["completed", "passed"] = "completed"
    within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsGate:
    """At most `max_open` open tickets of the wave, or `per_100` per hundred members; only `priorities`, or all."""

    kind = "tickets"
    name: str
    stage: Stage = "background"
    max_open: int | None = None
    per_100: float | None = None
    priorities: tuple[str, ...] = ()
    min_started: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaGate:
    """At most `max_open_breaches` clocks of the wave's tickets are breached and unsettled; attainment where asked for."""

    kind = "sla"
    name: str
    stage: Stage = "background"
    target: Literal["first_response", "resolution", "any"] = "any"
    max_open_breaches: int = 0
    attainment: float | None = None
    min_settled: int = 5
    min_started: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyGate:
    """The share of the wave that answers yes to `measure` reaches `at_least`; the survey service decides."""

    kind = "survey"
    name: str
    stage: Stage = "entry"
    instrument: str
    measure: str
    at_least: float
    confidence: float = 0.95
    on_undecided: Literal["pass", "fail", "undecided"] = "undecided"
    closes_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffGate:
    """`quorum` approvals for each role, by the signers that the plan names; one rejection vetoes."""

    kind = "signoff"
    name: str
    stage: Stage = "entry"
    quorum: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarGate:
    """No freeze is in force: those named, or any."""

    kind = "calendar"
    name: str
    stage: Stage = "entry"
    freezes: tuple[str, ...] = ()


Gate: TypeAlias = CompletionGate | TicketsGate | SlaGate | SurveyGate | SignoffGate | CalendarGate

STAGES: Mapping[str, tuple[Stage, ...]] = {
    "completion": ("exit",),
    "tickets": ("background", "exit"),
    "sla": ("background", "exit"),
    "survey": ("entry", "exit"),
    "signoff": ("entry", "exit"),
    "calendar": ("entry",),
}
"""Which stages a kind makes sense in; the first is what a plan gets that names none."""
