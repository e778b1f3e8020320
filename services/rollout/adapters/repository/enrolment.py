"""Members of waves: their states, the counters, and what learning systems must still be told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from services.rollout.adapters.repository.rows import among, pieces, table_of, update_each
from services.rollout.adapters.tables.people import EnrolmentRow, PersonRow, WaveCountRow
from services.rollout.domain.enrolment import (
    COUNTERS,
    DONE,
    Member,
    MemberState,
    Push,
    Wanted,
    count_changes,
)
from services.rollout.domain.gate import WaveCounts
from services.rollout.ports.learning import CourseOfPerson, PollTarget, PushGroup
from shared.clock import new_id
from shared.database import UnitOfWork, insert_for
from shared.events.rollout import EnrolmentChanged
from shared.rest import PagingRequest, keyset_page

ENROLMENTS, COUNTS, PEOPLE = table_of(EnrolmentRow), table_of(WaveCountRow), table_of(PersonRow)


class EnrolmentRepository:
    """See `ports.learning.Enrolments`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def add_members(self, rollout: str, wave: str, person_ids: Sequence[str], now: datetime) -> int:
        members = [
            Member(id=new_id(), rollout=rollout, wave=wave, person_id=person_id)
            for person_id in sorted(set(person_ids))
        ]
        statement = insert_for(self._work.dialect, ENROLMENTS).on_conflict_do_nothing().returning(ENROLMENTS.c.id)
        added: set[str] = set()
        for piece in pieces(members, 500):
            rows = [{**_row(member), "assigned_at": now, "changed_at": now} for member in piece]
            added |= set((await self._session.execute(statement.values(rows))).scalars())
        fresh = [member for member in members if member.id in added]
        for member in fresh:
            self._publish(member)
        await self._count([(None, member) for member in fresh])
        return len(fresh)

    async def lock_wave(self, rollout: str, wave: str) -> list[Member]:
        """Every member of a wave, locked in id order."""
        return await self._lock((ENROLMENTS.c.rollout == rollout, ENROLMENTS.c.wave == wave))

    async def list_person_ids(self, rollout: str, wave: str) -> list[str]:
        """Who has a place in the wave."""
        statement = select(ENROLMENTS.c.person_id).where(ENROLMENTS.c.rollout == rollout, ENROLMENTS.c.wave == wave)
        return list((await self._session.execute(statement)).scalars())

    async def list_places(self, rollout: str) -> dict[str, str]:
        """Person id -> wave."""
        statement = select(ENROLMENTS.c.person_id, ENROLMENTS.c.wave).where(ENROLMENTS.c.rollout == rollout)
        return {row.person_id: row.wave for row in await self._session.execute(statement)}

    async def lock_failed(self, source: str) -> list[Member]:
        return await self._lock((ENROLMENTS.c.source == source, ENROLMENTS.c.push == Push.FAILED.value))

    async def lock_members(self, ids: Sequence[str]) -> list[Member]:
        locked: list[Member] = []
        for piece in pieces(sorted(ids)):
            locked += await self._lock((ENROLMENTS.c.id.in_(piece),))
        return locked

    async def lock_members_of(self, courses: Sequence[CourseOfPerson]) -> list[tuple[CourseOfPerson, Member]]:
        """The places for which these courses of these people count, locked in id order."""
        found: list[tuple[CourseOfPerson, Member]] = []
        columns = (ENROLMENTS.c.person_id, ENROLMENTS.c.source, ENROLMENTS.c.course_id)
        for piece in pieces(courses):
            keys = [(course.person_id, course.source, course.course_id) for course in piece]
            for member in await self._lock((among(columns, keys),)):
                assert member.source is not None
                assert member.course_id is not None
                found.append((CourseOfPerson(member.person_id, member.source, member.course_id), member))
        return found

    async def _lock(self, conditions: Sequence[Any]) -> list[Member]:
        statement = select(ENROLMENTS).where(*conditions).order_by(ENROLMENTS.c.id).with_for_update()
        return [_member(row) for row in await self._session.execute(statement)]

    async def save_members(self, pairs: Sequence[tuple[Member, Member]], now: datetime) -> set[tuple[str, str]]:
        moved = [(before, after) for before, after in pairs if before != after]
        await update_each(self._session, ENROLMENTS, ["id"], [{**_row(after), "changed_at": now} for _, after in moved])
        for before, after in moved:
            if after.version != before.version:
                self._publish(after)
        return await self._count(moved)

    def _publish(self, member: Member) -> None:
        event = EnrolmentChanged(
            enrolment_id=member.id,
            rollout=member.rollout,
            wave=member.wave,
            person_id=member.person_id,
            state=member.state.value,
        )
        self._work.record(event, aggregate_version=member.version)

    async def _count(self, pairs: Sequence[tuple[Member | None, Member]]) -> set[tuple[str, str]]:
        moves = count_changes(pairs)
        if moves:
            statement = insert_for(self._work.dialect, COUNTS)
            added = {name: COUNTS.c[name] + statement.excluded[name] for name in COUNTERS}
            rows = [
                {"rollout": rollout, "wave": wave, **dict.fromkeys(COUNTERS, 0), **by}
                for (rollout, wave), by in moves.items()
            ]
            upsert = statement.on_conflict_do_update(index_elements=["rollout", "wave"], set_=added)
            await self._session.execute(upsert, rows)
        return set(moves)

    async def counts(self, rollout: str, wave: str) -> WaveCounts:
        """The wave's counters; zeroes where nothing was counted yet."""
        statement = select(*[COUNTS.c[name] for name in COUNTERS])
        row = (await self._session.execute(statement.where(COUNTS.c.rollout == rollout, COUNTS.c.wave == wave))).first()
        return WaveCounts(**dict(row._mapping)) if row is not None else WaveCounts()

    async def counts_by_wave(self, rollout: str) -> dict[str, WaveCounts]:
        """The counters of every wave of a rollout that has any, in one statement."""
        statement = select(COUNTS.c.wave, *[COUNTS.c[name] for name in COUNTERS]).where(COUNTS.c.rollout == rollout)
        rows = (await self._session.execute(statement)).all()
        return {row.wave: WaveCounts(**{name: row._mapping[name] for name in COUNTERS}) for row in rows}

    async def list_push_groups(self, source: str, now: datetime) -> list[PushGroup]:
        columns = (ENROLMENTS.c.rollout, ENROLMENTS.c.wave, ENROLMENTS.c.course_id, ENROLMENTS.c.push)
        statement = select(*columns).where(ENROLMENTS.c.source == source, ENROLMENTS.c.push_due_at <= now).distinct()
        return [
            PushGroup(source=source, rollout=row.rollout, wave=row.wave, course_id=row.course_id, push=Push(row.push))
            for row in await self._session.execute(statement.order_by(*columns))
        ]

    async def take_batch(self, group: PushGroup, size: int, now: datetime) -> list[Member]:
        statement = (
            select(ENROLMENTS)
            .where(
                ENROLMENTS.c.source == group.source,
                ENROLMENTS.c.push_due_at <= now,
                ENROLMENTS.c.rollout == group.rollout,
                ENROLMENTS.c.wave == group.wave,
                ENROLMENTS.c.course_id == group.course_id,
                ENROLMENTS.c.push == group.push.value,
            )
            .order_by(ENROLMENTS.c.push_due_at, ENROLMENTS.c.id)
            .limit(size)
            .with_for_update()
        )
        before = [_member(row) for row in await self._session.execute(statement)]
        taken = [replace(member, attempts=member.attempts + 1) for member in before]
        await self.save_members(list(zip(before, taken, strict=True)), now)
        return taken

    async def list_poll_targets(self, source: str, after: str | None, size: int) -> list[PollTarget]:
        statement = (
            select(ENROLMENTS.c.id, ENROLMENTS.c.person_id, ENROLMENTS.c.course_id, ENROLMENTS.c.state)
            .where(
                ENROLMENTS.c.source == source,
                ENROLMENTS.c.id > (after or ""),
                ENROLMENTS.c.wanted == Wanted.ENROLLED.value,
                ENROLMENTS.c.push == Push.ENROLLED.value,
                ENROLMENTS.c.state.not_in([state.value for state in DONE]),
            )
            .order_by(ENROLMENTS.c.id)
            .limit(size)
        )
        return [
            PollTarget(enrolment_id=row.id, person_id=row.person_id, course_id=row.course_id, state=row.state)
            for row in await self._session.execute(statement)
        ]

    async def list_members(
        self, rollout: str, paging: PagingRequest, *, wave: str | None, state: str | None, failed: bool
    ) -> tuple[list[Any], str | None]:
        statement = (
            select(EnrolmentRow, PEOPLE.c.name, PEOPLE.c.email)
            .join(PEOPLE, PEOPLE.c.id == ENROLMENTS.c.person_id)
            .where(ENROLMENTS.c.rollout == rollout)
        )
        if wave is not None:
            statement = statement.where(ENROLMENTS.c.wave == wave)
        if state is not None:
            statement = statement.where(ENROLMENTS.c.state == state)
        if failed:
            statement = statement.where(ENROLMENTS.c.push == Push.FAILED.value)
        return await keyset_page(self._session, statement, [(ENROLMENTS.c.id, "asc")], paging)


def _member(row: Row[Any]) -> Member:
    return Member(
        id=row.id,
        rollout=row.rollout,
        wave=row.wave,
        person_id=row.person_id,
        source=row.source,
        course_id=row.course_id,
        state=MemberState(row.state),
        wanted=Wanted(row.wanted),
        push=Push(row.push),
        attempts=row.push_attempts,
        pushed=row.pushed,
        error=row.push_error,
        due_at=row.push_due_at,
        version=row.version,
    )


def _row(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "rollout": member.rollout,
        "wave": member.wave,
        "person_id": member.person_id,
        "source": member.source,
        "course_id": member.course_id,
        "state": member.state.value,
        "wanted": member.wanted.value,
        "push": member.push.value,
        "push_attempts": member.attempts,
        "push_due_at": member.due_at,
        "push_error": member.error,
        "pushed": member.pushed,
        "version": member.version,
    }
