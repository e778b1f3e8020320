"""Helpdesks as the gateway has them configured."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from services.tickets.adapters.tables import SourceRow
from shared.database import UnitOfWork, upsert_if_newer
from shared.events.envelope import Envelope


class SourceRepository:
    """`ports.Sources`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def keep(self, envelope: Envelope[Any]) -> bool:
        data = envelope.data
        values = {"name": data.name, "vendor_file": data.vendor_file}
        return await upsert_if_newer(self._work, SourceRow, {"source_id": data.source_id}, values, envelope)

    async def find(self, name: str) -> tuple[str, dict[str, Any]] | None:
        # A source that was removed and made again has a new id: the newer one is meant.
        statement = (
            select(SourceRow).where(col(SourceRow.name) == name).order_by(col(SourceRow.source_id).desc()).limit(1)
        )
        row = (await self._work.session.execute(statement)).scalar_one_or_none()
        return None if row is None else (f"{row.source_id}@{row.epoch}.{row.version}", row.vendor_file)
