"""Learning facts, and the progress that they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, select

from services.rollout.adapters.repository.enrolment import EnrolmentRepository
from services.rollout.adapters.repository.rows import among, pieces, table_of, update_each
from services.rollout.adapters.tables.people import LearningFactRow, ProgressRow, SourceRow
from services.rollout.domain.completion import Fact, Progress, Standing, fold
from services.rollout.domain.enrolment import standing_now
from services.rollout.ports.learning import CourseOfPerson, IdentityKey, SourceVersion, StoredFact
from shared.clock import new_id
from shared.database import UnitOfWork, insert_for, upsert_if_newer
from shared.events.envelope import Envelope

FACTS, PROGRESS, SOURCES = table_of(LearningFactRow), table_of(ProgressRow), table_of(SourceRow)
_COURSE = (FACTS.c.person_id, FACTS.c.source, FACTS.c.course_id)


class LearningRepository:
    """See `ports.learning.Learning`."""

    def __init__(self, work: UnitOfWork, enrolments: EnrolmentRepository) -> None:
        self._work = work
        self._session = work.session
        self._enrolments = enrolments

    async def add_facts(
        self, facts: Sequence[StoredFact], owners: Mapping[IdentityKey, str]
    ) -> tuple[int, set[CourseOfPerson]]:
        wanted = {(stored.source, stored.fact.key): stored for stored in facts}
        if not wanted:
            return 0, set()
        statement = insert_for(self._work.dialect, FACTS).on_conflict_do_nothing()
        rows = [_fact_row(wanted[key], owners) for key in sorted(wanted)]
        inserted = await self._session.execute(statement.returning(FACTS.c.source, FACTS.c.dedupe_key), rows)
        fresh = {(row.source, row.dedupe_key) for row in inserted}
        touched = {
            CourseOfPerson(owners[stored.identity], stored.source, stored.course_id)
            for key, stored in wanted.items()
            if key in fresh
            and stored.course_id is not None
            and stored.identity is not None
            and stored.identity in owners
        }
        touched |= await self._correct_received(wanted, set(wanted) - fresh)
        taken_back = [(stored.source, stored.fact.voids) for stored in wanted.values() if stored.fact.voids is not None]
        return len(fresh), touched | await self._touched_by(taken_back)

    async def _correct_received(
        self, wanted: Mapping[tuple[str, str], StoredFact], known: Iterable[tuple[str, str]]
    ) -> set[CourseOfPerson]:
        """A fact without a time stands where it was first received, whichever of its deliveries was handled first."""
        timeless = [key for key in known if wanted[key].fact.occurred_at is None]
        columns = (*_COURSE, FACTS.c.id, FACTS.c.dedupe_key, FACTS.c.received_at)
        touched: set[CourseOfPerson] = set()
        earlier: list[dict[str, Any]] = []
        for piece in pieces(sorted(timeless)):
            condition = among((FACTS.c.source, FACTS.c.dedupe_key), piece)
            for row in await self._session.execute(select(*columns).where(condition)):
                received_at = wanted[row.source, row.dedupe_key].fact.received_at
                if received_at < row.received_at:
                    earlier.append({"id": row.id, "received_at": received_at})
                    touched |= _course_of(row)
        await update_each(self._session, FACTS, ["id"], earlier)
        return touched

    async def _touched_by(self, keys: Iterable[tuple[str, str]]) -> set[CourseOfPerson]:
        touched: set[CourseOfPerson] = set()
        for piece in pieces(sorted(set(keys))):
            condition = among((FACTS.c.source, FACTS.c.dedupe_key), piece)
            for row in await self._session.execute(select(*_COURSE).where(condition)):
                touched |= _course_of(row)
        return touched

    async def adopt_facts(self, names: Mapping[IdentityKey, str]) -> set[CourseOfPerson]:
        touched: set[CourseOfPerson] = set()
        name = (FACTS.c.source, FACTS.c.scheme, FACTS.c.value)
        for piece in pieces(names.items()):
            owners = {(key.source, key.scheme, key.value): person_id for key, person_id in piece}
            waiting = await self._session.execute(
                select(FACTS.c.id, *name).where(among(name, list(owners)), FACTS.c.person_id.is_(None))
            )
            rows = [{"id": row.id, "person_id": owners[row.source, row.scheme, row.value]} for row in waiting]
            await update_each(self._session, FACTS, ["id"], rows)
            for ids in pieces(row["id"] for row in rows):
                for row in await self._session.execute(select(*_COURSE).where(FACTS.c.id.in_(ids))):
                    touched |= _course_of(row)
        return touched

    async def refold(self, touched: set[CourseOfPerson], now: datetime) -> set[tuple[str, str]]:
        waves: set[tuple[str, str]] = set()
        for piece in pieces(sorted(touched), 300):
            waves |= await self._refold(piece, now)
        return waves

    async def _refold(self, courses: Sequence[CourseOfPerson], now: datetime) -> set[tuple[str, str]]:
        held = await self.lock_progress(courses)
        facts, voided = await self._facts_of(courses)
        changed: dict[CourseOfPerson, Progress] = {}
        for course in courses:
            progress = fold(facts.get(course, ()), voided=voided.get(course.source, ()))
            if progress != held[course]:
                changed[course] = progress
        rows = [_progress_row(course, progress) for course, progress in changed.items()]
        await update_each(self._session, PROGRESS, ["person_id", "source", "course_id"], rows)
        moved = [course for course, progress in changed.items() if progress.standing is not held[course].standing]
        members = await self._enrolments.lock_members_of(moved)
        pairs = [(member, standing_now(member, changed[course].standing)) for course, member in members]
        return await self._enrolments.save_members(pairs, now)

    async def lock_progress(self, courses: Sequence[CourseOfPerson]) -> dict[CourseOfPerson, Progress]:
        """The present folds, made where there were none, and locked in one order until the transaction ends."""
        ordered = sorted(courses)
        if not ordered:
            return {}
        held = await self._read_locked(ordered)
        if len(held) < len(ordered):
            fresh = [_progress_row(course, Progress()) for course in ordered if course not in held]
            await self._session.execute(insert_for(self._work.dialect, PROGRESS).on_conflict_do_nothing(), fresh)
            held |= await self._read_locked([course for course in ordered if course not in held])
        return held

    async def _read_locked(self, courses: Sequence[CourseOfPerson]) -> dict[CourseOfPerson, Progress]:
        held: dict[CourseOfPerson, Progress] = {}
        columns = (PROGRESS.c.person_id, PROGRESS.c.source, PROGRESS.c.course_id)
        for piece in pieces(courses):
            keys = [(course.person_id, course.source, course.course_id) for course in piece]
            statement = select(PROGRESS).where(among(columns, keys)).order_by(*columns).with_for_update()
            for row in await self._session.execute(statement):
                held[CourseOfPerson(row.person_id, row.source, row.course_id)] = _progress(row)
        return held

    async def _facts_of(
        self, courses: Sequence[CourseOfPerson]
    ) -> tuple[dict[CourseOfPerson, list[Fact]], dict[str, set[str]]]:
        """The facts of these folds, and the keys that were taken back by statements which name nobody."""
        facts: dict[CourseOfPerson, list[Fact]] = {}
        voided: dict[str, set[str]] = {}
        taker = FACTS.alias()
        taken_back = exists().where(taker.c.source == FACTS.c.source, taker.c.voids == FACTS.c.dedupe_key)
        keys = [(course.person_id, course.source, course.course_id) for course in courses]
        statement = select(FACTS, taken_back.label("taken_back")).where(among(_COURSE, keys))
        for row in await self._session.execute(statement):
            facts.setdefault(CourseOfPerson(row.person_id, row.source, row.course_id), []).append(_fact(row))
            if row.taken_back:
                voided.setdefault(row.source, set()).add(row.dedupe_key)
        return facts, voided

    async def find_source(self, name: str) -> SourceVersion | None:
        columns = (SOURCES.c.source_id, SOURCES.c.epoch, SOURCES.c.version)
        row = (await self._session.execute(select(*columns).where(SOURCES.c.name == name))).first()
        return SourceVersion(row.source_id, row.epoch, row.version) if row is not None else None

    async def get_vendor_file(self, source_id: str) -> dict[str, Any]:
        file = await self._session.execute(select(SOURCES.c.vendor_file).where(SOURCES.c.source_id == source_id))
        document: dict[str, Any] = file.scalar_one()
        return document

    async def save_source(self, envelope: Envelope[Any]) -> bool:
        data = envelope.data
        values = {
            "name": data.name,
            "vendor": data.vendor,
            "kind": data.kind,
            "enabled": data.enabled,
            "vendor_file": data.vendor_file,
        }
        return await upsert_if_newer(self._work, SourceRow, {"source_id": data.source_id}, values, envelope)


def _course_of(row: Any) -> set[CourseOfPerson]:
    if row.person_id is None or row.course_id is None:
        return set()
    return {CourseOfPerson(row.person_id, row.source, row.course_id)}


def _fact_row(stored: StoredFact, owners: Mapping[IdentityKey, str]) -> dict[str, Any]:
    fact, identity = stored.fact, stored.identity
    return {
        "id": new_id(),
        "source": stored.source,
        "dedupe_key": fact.key,
        "type": fact.type,
        "scheme": identity.scheme if identity else None,
        "value": identity.value if identity else None,
        "person_id": owners.get(identity) if identity else None,
        "course_id": stored.course_id,
        "level": fact.level,
        "module": fact.module,
        "state": fact.state,
        "vendor_state": stored.vendor_state,
        "vendor_event": stored.vendor_event,
        "score": fact.score,
        "voids": fact.voids,
        "occurred_at": fact.occurred_at,
        "received_at": fact.received_at,
        "delivery_id": stored.delivery_id,
    }


def _fact(row: Row[Any]) -> Fact:
    return Fact(
        key=row.dedupe_key,
        type=row.type,
        level=row.level,
        module=row.module,
        state=row.state,
        score=row.score,
        voids=row.voids,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
    )


def _progress(row: Row[Any]) -> Progress:
    return Progress(
        standing=Standing(row.standing),
        since_at=row.since_at,
        completed_at=row.completed_at,
        score=row.score,
        suspended=row.suspended,
    )


def _progress_row(course: CourseOfPerson, progress: Progress) -> dict[str, Any]:
    return {
        "person_id": course.person_id,
        "source": course.source,
        "course_id": course.course_id,
        "standing": progress.standing.value,
        "since_at": progress.since_at,
        "completed_at": progress.completed_at,
        "score": progress.score,
        "suspended": progress.suspended,
    }
