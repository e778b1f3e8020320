"""Recognitions, refusals, and the names of people in what is reported."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.tickets.adapters.tables import (
    ClockResultRow,
    PersonIdentityRow,
    PersonRow,
    RecognitionRefusalRow,
    RecognitionRow,
    ResultCountRow,
)
from services.tickets.domain.recognition import Praise, Recognition
from services.tickets.ports.recognitions import Known
from shared.database import UnitOfWork, chunks, insert_for
from shared.rest import PagingRequest, keyset_page


class RecognitionRepository:
    """`ports.Recognitions`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def add(self, recognition: Recognition) -> bool:
        values = {
            "recognition_id": recognition.recognition_id,
            "kind": recognition.praise.value,
            "receiver": recognition.receiver,
            "person_id": recognition.person_id,
            "month": recognition.month,
            "message": recognition.message,
            "told": list(recognition.told),
            "given_at": recognition.given_at,
            "given_by": recognition.given_by,
        }
        statement = insert_for(self._work.dialect, RecognitionRow).values(values)
        statement = statement.on_conflict_do_nothing(index_elements=["kind", "receiver", "month"])
        added = await self._session.execute(statement.returning(col(RecognitionRow.recognition_id)))
        return added.first() is not None

    async def page(
        self, paging: PagingRequest, *, month: str | None = None, receiver: str | None = None
    ) -> tuple[list[Recognition], str | None]:
        statement = select(RecognitionRow)
        if month is not None:
            statement = statement.where(col(RecognitionRow.month) == month)
        if receiver is not None:
            statement = statement.where(col(RecognitionRow.receiver) == receiver)
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(RecognitionRow.given_at), "desc"),
            (col(RecognitionRow.recognition_id), "desc"),
        ]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [_recognition(row) for row in found], after

    async def refused(self, receivers: Collection[str]) -> set[str]:
        found: set[str] = set()
        for some in chunks(sorted(set(receivers))):
            statement = select(col(RecognitionRefusalRow.receiver)).where(col(RecognitionRefusalRow.receiver).in_(some))
            found |= set((await self._session.execute(statement)).scalars())
        return found

    async def refuse(self, receiver: str, at: datetime) -> None:
        statement = insert_for(self._work.dialect, RecognitionRefusalRow).values(receiver=receiver, refused_at=at)
        await self._session.execute(statement.on_conflict_do_nothing())

    async def accept(self, receiver: str) -> None:
        await self._session.execute(
            delete(RecognitionRefusalRow).where(col(RecognitionRefusalRow.receiver) == receiver)
        )

    async def find_person(self, email: str) -> Known | None:
        manager: Any = aliased(PersonRow)
        statement = (
            select(PersonRow, manager.name, manager.email)
            .join(PersonIdentityRow, col(PersonIdentityRow.person_id) == col(PersonRow.person_id))
            .outerjoin(manager, manager.person_id == col(PersonRow.manager_id))
            .where(col(PersonIdentityRow.system) == "", col(PersonIdentityRow.value) == email)
        )
        row = (await self._session.execute(statement)).first()
        if row is None:
            return None
        person, manager_name, manager_email = row
        return Known(
            person_id=person.person_id,
            name=person.name,
            email=person.email or email,
            manager_name=manager_name if manager_email else None,
            manager_email=manager_email,
        )

    async def forget(self, person_id: str) -> None:
        statement = select(col(PersonIdentityRow.value)).where(col(PersonIdentityRow.person_id) == person_id)
        names = sorted({value.casefold() for value in (await self._session.execute(statement)).scalars()})
        for row in (ClockResultRow, ResultCountRow):
            await self._session.execute(update(row).where(col(row.agent).in_(names)).values(agent=""))
        await self._session.execute(delete(RecognitionRefusalRow).where(col(RecognitionRefusalRow.receiver).in_(names)))
        # The id keeps the row apart from others of its kind and month; it names nobody.
        await self._session.execute(
            update(RecognitionRow)
            .where(col(RecognitionRow.person_id) == person_id)
            .values(receiver=RecognitionRow.recognition_id, person_id=None, message="")
        )


def _recognition(row: RecognitionRow) -> Recognition:
    return Recognition(
        recognition_id=row.recognition_id,
        praise=Praise(row.kind),
        receiver=row.receiver,
        person_id=row.person_id,
        month=row.month,
        message=row.message,
        told=tuple(row.told),
        given_at=row.given_at,
        given_by=row.given_by,
    )
