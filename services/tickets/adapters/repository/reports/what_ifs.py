"""Replays against another policy: how far each is, and the tickets it goes through."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import and_, func, insert, or_, select, text, update
from sqlmodel import col

from services.tickets.adapters.repository import rows
from services.tickets.adapters.tables import MomentRow, TicketRow, WhatIfRow
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment
from services.tickets.domain.period import Period
from services.tickets.errors import WhatIfNotFound
from services.tickets.ports.what_ifs import Cursor, WhatIf, WhatIfState
from shared.database import UnitOfWork
from shared.rest import PagingRequest, keyset_page

_PLAIN = ("what_if_id", "policy", "document", "instead_of", "until", "total", "done", "tally", "problem")
_TOLD = ("asked_at", "asked_by", "finished_at")
_WAITING = text("state IN ('queued', 'running')")


class WhatIfRepository:
    """`ports.WhatIfs`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def add(self, what_if: WhatIf) -> None:
        await self._session.execute(insert(WhatIfRow), [_values(what_if)])

    async def get(self, what_if_id: str) -> WhatIf:
        row = await self._session.get(WhatIfRow, what_if_id)
        if row is None:
            raise WhatIfNotFound(f"There is no what-if replay {what_if_id}; see GET /v1/what-if.")
        return _what_if(row)

    async def find_next(self) -> WhatIf | None:
        statement = select(WhatIfRow).where(_WAITING).order_by(col(WhatIfRow.what_if_id)).limit(1)
        row = (await self._session.execute(statement)).scalar_one_or_none()
        return None if row is None else _what_if(row)

    async def count_waiting(self) -> int:
        statement = select(func.count()).select_from(WhatIfRow).where(_WAITING)
        return (await self._session.execute(statement)).scalar_one()

    async def keep(self, what_if: WhatIf, *, was_done: int) -> bool:
        statement = (
            update(WhatIfRow)
            .where(col(WhatIfRow.what_if_id) == what_if.what_if_id, col(WhatIfRow.done) == was_done, _WAITING)
            .values({name: value for name, value in _values(what_if).items() if name != "what_if_id"})
            .returning(col(WhatIfRow.what_if_id))
        )
        return (await self._session.execute(statement)).first() is not None

    async def page(self, paging: PagingRequest) -> tuple[list[WhatIf], str | None]:
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(WhatIfRow.asked_at), "desc"),
            (col(WhatIfRow.what_if_id), "desc"),
        ]
        found, after = await keyset_page(self._session, select(WhatIfRow), order, paging)
        return [_what_if(row) for row in found], after

    async def count_tickets(self, period: Period, most: int) -> int:
        some = select(col(TicketRow.ticket_id)).where(*_opened_in(period)).limit(most).subquery()
        return (await self._session.execute(select(func.count()).select_from(some))).scalar_one()

    async def load_tickets(self, period: Period, after: Cursor | None, limit: int) -> list[Dossier]:
        opened_at, ticket_id = col(TicketRow.opened_at), col(TicketRow.ticket_id)
        statement = select(TicketRow).where(*_opened_in(period))
        if after is not None:
            beyond = or_(opened_at > after[0], and_(opened_at == after[0], ticket_id > after[1]))
            statement = statement.where(opened_at >= after[0], beyond)
        statement = statement.order_by(opened_at, ticket_id).limit(limit)
        found = (await self._session.execute(statement)).scalars().all()
        moments = await self._moments([row.ticket_id for row in found])
        return [Dossier(ticket=rows.ticket_of(row), moments=tuple(moments.get(row.ticket_id, ()))) for row in found]

    async def _moments(self, ticket_ids: Sequence[str]) -> dict[str, list[Moment]]:
        found: dict[str, list[Moment]] = {}
        statement = select(MomentRow).where(col(MomentRow.ticket_id).in_(ticket_ids))
        for row in (await self._session.execute(statement)).scalars():
            found.setdefault(row.ticket_id, []).append(rows.moment_of(row))
        return found


def _opened_in(period: Period) -> tuple[Any, ...]:
    return col(TicketRow.opened_at) >= period.began_at, col(TicketRow.opened_at) < period.ended_at


def _what_if(row: WhatIfRow) -> WhatIf:
    cursor = None
    if row.cursor_at is not None and row.cursor_id is not None:
        cursor = (row.cursor_at, row.cursor_id)
    return WhatIf(
        period=Period(began_at=row.began_at, ended_at=row.ended_at),
        state=WhatIfState(row.state),
        cursor=cursor,
        **{name: getattr(row, name) for name in (*_PLAIN, *_TOLD)},
    )


def _values(what_if: WhatIf) -> dict[str, Any]:
    return {
        **{name: getattr(what_if, name) for name in (*_PLAIN, *_TOLD)},
        "document": dict(what_if.document),
        "tally": dict(what_if.tally),
        "began_at": what_if.period.began_at,
        "ended_at": what_if.period.ended_at,
        "state": what_if.state.value,
        "cursor_at": what_if.cursor[0] if what_if.cursor else None,
        "cursor_id": what_if.cursor[1] if what_if.cursor else None,
    }
