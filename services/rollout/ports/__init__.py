"""What use cases see of the world: Protocols only. `RolloutUnit` is one transaction; there is no commit in it."""

from typing import Any, Protocol

from services.rollout.ports.people import People, PersonRecord, WaveCounts
from services.rollout.ports.rollouts import CourseBinding, Rollouts
from shared.events.envelope import Envelope, Event

__all__ = ["CourseBinding", "People", "PersonRecord", "RolloutUnit", "Rollouts", "WaveCounts"]


class RolloutUnit(Protocol):
    """One transaction of this service: two repositories and the outbox."""

    @property
    def rollouts(self) -> Rollouts: ...

    @property
    def people(self) -> People: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]:
        """Promise that the event is published if this transaction commits."""
        ...
