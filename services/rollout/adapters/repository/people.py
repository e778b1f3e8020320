"""Everything about people in one transaction: the directory, facts, enrolments and connections."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from services.rollout.adapters.repository.connection import ConnectionRepository
from services.rollout.adapters.repository.directory import PEOPLE, DirectoryRepository
from services.rollout.adapters.repository.enrolment import EnrolmentRepository
from services.rollout.adapters.repository.learning import LearningRepository
from services.rollout.domain.audience import PersonRecord
from services.rollout.domain.completion import Progress
from services.rollout.domain.enrolment import Member, invited, taken_back, tried_again
from services.rollout.domain.gate import WaveCounts
from services.rollout.ports.learning import CourseOfPerson
from shared.database import UnitOfWork

_ASKED = ("id", "email", "region", "site", "department", "role", "language", "kind", "tags", "champion", "active")


class PeopleRepository:
    """See `ports.people.People` for what the plan's side asks, and `ports.learning.PeopleStore` for the rest."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self.directory = DirectoryRepository(work)
        self.enrolments = EnrolmentRepository(work)
        self.learning = LearningRepository(work, self.enrolments)
        self.connections = ConnectionRepository(work)

    async def list_audience_people(self) -> list[PersonRecord]:
        rows = await self._session.execute(select(*[PEOPLE.c[name] for name in _ASKED]).order_by(PEOPLE.c.id))
        return [PersonRecord(**{**row._mapping, "tags": tuple(row.tags)}) for row in rows]

    async def list_assigned_people(self, rollout: str) -> dict[str, str]:
        return await self.enrolments.list_places(rollout)

    async def assign_members(self, rollout: str, wave: str, person_ids: Sequence[str], now: datetime) -> int:
        return await self.enrolments.add_members(rollout, wave, person_ids, now)

    async def counts(self, rollout: str, wave: str) -> WaveCounts:
        return await self.enrolments.counts(rollout, wave)

    async def counts_by_wave(self, rollout: str) -> dict[str, WaveCounts]:
        return await self.enrolments.counts_by_wave(rollout)

    async def want_enrolled(self, rollout: str, wave: str, source: str, course_id: str, now: datetime) -> int:
        progress = await self._lock_progress(rollout, wave, source, course_id)
        members = await self.enrolments.lock_wave(rollout, wave)
        pairs = [
            (member, invited(member, progress[member.person_id].standing, source=source, course_id=course_id))
            for member in members
            if member.person_id in progress
        ]
        return await self._save(pairs, now)

    async def withdraw_wave(self, rollout: str, wave: str, source: str, course_id: str, now: datetime) -> int:
        progress = await self._lock_progress(rollout, wave, source, course_id)
        members = await self.enrolments.lock_wave(rollout, wave)
        pairs = [
            (member, taken_back(member, progress[member.person_id].standing))
            for member in members
            if member.person_id in progress
        ]
        return await self._save(pairs, now)

    async def retry_failed(self, rollout: str, wave: str, now: datetime) -> int:
        members = await self.enrolments.lock_wave(rollout, wave)
        return await self._save([(member, tried_again(member)) for member in members], now)

    async def _lock_progress(self, rollout: str, wave: str, source: str, course_id: str) -> dict[str, Progress]:
        # Locked before the members are, in the order of every refold: facts that arrive meanwhile wait and then see them.
        people = await self.enrolments.list_person_ids(rollout, wave)
        courses = [CourseOfPerson(person_id, source, course_id) for person_id in people]
        held = await self.learning.lock_progress(courses)
        return {course.person_id: progress for course, progress in held.items()}

    async def _save(self, pairs: Sequence[tuple[Member, Member]], now: datetime) -> int:
        await self.enrolments.save_members(pairs, now)
        return sum(before != after for before, after in pairs)
