"""Answers on their way: staged, released, counted. What parts a person from an answer happens here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, text
from sqlmodel import col, select

from services.survey.adapters.tables import (
    ResponseAuthorRow,
    ResponseRow,
    SealedParticipationRow,
    SealedResponseRow,
    StagedAnswerRow,
    TallyRow,
)
from services.survey.domain.anonymity import SealedBatch, StagedAnswer
from services.survey.domain.instrument import Answers, QuestionId
from shared.database import UnitOfWork, chunks, insert_for

# A backup that reads the table must not let answers queue up behind the scrub: it gives way and is tried again.
SCRUB_LOCK_TIMEOUT = "2s"


class StagedAnswers:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def add(self, campaign_id: str, row: StagedAnswer) -> bool:
        values = {"invitation_id": row.invitation_id, "campaign_id": campaign_id, "answers": _document(row.answers)}
        statement = insert_for(self._work.dialect, StagedAnswerRow).values(values).on_conflict_do_nothing()
        added = await self._work.session.execute(statement.returning(col(StagedAnswerRow.invitation_id)))
        return added.first() is not None

    async def find(self, invitation_id: str) -> StagedAnswer | None:
        row = await self._work.session.get(StagedAnswerRow, invitation_id, populate_existing=True)
        return _staged(row) if row else None

    async def take_all(self, campaign_id: str) -> list[StagedAnswer]:
        if self._work.dialect == "postgresql":
            await self._work.session.execute(text(f"SET LOCAL lock_timeout = '{SCRUB_LOCK_TIMEOUT}'"))
            await self._work.session.execute(text("LOCK TABLE staged_answers IN ACCESS EXCLUSIVE MODE"))
        statement = select(StagedAnswerRow).where(col(StagedAnswerRow.campaign_id) == campaign_id)
        return [_staged(row) for row in (await self._work.session.execute(statement)).scalars()]

    async def scrub(self, campaign_id: str, gone: Iterable[str]) -> None:
        """PostgreSQL keeps deleted rows in the file until it needs the room, so the table gets a new file; what stays is
        written again. SQLite overwrites deleted content with zeros where it is told to."""
        removed = set(gone)
        session = self._work.session
        session.expunge_all()
        if self._work.dialect == "sqlite":
            await session.execute(text("PRAGMA secure_delete=ON"))
            for chunk in chunks(sorted(removed)):
                await session.execute(delete(StagedAnswerRow).where(col(StagedAnswerRow.invitation_id).in_(chunk)))
            return
        rows = (await session.execute(select(StagedAnswerRow))).scalars().all()
        staying = [row.model_dump() for row in rows if row.invitation_id not in removed]
        session.expunge_all()
        await session.execute(text("TRUNCATE staged_answers"))
        for chunk in chunks(sorted(staying, key=lambda row: str(row["invitation_id"]))):
            await session.execute(insert(StagedAnswerRow), list(chunk))


class AnswerArchive:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def seal(self, campaign_id: str, batch: SealedBatch) -> None:
        participations = [
            {"id": str(uuid4()), "campaign_id": campaign_id, "invitation_id": invitation_id}
            for invitation_id in batch.invitation_ids
        ]
        responses = [
            {"id": str(uuid4()), "campaign_id": campaign_id, "answers": _document(answers)} for answers in batch.answers
        ]
        await self._insert(SealedParticipationRow, participations)
        await self._insert(SealedResponseRow, responses)

    async def keep(self, campaign_id: str, batch: Sequence[StagedAnswer]) -> None:
        named = [(str(uuid4()), row) for row in batch]
        await self._insert(
            ResponseRow,
            [{"id": name, "campaign_id": campaign_id, "answers": _document(row.answers)} for name, row in named],
        )
        await self._insert(
            ResponseAuthorRow, [{"response_id": name, "invitation_id": row.invitation_id} for name, row in named]
        )

    async def has_answered(self, invitation_id: str) -> bool:
        for row in (SealedParticipationRow, ResponseAuthorRow):
            statement = select(row).where(row.invitation_id == invitation_id)
            if (await self._work.session.execute(statement)).first() is not None:
                return True
        return False

    async def find_kept(self, invitation_id: str) -> Answers | None:
        statement = (
            select(ResponseRow.answers)
            .join(ResponseAuthorRow, col(ResponseAuthorRow.response_id) == col(ResponseRow.id))
            .where(col(ResponseAuthorRow.invitation_id) == invitation_id)
        )
        answers = (await self._work.session.execute(statement)).scalar_one_or_none()
        return _answers(answers) if answers is not None else None

    async def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        for chunk in chunks(rows):
            await self._work.session.execute(insert(table), list(chunk))


class TallyBook:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def add(self, campaign_id: str, counts: Mapping[tuple[str, str], int]) -> None:
        rows = [
            {"campaign_id": campaign_id, "item": item, "value": value, "count": count}
            for (item, value), count in sorted(counts.items())
        ]
        if not rows:
            return
        statement = insert_for(self._work.dialect, TallyRow).values(rows)
        statement = statement.on_conflict_do_update(
            index_elements=["campaign_id", "item", "value"],
            set_={"count": col(TallyRow.count) + statement.excluded["count"]},
        )
        await self._work.session.execute(statement)

    async def get(self, campaign_id: str) -> dict[tuple[str, str], int]:
        statement = select(TallyRow.item, TallyRow.value, TallyRow.count).where(
            col(TallyRow.campaign_id) == campaign_id
        )
        return {(row[0], row[1]): row[2] for row in (await self._work.session.execute(statement)).all()}


def _staged(row: StagedAnswerRow) -> StagedAnswer:
    return StagedAnswer(invitation_id=row.invitation_id, answers=_answers(row.answers))


def _answers(document: Mapping[str, int]) -> dict[QuestionId, int]:
    return {QuestionId(name): value for name, value in document.items()}


def _document(answers: Answers) -> dict[str, int]:
    return {str(question): value for question, value in answers.items()}
