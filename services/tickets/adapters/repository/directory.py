"""People, plans and waves as the rollout service tells of them, as far as attribution needs them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, delete, or_, select, text, tuple_, update
from sqlmodel import col

from services.tickets.adapters.repository.contacts import ContactRepository
from services.tickets.adapters.tables import (
    CommentRow,
    ContactRow,
    EnrolmentRow,
    PersonIdentityRow,
    PersonRow,
    PlanRow,
    WaveRow,
)
from services.tickets.domain.attribution import Membership, Subject
from shared.database import UnitOfWork, chunks, insert_for, upsert_if_newer
from shared.events.envelope import Envelope

NEVER_COUNTED = ("aborted", "rolled_back")
FORGOTTEN = "forgotten"
# Any number that no other lock of this database has.
DIRECTORY_LOCK = 0x7469636B
LAST_EPOCH = 2**31 - 1


class DirectoryRepository:
    """`ports.Directory`."""

    def __init__(self, work: UnitOfWork, contacts: ContactRepository) -> None:
        self._work = work
        self._contacts = contacts
        self._session = work.session

    async def hold_still(self) -> None:
        await self._lock("pg_advisory_xact_lock_shared")

    async def hold_alone(self) -> None:
        await self._lock("pg_advisory_xact_lock")

    async def _lock(self, function: str) -> None:
        # SQLite has one writer at a time; there is nothing to hold.
        if self._work.dialect == "postgresql":
            await self._session.execute(text(f"SELECT {function}(:key)"), {"key": DIRECTORY_LOCK})
            self._contacts.forget()

    async def subjects(self) -> list[Subject]:
        found = (await self._session.execute(select(PlanRow).order_by(col(PlanRow.rollout)))).scalars()
        return [Subject(rollout=row.rollout, courses=row.courses, systems=tuple(row.systems)) for row in found]

    async def memberships(self, person_ids: Collection[str]) -> dict[str, list[Membership]]:
        found: dict[str, list[Membership]] = {}
        for some in chunks(sorted(set(person_ids))):
            statement = (
                select(EnrolmentRow, WaveRow)
                .join(
                    WaveRow,
                    and_(col(WaveRow.rollout) == EnrolmentRow.rollout, col(WaveRow.wave) == EnrolmentRow.wave),
                )
                .where(
                    col(EnrolmentRow.person_id).in_(some),
                    col(EnrolmentRow.state) != "withdrawn",
                    col(WaveRow.opened_at).is_not(None),
                    col(WaveRow.phase).not_in(NEVER_COUNTED),
                )
            )
            for enrolment, wave in (await self._session.execute(statement)).all():
                if wave.opened_at is not None:
                    membership = Membership(
                        rollout=wave.rollout, wave=wave.wave, opened_at=wave.opened_at, completed_at=wave.completed_at
                    )
                    found.setdefault(enrolment.person_id, []).append(membership)
        return found

    async def keep_plan(self, envelope: Envelope[Any]) -> bool:
        data = envelope.data
        told = {name: getattr(data, name) for name in ("title", "applied_at", "announced_at", "notice_seconds")}
        values = {"courses": data.courses, "systems": list(data.systems), **told}
        return await upsert_if_newer(self._work, PlanRow, {"rollout": data.rollout}, values, envelope)

    async def keep_wave(self, envelope: Envelope[Any]) -> bool:
        data = envelope.data
        names = ("rollout", "wave", "phase", "opened_at", "completed_at", "audience_size")
        values = {name: getattr(data, name) for name in names}
        return await upsert_if_newer(self._work, WaveRow, {"wave_id": data.wave_id}, values, envelope)

    async def keep_enrolment(self, envelope: Envelope[Any]) -> bool:
        data = envelope.data
        values = {name: getattr(data, name) for name in ("rollout", "wave", "person_id", "state")}
        return await upsert_if_newer(self._work, EnrolmentRow, {"enrolment_id": data.enrolment_id}, values, envelope)

    async def keep_person(self, envelope: Envelope[Any]) -> bool:
        data = envelope.data
        values = {name: getattr(data, name) for name in ("name", "email", "manager_id", "zone")}
        if not await upsert_if_newer(self._work, PersonRow, {"person_id": data.person_id}, values, envelope):
            return False
        named = sorted(data.external_ids.items()) + ([("", data.email.casefold())] if data.email else [])
        await self._session.execute(delete(PersonIdentityRow).where(col(PersonIdentityRow.person_id) == data.person_id))
        if not named:
            return True
        statement = insert_for(self._work.dialect, PersonIdentityRow).values(
            [{"system": system, "value": value, "person_id": data.person_id} for system, value in named]
        )
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["system", "value"], set_={"person_id": statement.excluded["person_id"]}
            )
        )
        await self._session.execute(
            update(ContactRow)
            .where(tuple_(col(ContactRow.system), col(ContactRow.value)).in_(named))
            .where(or_(col(ContactRow.person_id).is_(None), col(ContactRow.person_id) != data.person_id))
            .values(person_id=data.person_id, name=data.name)
        )
        self._contacts.forget()
        return True

    async def erase_person(self, person_id: str) -> None:
        # The person's row stays as a tombstone: a state event that comes late must not bring them back.
        grave = {"name": FORGOTTEN, "email": None, "manager_id": None, "zone": None, "epoch": LAST_EPOCH, "version": 0}
        statement = insert_for(self._work.dialect, PersonRow).values(person_id=person_id, **grave)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=grave))
        for row in (PersonIdentityRow, EnrolmentRow):
            await self._session.execute(delete(row).where(col(row.person_id) == person_id))
        theirs = select(col(ContactRow.contact_id)).where(col(ContactRow.person_id) == person_id)
        await self._session.execute(
            update(CommentRow).where(col(CommentRow.author_id).in_(theirs)).values(author_name="")
        )
        await self._session.execute(
            update(ContactRow)
            .where(col(ContactRow.person_id) == person_id)
            .values(system=FORGOTTEN, scheme=FORGOTTEN, value=ContactRow.contact_id, name="")
        )
        self._contacts.forget()
