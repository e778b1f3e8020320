"""Notices by e-mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, update
from sqlmodel import col

from services.gateway.adapters.repository.rows import value_of
from services.gateway.adapters.repository.watch import ChangeBoard
from services.gateway.adapters.tables import NoticeRow
from services.gateway.domain.notice import Notice
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

_NOTICES: Table = NoticeRow.__table__  # type: ignore[attr-defined]


class StoredNotices:
    def __init__(self, work: UnitOfWork, board: ChangeBoard) -> None:
        self._work = work
        self._board = board
        self._session = work.session
        self._dialect = work.dialect

    async def add(self, notice: Notice) -> bool:
        statement = (
            insert_for(self._dialect, NoticeRow)
            .values({name: getattr(notice, name) for name in NoticeRow.model_fields})
            .on_conflict_do_nothing(index_elements=["id"])
            .returning(_NOTICES.c.id)
        )
        added = (await self._session.execute(statement)).first() is not None
        if added:
            self._board.tell_after_commit(self._work, "notices")
        return added

    async def list_page(
        self, *, state: str | None, rollout: str | None, paging: PagingRequest
    ) -> tuple[list[Notice], str | None]:
        statement = select(NoticeRow)
        if state is not None:
            statement = statement.where(col(NoticeRow.state) == state)
        if rollout is not None:
            statement = statement.where(col(NoticeRow.rollout) == rollout)
        order = [(_NOTICES.c.requested_at, "desc"), (_NOTICES.c.id, "desc")]
        rows, following = await keyset_page(self._session, statement, order, paging)  # type: ignore[arg-type]
        return [value_of(Notice, row) for row in rows], following

    async def due(self, now: datetime, most: int) -> list[Notice]:
        statement = (
            select(NoticeRow)
            .where(col(NoticeRow.state) == "waiting", col(NoticeRow.next_attempt_at) <= now)
            .order_by(col(NoticeRow.next_attempt_at), col(NoticeRow.id))
            .limit(most)
        )
        return [value_of(Notice, row) for row in await self._session.scalars(statement)]

    async def note_attempt(
        self,
        notice_id: str,
        *,
        state: str,
        attempts: int,
        next_attempt_at: datetime | None,
        sent_at: datetime | None,
        reason: str | None,
    ) -> None:
        values: dict[str, Any] = {"state": state, "attempts": attempts, "sent_at": sent_at, "reason": reason}
        if next_attempt_at is not None:
            values["next_attempt_at"] = next_attempt_at
        await self._session.execute(update(_NOTICES).where(_NOTICES.c.id == notice_id).values(**values))

    async def make_undeliverable(self, now: datetime, reason: str) -> int:
        return await self._move("waiting", {"state": "undeliverable", "reason": reason})

    async def wake_undeliverable(self, now: datetime) -> int:
        return await self._move("undeliverable", {"state": "waiting", "reason": None, "next_attempt_at": now})

    async def _move(self, state: str, values: dict[str, Any]) -> int:
        statement = update(_NOTICES).where(_NOTICES.c.state == state).values(**values).returning(_NOTICES.c.id)
        return len((await self._session.execute(statement)).all())
