"""What a gate's measurement says: failed > error > insufficient > inconclusive > passed. Silence never passes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Assessment(StrEnum):
    """`error`: could not be measured. `insufficient`: too little yet. `inconclusive`: enough, and it says neither."""

    FAILED = "failed"
    ERROR = "error"
    INSUFFICIENT = "insufficient"
    INCONCLUSIVE = "inconclusive"
    PASSED = "passed"


_ORDER = tuple(Assessment)


def worst(assessments: Iterable[Assessment]) -> Assessment:
    """The one that decides when several are taken together; nothing at all is insufficient, never a pass."""
    return min(assessments, key=_ORDER.index, default=Assessment.INSUFFICIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAssessment:
    """A gate as it stands at one instant. `sentence` says actual against threshold; `evidence` is plain JSON values."""

    gate: str
    kind: str
    stage: str
    assessment: Assessment
    sentence: str
    evidence: tuple[Mapping[str, Any], ...] = ()
    actual: float | None = None
    threshold: float | None = None
    next_look_at: datetime | None = None

    @property
    def passed(self) -> bool:
        return self.assessment is Assessment.PASSED

    @property
    def failed(self) -> bool:
        return self.assessment is Assessment.FAILED
