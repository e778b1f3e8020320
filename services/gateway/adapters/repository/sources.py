"""Sources and their sealed secrets."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import col

from services.gateway.adapters.repository.rows import value_of
from services.gateway.adapters.repository.watch import ChangeBoard
from services.gateway.adapters.tables import SourceRow, SourceSecretRow
from services.gateway.domain.source import Source
from shared.database import UnitOfWork


class StoredSources:
    def __init__(self, work: UnitOfWork, board: ChangeBoard) -> None:
        self._work = work
        self._session = work.session
        self._board = board

    async def list_sources(self) -> list[Source]:
        rows = await self._session.scalars(select(SourceRow).order_by(col(SourceRow.name)))
        return [value_of(Source, row) for row in rows]

    async def find(self, name: str) -> Source | None:
        row = await self._session.scalar(select(SourceRow).where(col(SourceRow.name) == name))
        return value_of(Source, row) if row else None

    async def save(self, source: Source) -> None:
        values = {name: getattr(source, name) for name in SourceRow.model_fields}
        row = await self._session.get(SourceRow, source.id)
        if row is None:
            self._session.add(SourceRow(**values))
        else:
            for name, value in values.items():
                setattr(row, name, value)
        await self._session.flush()
        self._board.tell_after_commit(self._work, "sources")

    async def secrets_of(self, source_id: str) -> list[tuple[str, bytes]]:
        statement = select(SourceSecretRow).where(col(SourceSecretRow.source_id) == source_id)
        rows = await self._session.scalars(statement.order_by(col(SourceSecretRow.place)))
        return [(row.id, row.sealed) for row in rows]

    async def all_secrets(self) -> list[tuple[str, str, bytes]]:
        rows = await self._session.scalars(
            select(SourceSecretRow).order_by(col(SourceSecretRow.source_id), col(SourceSecretRow.place))
        )
        return [(row.source_id, row.id, row.sealed) for row in rows]

    async def replace_secrets(self, source_id: str, sealed: Sequence[tuple[str, bytes]], now: datetime) -> None:
        await self._session.execute(delete(SourceSecretRow).where(col(SourceSecretRow.source_id) == source_id))
        for place, (row_id, secret) in enumerate(sealed):
            self._session.add(SourceSecretRow(id=row_id, source_id=source_id, place=place, sealed=secret, added_at=now))
        await self._session.flush()
        self._board.tell_after_commit(self._work, "sources")
