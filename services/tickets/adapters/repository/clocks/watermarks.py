"""Up to where the sources have been read."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select
from sqlmodel import col

from services.tickets.adapters.tables import WatermarkRow
from services.tickets.ports.clocks import Watermark
from shared.database import UnitOfWork, insert_for

MOST = 1_000


class Watermarks:
    """The part of `ports.Clocks` that keeps watermarks."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def watermarks(self, sources: Collection[str]) -> Mapping[str, Watermark]:
        if not sources:
            return {}
        statement = select(WatermarkRow).where(col(WatermarkRow.source).in_(sorted(sources)))
        return {row.source: _watermark(row) for row in (await self._session.execute(statement)).scalars()}

    async def list_watermarks(self) -> Sequence[Watermark]:
        statement = select(WatermarkRow).order_by(col(WatermarkRow.source)).limit(MOST)
        return [_watermark(row) for row in (await self._session.execute(statement)).scalars()]

    async def advance_watermark(self, watermark: Watermark) -> Watermark:
        statement = insert_for(self._work.dialect, WatermarkRow).values(
            source=watermark.source,
            synced_until=watermark.synced_until,
            told_at=watermark.told_at,
            told_by=watermark.told_by,
        )
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["source"],
            set_={name: new[name] for name in ("synced_until", "told_at", "told_by")},
            where=col(WatermarkRow.synced_until) < new["synced_until"],
        )
        await self._session.execute(statement)
        return (await self.watermarks({watermark.source}))[watermark.source]

    async def remove_watermark(self, source: str) -> bool:
        statement = delete(WatermarkRow).where(col(WatermarkRow.source) == source).returning(col(WatermarkRow.source))
        return (await self._session.execute(statement)).first() is not None


def _watermark(row: WatermarkRow) -> Watermark:
    return Watermark(source=row.source, synced_until=row.synced_until, told_at=row.told_at, told_by=row.told_by)
