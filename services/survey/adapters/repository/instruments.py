"""Published instruments."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from services.survey.adapters.tables import InstrumentRow
from services.survey.domain.instrument import Instrument, parse_instrument
from services.survey.ports import LoadedInstrument
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page


class InstrumentRepository:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def publish(self, loaded: LoadedInstrument, now: datetime) -> str:
        instrument = loaded.instrument
        values = {
            "id": instrument.id,
            "version": instrument.version,
            "sha256": instrument.sha256,
            "document": dict(loaded.document),
            "published_at": now,
        }
        statement = insert_for(self._work.dialect, InstrumentRow).values(values)
        await self._work.session.execute(statement.on_conflict_do_nothing())
        stored = await self._row(instrument.id, instrument.version)
        return stored.sha256

    async def get(self, instrument_id: str, version: int) -> Instrument:
        return parse_instrument((await self._row(instrument_id, version)).document)

    async def list_page(self, paging: PagingRequest) -> tuple[list[Instrument], str | None]:
        name, version = (
            cast(ColumnElement[Any], col(InstrumentRow.id)),
            cast(ColumnElement[Any], col(InstrumentRow.version)),
        )
        rows, after = await keyset_page(
            self._work.session, select(InstrumentRow), [(name, "asc"), (version, "desc")], paging
        )
        return [parse_instrument(row.document) for row in rows], after

    async def _row(self, instrument_id: str, version: int) -> InstrumentRow:
        return await self._work.session.get_one(InstrumentRow, (instrument_id, version))
