"""Tickets with their moments and clocks; a whole delivery is a handful of statements, however many tickets it names."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import Select, String, cast, delete, func, insert, or_, select, update
from sqlmodel import SQLModel, col

from services.tickets.adapters.repository import rows
from services.tickets.adapters.tables import (
    AppliedFactRow,
    BreachRow,
    ClockRow,
    CommentRow,
    ContactRow,
    CounterRow,
    EnrolmentRow,
    EntryRow,
    MomentRow,
    TicketRow,
)
from services.tickets.domain.clock import Breached, Withdrawn
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment
from services.tickets.domain.ticket import Comment, Entry
from services.tickets.errors import TicketNotFound
from services.tickets.ports import Filing, TicketFilter
from shared.clock import new_id
from shared.database import UnitOfWork, chunks, insert_for
from shared.rest import PagingRequest, keyset_page

COUNTER = "ticket"
WITHDRAWN_REASON = "A fact that came late shows that the target was not used up then."
Order = list[tuple[Any, Literal["asc", "desc"]]]
R = TypeVar("R", ClockRow, MomentRow)
# What this transaction wrote by statement is not in the session's own objects.
_AS_STORED = {"populate_existing": True}


class TicketRepository:
    """`ports.Tickets`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def get(self, ticket_id: str) -> Dossier:
        row = await self._session.get(TicketRow, ticket_id)
        if row is None:
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        return _dossier(row, (), (await self._of_tickets(ClockRow, [ticket_id])).get(ticket_id))

    async def get_to_change(self, ticket_id: str) -> Dossier:
        found = await self.load([ticket_id])
        if not found:
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        return found[0]

    async def load(self, ticket_ids: Collection[str]) -> list[Dossier]:
        found: list[Dossier] = []
        for some in chunks(sorted(set(ticket_ids))):
            found += await self._dossiers(select(TicketRow).where(col(TicketRow.ticket_id).in_(some)))
        return found

    async def load_external(self, source: str, external_ids: Collection[str]) -> dict[str, Dossier]:
        found: list[Dossier] = []
        for some in chunks(sorted(set(external_ids))):
            found += await self._dossiers(
                select(TicketRow).where(col(TicketRow.source) == source, col(TicketRow.external_id).in_(some))
            )
        return {dossier.ticket.external_id or "": dossier for dossier in found}

    async def _dossiers(self, statement: Select[TicketRow]) -> list[Dossier]:
        """Locked in the order of their ids, so that two transactions never wait for each other."""
        statement = statement.order_by(col(TicketRow.ticket_id)).with_for_update()
        found = (await self._session.execute(statement, execution_options=_AS_STORED)).scalars().all()
        ids = [row.ticket_id for row in found]
        moments = await self._of_tickets(MomentRow, ids)
        clocks = await self._of_tickets(ClockRow, ids)
        return [
            _dossier(row, [rows.moment_of(each) for each in moments.get(row.ticket_id, ())], clocks.get(row.ticket_id))
            for row in found
        ]

    async def _of_tickets(self, model: type[R], ids: Sequence[str]) -> dict[str, list[R]]:
        grouped: dict[str, list[R]] = {}
        if ids:
            statement = select(model).where(col(model.ticket_id).in_(ids))
            for row in (await self._session.execute(statement, execution_options=_AS_STORED)).scalars():
                grouped.setdefault(row.ticket_id, []).append(row)
        return grouped

    async def next_numbers(self, count: int) -> range:
        statement = (
            update(CounterRow)
            .where(col(CounterRow.name) == COUNTER)
            .values(value=CounterRow.value + count)
            .returning(col(CounterRow.value))
        )
        last = (await self._session.execute(statement)).scalar_one()
        return range(last - count + 1, last + 1)

    async def claim_facts(self, source: str, keys: Collection[str], at: datetime) -> set[str]:
        claimed: set[str] = set()
        for some in chunks(sorted(set(keys))):
            statement = (
                insert_for(self._work.dialect, AppliedFactRow)
                .values([{"source": source, "fact_key": key, "applied_at": at} for key in some])
                .on_conflict_do_nothing()
                .returning(col(AppliedFactRow.fact_key))
            )
            claimed |= set((await self._session.execute(statement)).scalars())
        return claimed

    async def next_due(self) -> datetime | None:
        statement = select(func.min(col(ClockRow.due_at))).where(*_pending())
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def load_due(self, now: datetime, limit: int) -> list[Dossier]:
        statement = (
            select(col(ClockRow.ticket_id))
            .where(*_pending(), col(ClockRow.due_at) <= now)
            .order_by(col(ClockRow.due_at), col(ClockRow.clock_id))
            .limit(limit)
        )
        return await self.load((await self._session.execute(statement)).scalars().all())

    async def unattributed(
        self, *, person_ids: Collection[str], since: datetime | None = None, limit: int
    ) -> list[str]:
        found: list[str] = []
        for some in chunks(sorted(set(person_ids))):
            statement = _unattributed(limit).where(col(ContactRow.person_id).in_(some))
            if since is not None:
                statement = statement.where(col(TicketRow.opened_at) >= since)
            found += (await self._session.execute(statement)).scalars().all()
        return found

    async def unattributed_in_wave(self, rollout: str, wave: str, since: datetime, limit: int) -> list[str]:
        statement = (
            _unattributed(limit)
            .join(EnrolmentRow, col(EnrolmentRow.person_id) == col(ContactRow.person_id))
            .where(
                col(EnrolmentRow.rollout) == rollout,
                col(EnrolmentRow.wave) == wave,
                col(TicketRow.opened_at) >= since,
            )
        )
        return list((await self._session.execute(statement)).scalars())

    async def write(self, filings: Sequence[Filing], now: datetime) -> None:
        new = [rows.ticket_values(filing.dossier.ticket) for filing in filings if filing.new]
        changed = [rows.ticket_values(filing.dossier.ticket) for filing in filings if not filing.new]
        await self._insert(TicketRow, new)
        if changed:
            await self._session.execute(update(TicketRow), changed)
        await self._insert(
            MomentRow,
            [
                rows.moment_values(filing.dossier.ticket.ticket_id, moment)
                for filing in filings
                for moment in filing.moments
            ],
        )
        await self._insert(
            CommentRow, [rows.comment_values(comment) for filing in filings for comment in filing.comments]
        )
        await self._insert(EntryRow, [rows.entry_values(entry) for filing in filings for entry in filing.entries])
        await self._write_clocks(filings)
        await self._write_breaches(filings, now)

    async def _insert(self, model: type[SQLModel], values: list[dict[str, Any]]) -> None:
        if values:
            await self._session.execute(insert(model), values)

    async def _write_clocks(self, filings: Sequence[Filing]) -> None:
        for some in chunks([rows.clock_values(clock) for filing in filings for clock in filing.clocks], size=200):
            statement = insert_for(self._work.dialect, ClockRow).values(some)
            moving = {name: statement.excluded[name] for name in some[0] if name != "clock_id"}
            await self._session.execute(statement.on_conflict_do_update(index_elements=["clock_id"], set_=moving))
        gone = [clock_id for filing in filings for clock_id in filing.gone]
        if gone:
            await self._session.execute(delete(ClockRow).where(col(ClockRow.clock_id).in_(gone)))

    async def _write_breaches(self, filings: Sequence[Filing], now: datetime) -> None:
        withdrawn = [news.clock.clock_id for filing in filings for news in filing.news if isinstance(news, Withdrawn)]
        if withdrawn:
            await self._session.execute(
                update(BreachRow)
                .where(col(BreachRow.clock_id).in_(withdrawn), col(BreachRow.withdrawn_at).is_(None))
                .values(withdrawn_at=now, withdrawn_reason=WITHDRAWN_REASON)
            )
        await self._insert(
            BreachRow,
            [
                {
                    "breach_id": new_id(),
                    "clock_id": news.clock.clock_id,
                    "ticket_id": filing.dossier.ticket.ticket_id,
                    "priority": filing.dossier.ticket.priority.value,
                    "policy": f"{filing.dossier.ticket.policy_name}@{filing.dossier.ticket.policy_version}",
                    "cause": news.clock.cause.value,
                    "breached_at": news.at,
                    "detected_at": now,
                }
                for filing in filings
                for news in filing.news
                if isinstance(news, Breached)
            ],
        )

    async def page(self, cut: TicketFilter, paging: PagingRequest) -> tuple[list[Dossier], str | None]:
        order: Order = [(col(TicketRow.opened_at), "desc"), (col(TicketRow.ticket_id), "desc")]
        found, after = await keyset_page(self._session, _cut(select(TicketRow), cut), order, paging)
        clocks = await self._of_tickets(ClockRow, [row.ticket_id for row in found])
        return [_dossier(row, (), clocks.get(row.ticket_id)) for row in found], after

    async def page_comments(
        self, ticket_id: str, paging: PagingRequest, *, internal_too: bool
    ) -> tuple[list[Comment], str | None]:
        statement = select(CommentRow).where(col(CommentRow.ticket_id) == ticket_id)
        if not internal_too:
            statement = statement.where(col(CommentRow.public))
        order: Order = [(col(CommentRow.at), "asc"), (col(CommentRow.comment_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [rows.comment_of(row) for row in found], after

    async def page_history(self, ticket_id: str, paging: PagingRequest) -> tuple[list[Entry], str | None]:
        statement = select(EntryRow).where(col(EntryRow.ticket_id) == ticket_id)
        order: Order = [(col(EntryRow.entry_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [rows.entry_of(row) for row in found], after


def _dossier(row: TicketRow, moments: Iterable[Moment], clocks: Iterable[ClockRow] | None) -> Dossier:
    by_key = {(clock.target, clock.cycle): clock for clock in map(rows.clock_of, clocks or ())}
    return Dossier(ticket=rows.ticket_of(row), moments=tuple(moments), clocks=by_key)


def _pending() -> tuple[Any, ...]:
    return col(ClockRow.state) == "running", col(ClockRow.breached_at).is_(None), col(ClockRow.due_at).is_not(None)


def _unattributed(limit: int) -> Select[str]:
    return (
        select(col(TicketRow.ticket_id))
        .join(ContactRow, col(ContactRow.contact_id) == col(TicketRow.requester_id))
        .where(col(TicketRow.rollout).is_(None), col(TicketRow.by_hand).is_(False))
        .order_by(col(TicketRow.ticket_id))
        .limit(limit)
    )


def _cut(statement: Select[TicketRow], cut: TicketFilter) -> Select[TicketRow]:
    if cut.statuses:
        statement = statement.where(col(TicketRow.status).in_(cut.statuses))
    if cut.priorities:
        statement = statement.where(col(TicketRow.priority).in_(cut.priorities))
    if cut.rollout is not None:
        statement = statement.where(col(TicketRow.rollout) == cut.rollout)
    if cut.wave is not None:
        statement = statement.where(col(TicketRow.wave) == cut.wave)
    if cut.text:
        statement = statement.where(
            or_(
                col(TicketRow.subject).icontains(cut.text, autoescape=True),
                col(TicketRow.external_key).icontains(cut.text, autoescape=True),
                cast(col(TicketRow.number), String) == cut.text.lstrip("#"),
            )
        )
    return statement
