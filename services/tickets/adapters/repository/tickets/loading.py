"""Tickets loaded to be read or changed: a whole delivery is a handful of statements, however many tickets it names."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar, cast

from sqlalchemy import ColumnElement, Select, Table, or_, select, update
from sqlmodel import SQLModel, col

from services.tickets.adapters.repository import rows
from services.tickets.adapters.repository.policies import PolicyRepository
from services.tickets.adapters.repository.tickets.search import SearchIndex
from services.tickets.adapters.tables import (
    AppliedFactRow,
    ClockRow,
    ContactRow,
    CounterRow,
    EnrolmentRow,
    MomentRow,
    TicketRow,
)
from services.tickets.domain.clock import Clock
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment
from services.tickets.errors import TicketNotFound
from shared.database import UnitOfWork, chunks, insert_for

COUNTER = "ticket"
LONGEST_NUMBER = 18
R = TypeVar("R", ClockRow, MomentRow)
# What this transaction wrote by statement is not in the session's own objects.
_AS_STORED = {"populate_existing": True}


class LoadingTickets:
    """The part of `ports.Tickets` that finds tickets."""

    def __init__(self, work: UnitOfWork, policies: PolicyRepository) -> None:
        self._work = work
        self._session = work.session
        self._policies = policies
        self._search = SearchIndex(work)

    async def get(self, ticket_id: str) -> Dossier:
        statement = select(TicketRow).where(_named(ticket_id))
        row = (await self._session.execute(statement, execution_options=_AS_STORED)).scalar_one_or_none()
        if row is None:
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        return (await self._drawers([row]))[0]

    async def get_to_change(self, ticket_id: str) -> Dossier:
        found = await self._dossiers(select(TicketRow).where(_named(ticket_id)))
        if not found:
            raise TicketNotFound(f"There is no ticket {ticket_id}.")
        return found[0]

    async def load(self, ticket_ids: Collection[str]) -> list[Dossier]:
        found: list[Dossier] = []
        for some in chunks(sorted(set(ticket_ids))):
            found += await self._dossiers(select(TicketRow).where(col(TicketRow.ticket_id).in_(some)))
        return found

    async def read(self, ticket_ids: Collection[str]) -> list[Dossier]:
        found: list[Dossier] = []
        for some in chunks(sorted(set(ticket_ids))):
            statement = select(TicketRow).where(col(TicketRow.ticket_id).in_(some))
            found += await self._dossiers(statement, locked=False)
        return found

    async def load_external(self, source: str, external_ids: Collection[str]) -> dict[str, Dossier]:
        found: list[Dossier] = []
        for some in chunks(sorted(set(external_ids))):
            found += await self._dossiers(
                select(TicketRow).where(col(TicketRow.source) == source, col(TicketRow.external_id).in_(some))
            )
        return {dossier.ticket.external_id or "": dossier for dossier in found}

    async def ids_of(self, named: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(set(named))):
            numbers = [int(name) for name in some if _is_number(name)]
            statement = select(col(TicketRow.ticket_id), col(TicketRow.number)).where(
                or_(col(TicketRow.ticket_id).in_(some), col(TicketRow.number).in_(numbers))
            )
            for ticket_id, number in (await self._session.execute(statement)).all():
                found |= {name: ticket_id for name in (ticket_id, str(number)) if name in some}
        return found

    async def _drawers(self, found: Sequence[TicketRow]) -> list[Dossier]:
        """As lists show them: with clocks, without moments."""
        clocks = await self._clocks([row.ticket_id for row in found])
        return [_dossier(row, (), clocks.get(row.ticket_id, ())) for row in found]

    async def _dossiers(self, statement: Select[TicketRow], *, locked: bool = True) -> list[Dossier]:
        """Locked in the order of their ids, so that two transactions never wait for each other."""
        plain = statement.with_only_columns(*_table(TicketRow).c).order_by(col(TicketRow.ticket_id))
        if locked:
            plain = plain.with_for_update()
        found = cast(Sequence[TicketRow], (await self._session.execute(plain)).all())
        ids = [row.ticket_id for row in found]
        moments = await self._of_tickets(MomentRow, ids)
        clocks = await self._clocks(ids)
        return [
            _dossier(row, map(rows.moment_of, moments.get(row.ticket_id, ())), clocks.get(row.ticket_id, ()))
            for row in found
        ]

    async def _clocks(self, ids: Sequence[str]) -> dict[str, list[Clock]]:
        grouped = await self._of_tickets(ClockRow, ids)
        calendars = await self._policies.calendars(
            {str(label) for some in grouped.values() for row in some for _, label in row.hours}
        )
        return {ticket_id: [rows.clock_of(row, calendars) for row in some] for ticket_id, some in grouped.items()}

    async def _of_tickets(self, model: type[R], ids: Sequence[str]) -> dict[str, list[R]]:
        grouped: dict[str, list[R]] = {}
        if ids:
            # Plain rows, which have the same attributes: objects that the session keeps cost as much as all the rest.
            table = _table(model)
            statement = select(table).where(table.c.ticket_id.in_(ids))
            for row in (await self._session.execute(statement)).all():
                grouped.setdefault(row.ticket_id, []).append(cast(R, row))
        return grouped

    async def known_external(self, source: str, external_ids: Collection[str]) -> set[str]:
        found: set[str] = set()
        for some in chunks(sorted(set(external_ids))):
            statement = select(col(TicketRow.external_id)).where(
                col(TicketRow.source) == source, col(TicketRow.external_id).in_(some)
            )
            found |= {str(external_id) for external_id in (await self._session.execute(statement)).scalars()}
        return found

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


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


def _dossier(row: TicketRow, moments: Iterable[Moment], clocks: Iterable[Clock]) -> Dossier:
    by_key = {(clock.target, clock.cycle): clock for clock in clocks}
    return Dossier(ticket=rows.ticket_of(row), moments=tuple(moments), clocks=by_key)


def _named(name: str) -> ColumnElement[bool]:
    """By its number where it is one: people say numbers, and no id consists of digits only."""
    return col(TicketRow.number) == int(name) if _is_number(name) else col(TicketRow.ticket_id) == name


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= LONGEST_NUMBER


def _unattributed(limit: int) -> Select[str]:
    return (
        select(col(TicketRow.ticket_id))
        .join(ContactRow, col(ContactRow.contact_id) == col(TicketRow.requester_id))
        .where(col(TicketRow.rollout).is_(None), col(TicketRow.by_hand).is_(False))
        .order_by(col(TicketRow.ticket_id))
        .limit(limit)
    )
