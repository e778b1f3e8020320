"""A plan as frozen values. It exists only if it is whole: `parse_plan` is the one way to it from a document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.rollout.domain.assignment import Audience
from services.rollout.domain.gate import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who gets mail."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WavePlan:
    """One wave. `after`: waves that must be completed first. `bake_for`: quiet time before completion and after bad evidence."""

    name: str
    title: str
    after: tuple[str, ...]
    source: str | None
    audience: Audience
    bake_for: timedelta
    gates: tuple[Gate, ...]
    not_before_at: datetime | None = None

    def gate(self, name: str) -> Gate:
        """`StopIteration` never: callers pass names of this wave's own gates; `KeyError` otherwise."""
        for gate in self.gates:
            if gate.name == name:
                return gate
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A rollout as intended. `courses`: LMS source -> course id there; `signers`: role -> who signs for it."""

    name: str
    title: str
    zone: str
    notice_for: timedelta
    go_to: Contact | None
    deputy: Contact | None
    courses: Mapping[str, str]
    systems: tuple[str, ...]
    signers: Mapping[str, tuple[Contact, ...]]
    waves: tuple[WavePlan, ...]

    def wave(self, name: str) -> WavePlan:
        """`KeyError` if the plan has no such wave."""
        for wave in self.waves:
            if wave.name == name:
                return wave
        raise KeyError(name)

    def course_of(self, wave: WavePlan) -> tuple[str, str] | None:
        """(source, course id) that the wave enrols into; None for a change without a course."""
        if wave.source is None:
            return None
        return wave.source, self.courses[wave.source]
