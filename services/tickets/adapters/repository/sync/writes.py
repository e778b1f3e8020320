"""What helpdesks are still to be told, and what became of what they were told."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, func, insert, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.tickets.adapters.tables import CommentRow, RemoteLinkRow, RemoteWriteRow, TicketRow
from services.tickets.domain.sync import RemoteWrite, WriteKind, WriteState
from services.tickets.errors import WriteNotFound
from services.tickets.ports.sync import UnderWay
from shared.database import UnitOfWork, chunks
from shared.rest import PagingRequest, keyset_page

UNFINISHED = (WriteState.WAITING.value, WriteState.ATTEMPTED.value)
MOST_UNDER_WAY = 200


class RemoteWriteRepository:
    """`ports.sync.RemoteWrites`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def record(self, writes: Sequence[RemoteWrite]) -> None:
        if writes:
            await self._session.execute(insert(RemoteWriteRow), [_values(write) for write in writes])

    async def get(self, write_id: str) -> RemoteWrite:
        row = await self._session.get(RemoteWriteRow, write_id, populate_existing=True)
        if row is None:
            raise WriteNotFound(f"There is no order {write_id!r}.")
        return _write(row)

    async def save(self, writes: Sequence[RemoteWrite]) -> None:
        if writes:
            await self._session.execute(update(RemoteWriteRow), [_values(write) for write in writes])

    async def with_waiting_change(self, ticket_ids: Collection[str]) -> set[str]:
        found: set[str] = set()
        for some in chunks(sorted(set(ticket_ids))):
            statement = select(col(RemoteWriteRow.ticket_id)).where(
                col(RemoteWriteRow.ticket_id).in_(some),
                col(RemoteWriteRow.state) == WriteState.WAITING.value,
                col(RemoteWriteRow.kind) == WriteKind.CHANGE.value,
            )
            found |= set((await self._session.execute(statement)).scalars())
        return found

    async def under_way(self, connector: str) -> Sequence[UnderWay]:
        statement = (
            select(RemoteWriteRow, col(RemoteLinkRow.external_id), col(TicketRow.subject), col(CommentRow.body))
            .join(TicketRow, col(TicketRow.ticket_id) == col(RemoteWriteRow.ticket_id))
            .outerjoin(RemoteLinkRow, col(RemoteLinkRow.ticket_id) == col(RemoteWriteRow.ticket_id))
            .outerjoin(CommentRow, col(CommentRow.comment_id) == col(RemoteWriteRow.comment_id))
            .where(col(RemoteWriteRow.connector) == connector)
            .where(col(RemoteWriteRow.state).in_(UNFINISHED))
            .where(col(RemoteWriteRow.state) == WriteState.ATTEMPTED.value)
            .order_by(col(RemoteWriteRow.write_id))
            .limit(MOST_UNDER_WAY)
        )
        found: Any = (await self._session.execute(statement)).all()
        return [
            UnderWay(write=_write(row), external_id=external_id, subject=subject, body=body)
            for row, external_id, subject, body in found
        ]

    async def due(self, connector: str, now: datetime, limit: int, *, uncertain: bool) -> Sequence[RemoteWrite]:
        state = WriteState.ATTEMPTED if uncertain else WriteState.WAITING
        statement = (
            select(RemoteWriteRow)
            .where(col(RemoteWriteRow.connector) == connector, col(RemoteWriteRow.state).in_(UNFINISHED))
            .where(col(RemoteWriteRow.state) == state.value, col(RemoteWriteRow.try_at) <= now, ~_waits_for_another())
            .order_by(col(RemoteWriteRow.write_id))
            .limit(limit)
            .execution_options(populate_existing=True)
        )
        return [_write(row) for row in (await self._session.execute(statement)).scalars()]

    async def next_try(self, connector: str) -> datetime | None:
        statement = select(func.min(col(RemoteWriteRow.try_at))).where(
            col(RemoteWriteRow.connector) == connector, col(RemoteWriteRow.state).in_(UNFINISHED), ~_waits_for_another()
        )
        return (await self._session.execute(statement)).scalar_one()

    async def done_here(self, ticket_ids: Collection[str], external_ids: Collection[str]) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        wanted = set(external_ids)
        for some in chunks(sorted(set(ticket_ids))) if wanted else ():
            statement = select(col(RemoteWriteRow.ticket_id), col(RemoteWriteRow.external_id)).where(
                col(RemoteWriteRow.ticket_id).in_(some),
                col(RemoteWriteRow.kind) == WriteKind.COMMENT.value,
                col(RemoteWriteRow.external_id).is_not(None),
            )
            rows: Any = (await self._session.execute(statement)).all()
            found |= {(ticket_id, external_id) for ticket_id, external_id in rows if external_id in wanted}
        return found

    async def page(
        self,
        paging: PagingRequest,
        *,
        connector: str | None = None,
        ticket_id: str | None = None,
        states: Collection[WriteState] = (),
    ) -> tuple[list[RemoteWrite], str | None]:
        statement = select(RemoteWriteRow)
        conditions: list[ColumnElement[bool]] = []
        if connector is not None:
            conditions.append(col(RemoteWriteRow.connector) == connector)
        if ticket_id is not None:
            conditions.append(col(RemoteWriteRow.ticket_id) == ticket_id)
        if states:
            conditions.append(col(RemoteWriteRow.state).in_(sorted(state.value for state in states)))
        order: list[tuple[Any, Literal["asc", "desc"]]] = [(col(RemoteWriteRow.write_id), "desc")]
        rows, after = await keyset_page(self._session, statement.where(*conditions), order, paging)
        return [_write(row) for row in rows], after

    async def give_up(self, now: datetime, *, connector: str | None = None, ticket_id: str | None = None) -> None:
        statement = update(RemoteWriteRow).where(col(RemoteWriteRow.state).in_((*UNFINISHED, WriteState.REFUSED.value)))
        if connector is not None:
            statement = statement.where(col(RemoteWriteRow.connector) == connector)
        if ticket_id is not None:
            statement = statement.where(col(RemoteWriteRow.ticket_id) == ticket_id)
        await self._session.execute(statement.values(state=WriteState.DISCARDED.value, done_at=now))

    async def settle_all(self, connector: str, state: WriteState, now: datetime) -> int:
        was = WriteState.WAITING if state is WriteState.DISCARDED else WriteState.REFUSED
        statement = (
            update(RemoteWriteRow)
            .where(col(RemoteWriteRow.connector) == connector, col(RemoteWriteRow.state) == was.value)
            .values(state=state.value, try_at=now, done_at=now if state is WriteState.DISCARDED else None)
        )
        return int((await self._session.execute(statement)).rowcount)  # type: ignore[attr-defined]


@cache
def _waits_for_another() -> ColumnElement[bool]:
    """Whether something about the same ticket is to be told first."""
    earlier: Any = aliased(RemoteWriteRow)
    return exists().where(
        earlier.ticket_id == col(RemoteWriteRow.ticket_id),
        earlier.state.in_(UNFINISHED),
        earlier.write_id < col(RemoteWriteRow.write_id),
    )


def _values(write: RemoteWrite) -> dict[str, Any]:
    return {
        "write_id": write.write_id,
        "connector": write.connector,
        "ticket_id": write.ticket_id,
        "kind": write.kind.value,
        "comment_id": write.comment_id,
        "state": write.state.value,
        "payload": dict(write.payload),
        "recorded_at": write.recorded_at,
        "recorded_by": write.recorded_by,
        "try_at": write.try_at,
        "attempted_at": write.attempted_at,
        "first_attempted_at": write.first_attempted_at,
        "attempts": write.attempts,
        "done_at": write.done_at,
        "external_id": write.external_id,
        "problem": write.problem,
    }


def _write(row: RemoteWriteRow) -> RemoteWrite:
    return RemoteWrite(
        write_id=row.write_id,
        connector=row.connector,
        ticket_id=row.ticket_id,
        kind=WriteKind(row.kind),
        comment_id=row.comment_id,
        state=WriteState(row.state),
        payload=row.payload,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        try_at=row.try_at,
        attempted_at=row.attempted_at,
        first_attempted_at=row.first_attempted_at,
        attempts=row.attempts,
        done_at=row.done_at,
        external_id=row.external_id,
        problem=row.problem,
    )
