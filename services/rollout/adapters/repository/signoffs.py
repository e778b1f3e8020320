"""Requests for sign-offs."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from services.rollout.adapters.repository.codec import value_of, values_of
from services.rollout.adapters.tables.record import columns
from services.rollout.adapters.tables.rollouts import SignoffRow
from services.rollout.ports.rollouts import SignoffRequest
from shared.database import UnitOfWork
from shared.rest import PagingRequest, keyset_page

_C = columns(SignoffRow)


class SignoffsRepository:
    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def add(self, request: SignoffRequest) -> None:
        self._session.add(SignoffRow(**values_of(request)))
        await self._session.flush()

    async def find(self, signoff_id: str, *, lock: bool = False) -> SignoffRequest | None:
        statement = select(SignoffRow).where(_C.id == signoff_id)
        if lock:
            statement = statement.with_for_update()
        fresh = statement.execution_options(populate_existing=True)
        row = (await self._session.execute(fresh)).scalar_one_or_none()
        return None if row is None else value_of(row, SignoffRequest)

    async def decide(self, signoff_id: str, *, decision: str, comment: str, now: datetime) -> None:
        values = {"decision": decision, "comment": comment, "given_at": now}
        await self._session.execute(update(SignoffRow).where(_C.id == signoff_id).values(values))

    async def void(self, ids: Collection[str], *, reason: str, now: datetime) -> None:
        statement = update(SignoffRow).where(_C.id.in_(list(ids)), _C.voided_at.is_(None))
        await self._session.execute(statement.values(voided_at=now, void_reason=reason))

    async def list_valid(self, rollout: str, wave: str | None = None) -> list[SignoffRequest]:
        statement = select(SignoffRow).where(_C.rollout == rollout, _C.voided_at.is_(None)).order_by(_C.id)
        if wave is not None:
            statement = statement.where(_C.wave == wave)
        rows = (await self._session.execute(statement.execution_options(populate_existing=True))).scalars()
        return [value_of(row, SignoffRequest) for row in rows]

    async def page(self, paging: PagingRequest, *, rollout: str | None) -> tuple[list[SignoffRequest], str | None]:
        statement = select(SignoffRow)
        if rollout is not None:
            statement = statement.where(_C.rollout == rollout)
        rows, after = await keyset_page(self._session, statement, [(_C.id, "desc")], paging)
        return [value_of(row, SignoffRequest) for row in rows], after
