"""Rollouts, waves, evidence and holds as use cases see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseBinding:
    """A wave that wants a course of a source; `phase` is the wave's."""

    rollout: str
    wave: str
    source: str
    course_id: str
    phase: str


class Rollouts(Protocol):
    """The part that the learning side needs; the rest follows."""

    async def list_course_bindings(self, source: str, course_id: str | None = None) -> list[CourseBinding]:
        """Waves that use a course of `source`, whatever their phase; all courses of the source if none is named."""
        ...

    async def find_wave_phase(self, rollout: str, wave: str) -> str | None:
        """The wave's phase. Push only while it is `open` or `baking`."""
        ...

    async def want_look(self, rollout: str, wave: str, now: datetime) -> None:
        """Evidence of the wave changed: its gates are assessed within the second. Cheap, call it as often as you like."""
        ...
