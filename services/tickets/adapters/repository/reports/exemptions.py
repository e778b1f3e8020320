"""Exemptions: added, revoked, never removed."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, text, update
from sqlmodel import col

from services.tickets.adapters.tables import ExemptionRow
from services.tickets.domain.exemption import Exemption
from services.tickets.domain.period import Period
from services.tickets.errors import ExemptionNotFound
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

_NAMES = tuple(Exemption.__dataclass_fields__)


class ExemptionRepository:
    """`ports.Exemptions`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def add(self, exemption: Exemption) -> bool:
        statement = insert_for(self._work.dialect, ExemptionRow).values(asdict(exemption))
        statement = statement.on_conflict_do_nothing(
            index_elements=["clock_id"], index_where=text("revoked_at IS NULL")
        )
        added = await self._session.execute(statement.returning(col(ExemptionRow.exemption_id)))
        return added.first() is not None

    async def get_to_change(self, exemption_id: str) -> Exemption:
        statement = select(ExemptionRow).where(col(ExemptionRow.exemption_id) == exemption_id).with_for_update()
        row = (await self._session.execute(statement)).scalar_one_or_none()
        if row is None:
            raise ExemptionNotFound(f"There is no exemption {exemption_id}; see GET /v1/exemptions.")
        return _exemption(row)

    async def revoke(self, exemption_id: str, at: datetime, by: str, reason: str) -> None:
        await self._session.execute(
            update(ExemptionRow)
            .where(col(ExemptionRow.exemption_id) == exemption_id)
            .values(revoked_at=at, revoked_by=by, revoked_reason=reason)
        )

    async def page(
        self, paging: PagingRequest, *, ticket_id: str | None = None, clock_id: str | None = None
    ) -> tuple[list[Exemption], str | None]:
        statement = select(ExemptionRow)
        if ticket_id is not None:
            statement = statement.where(col(ExemptionRow.ticket_id) == ticket_id)
        if clock_id is not None:
            statement = statement.where(col(ExemptionRow.clock_id) == clock_id)
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(ExemptionRow.given_at), "desc"),
            (col(ExemptionRow.exemption_id), "desc"),
        ]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [_exemption(row) for row in found], after

    async def given_in(self, period: Period, limit: int) -> list[Exemption]:
        statement = (
            select(ExemptionRow)
            .where(col(ExemptionRow.given_at) >= period.began_at, col(ExemptionRow.given_at) < period.ended_at)
            .order_by(col(ExemptionRow.given_at), col(ExemptionRow.exemption_id))
            .limit(limit)
        )
        return [_exemption(row) for row in (await self._session.execute(statement)).scalars()]


def _exemption(row: ExemptionRow) -> Exemption:
    return Exemption(**{name: getattr(row, name) for name in _NAMES})
