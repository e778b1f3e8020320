"""The projection of people and enrolments."""

from sqlalchemy import delete, update
from sqlmodel import col, select

from services.survey.adapters.tables import LEFT, EnrolmentRow, InvitationRow, PersonRow
from services.survey.ports import EnrolmentStep, Member
from shared.database import UnitOfWork, insert_for, upsert_if_newer
from shared.events.envelope import Envelope
from shared.events.rollout import EnrolmentChanged, PersonChanged


class PeopleDirectory:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def apply_person(self, envelope: Envelope[PersonChanged]) -> bool:
        person = envelope.data
        held = await self._work.session.get(PersonRow, person.person_id, populate_existing=True)
        if held is not None and held.erased:
            return False
        values = {"name": person.name, "email": person.email, "active": person.active, "erased": False}
        key = {"person_id": person.person_id}
        return await upsert_if_newer(self._work, PersonRow, key, values, envelope)

    async def apply_enrolment(self, envelope: Envelope[EnrolmentChanged]) -> EnrolmentStep | None:
        enrolment = envelope.data
        held = await self._work.session.get(EnrolmentRow, enrolment.enrolment_id, populate_existing=True)
        was_member = held is not None and held.state != LEFT
        values = {
            "rollout": enrolment.rollout,
            "wave": enrolment.wave,
            "person_id": enrolment.person_id,
            "state": enrolment.state,
        }
        key = {"enrolment_id": enrolment.enrolment_id}
        if not await upsert_if_newer(self._work, EnrolmentRow, key, values, envelope):
            return None
        return EnrolmentStep(was_member=was_member, is_member=enrolment.state != LEFT)

    async def erase(self, person_id: str) -> None:
        gone = {"name": "", "email": None, "active": False, "erased": True}
        tombstone = insert_for(self._work.dialect, PersonRow).values(person_id=person_id, **gone, epoch=0, version=0)
        await self._work.session.execute(tombstone.on_conflict_do_update(index_elements=["person_id"], set_=gone))
        await self._work.session.execute(delete(EnrolmentRow).where(col(EnrolmentRow.person_id) == person_id))
        await self._work.session.execute(
            update(InvitationRow).where(col(InvitationRow.person_id) == person_id).values(person_id=None)
        )

    async def list_members(self, rollout: str, wave: str) -> list[Member]:
        statement = (
            select(PersonRow.person_id, PersonRow.name, PersonRow.email, PersonRow.active)
            .join(EnrolmentRow, col(EnrolmentRow.person_id) == col(PersonRow.person_id))
            .where(
                col(EnrolmentRow.rollout) == rollout,
                col(EnrolmentRow.wave) == wave,
                col(EnrolmentRow.state) != LEFT,
            )
            .order_by(col(PersonRow.person_id))
            .distinct()
        )
        rows = (await self._work.session.execute(statement)).all()
        return [Member(person_id=row[0], name=row[1], email=row[2] if row[3] else None) for row in rows]
