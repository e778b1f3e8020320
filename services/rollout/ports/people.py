"""People, and what they are assigned, enrolled in and have completed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.rollout.domain.audience import PersonRecord
from services.rollout.domain.gate import WaveCounts

__all__ = ["People", "PersonRecord", "WaveCounts"]


class People(Protocol):
    """The directory and the enrolments."""

    async def list_audience_people(self) -> list[PersonRecord]:
        """Every person with what audience filters may ask about, in id order. Inactive ones too (`active` is False)."""
        ...

    async def list_assigned_people(self, rollout: str) -> dict[str, str]:
        """Person id -> the wave they are assigned to, for everyone who has a place in the rollout."""
        ...

    async def assign_members(self, rollout: str, wave: str, person_ids: Sequence[str], now: datetime) -> int:
        """Give people a place in a wave (state `assigned`) and record `rollout.enrolment.changed`; how many are new.

        Whoever has a place in this rollout already keeps it. Idempotent.
        """
        ...

    async def counts(self, rollout: str, wave: str) -> WaveCounts:
        """From counters that are kept with every change; never a scan. Zeroes for a wave without members."""
        ...

    async def counts_by_wave(self, rollout: str) -> dict[str, WaveCounts]:
        """The same for every wave of a rollout at once; a wave that is not named has zeroes."""
        ...

    async def want_enrolled(self, rollout: str, wave: str, source: str, course_id: str, now: datetime) -> int:
        """Intend to enrol every member who is not yet enrolled; the paced push worker carries it out. Idempotent."""
        ...

    async def withdraw_wave(self, rollout: str, wave: str, source: str, course_id: str, now: datetime) -> int:
        """Take back: intents not yet pushed are dropped, whoever has not started is un-enrolled, progress is kept."""
        ...

    async def retry_failed(self, rollout: str, wave: str, now: datetime) -> int:
        """Try once more whoever could not be enrolled; how many."""
        ...
