"""One change of many tickets, written with as few statements as one of a single ticket."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlmodel import SQLModel, col

from services.tickets.adapters.repository import rows
from services.tickets.adapters.repository.ledger import write_ledger
from services.tickets.adapters.repository.tickets.loading import LoadingTickets
from services.tickets.adapters.tables import (
    NEVER,
    ClockRow,
    CommentEditRow,
    CommentRow,
    EntryRow,
    MomentRow,
    TicketRow,
)
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import MomentKind
from services.tickets.ports import Filing
from shared.database import insert_for, insert_many

_CLOCKS: Table = ClockRow.__table__  # type: ignore[attr-defined]


class WritingTickets(LoadingTickets):
    """The part of `ports.Tickets` that writes."""

    async def write(self, filings: Sequence[Filing], now: datetime) -> None:
        await self._insert(TicketRow, [_ticket_values(filing) for filing in filings if filing.new])
        changed = [_ticket_values(filing) for filing in filings if not filing.new]
        for values in changed:
            values["which"] = values.pop("ticket_id")
        if changed:
            table = cast(Table, TicketRow.__table__)  # type: ignore[attr-defined]
            await self._session.execute(update(table).where(table.c.ticket_id == bindparam("which")), changed)
        await self._insert(
            MomentRow,
            [
                rows.moment_values(filing.dossier.ticket.ticket_id, moment)
                for filing in filings
                for moment in filing.moments
            ],
        )
        await self._write_texts(filings)
        await self._insert(EntryRow, [rows.entry_values(entry) for filing in filings for entry in filing.entries])
        await self._write_clocks(filings)
        await write_ledger(self._work, filings, now)
        await self._search.index([filing.dossier.ticket.ticket_id for filing in filings if filing.reworded])

    async def name_comment(self, ticket_id: str, comment_id: str, external_id: str, said_at: datetime | None) -> None:
        statement = update(CommentRow).where(
            col(CommentRow.ticket_id) == ticket_id, col(CommentRow.comment_id) == comment_id
        )
        await self._session.execute(statement.values(external_id=external_id, said_at=said_at))

    async def external_comments(self, ticket_id: str) -> set[str]:
        statement = select(col(CommentRow.external_id)).where(
            col(CommentRow.ticket_id) == ticket_id, col(CommentRow.external_id).is_not(None)
        )
        return {str(external_id) for external_id in (await self._session.execute(statement)).scalars()}

    async def _write_texts(self, filings: Sequence[Filing]) -> None:
        await self._insert(
            CommentRow, [rows.comment_values(comment) for filing in filings for comment in filing.comments]
        )
        await self._insert(CommentEditRow, [rows.edit_values(edit) for filing in filings for edit in filing.edits])
        revised = [rows.comment_values(comment) for filing in filings for comment in filing.revised]
        if revised:
            await self._session.execute(update(CommentRow), revised)
        taken_back = [
            {"moment_id": moment.value, "taken_back_at": moment.at}
            for filing in filings
            for moment in filing.moments
            if moment.kind is MomentKind.RETRACTED
        ]
        if taken_back:
            await self._session.execute(update(MomentRow), taken_back)

    async def _insert(self, model: type[SQLModel], values: list[dict[str, Any]]) -> None:
        if values:
            # Of the table and not of the class: nobody looks at these rows again in this transaction.
            await self._session.execute(insert_for(self._work.dialect, model), values)

    async def _write_clocks(self, filings: Sequence[Filing]) -> None:
        values = [rows.clock_values(clock) for filing in filings for clock in filing.clocks]
        await insert_many(self._session, self._work.dialect, _CLOCKS, values, replacing="clock_id")
        gone = [clock_id for filing in filings for clock_id in filing.gone]
        if gone:
            await self._session.execute(delete(ClockRow).where(col(ClockRow.clock_id).in_(gone)))


def _ticket_values(filing: Filing) -> dict[str, Any]:
    return rows.ticket_values(filing.dossier.ticket) | {"next_due_at": _next_due_at(filing.dossier)}


def _next_due_at(dossier: Dossier) -> datetime:
    """Of the clocks that still count, breached ones too: what is overdue longest comes first in the queue.

    The timer's own way through a breach leaves `due_at` and the clock's state as they are, so it need not touch this.
    """
    return min((clock.due_at for clock in dossier.clocks.values() if clock.active and clock.due_at), default=NEVER)
