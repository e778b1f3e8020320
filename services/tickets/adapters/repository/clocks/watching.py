"""Open clocks of all tickets as lists and counts; each state has an index that holds nothing else."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlmodel import col

from services.tickets.adapters.repository import rows
from services.tickets.adapters.repository.clocks.breaching import pending
from services.tickets.adapters.repository.policies import PolicyRepository
from services.tickets.adapters.tables import BreachRow, ClockResultRow, ClockRow, TicketRow
from services.tickets.domain.attribution import Attribution, Rule
from services.tickets.domain.clock import Clock
from services.tickets.domain.policy import Priority
from services.tickets.ports.clocks import ClockCounts, ClockFilter, Population, Watched, WatchState
from shared.database import UnitOfWork
from shared.rest import PagingRequest, keyset_page

MOST = 10_000
"""Where counts stop: nobody reads more out of them."""
SAMPLE = 2_000
"""The newest results of a kind; more say nothing more about how long such work takes now."""


class WatchedClocks:
    """The part of `ports.Clocks` that people look at."""

    def __init__(self, work: UnitOfWork, policies: PolicyRepository) -> None:
        self._work = work
        self._session = work.session
        self._policies = policies

    async def page(self, cut: ClockFilter, paging: PagingRequest) -> tuple[list[Watched], str | None]:
        by = col(ClockRow.due_at) if cut.state is WatchState.RUNNING else col(ClockRow.breached_at)
        clock_id: ColumnElement[Any] = col(ClockRow.clock_id)  # type: ignore[assignment]
        order: list[Any] = [(clock_id, "asc")] if cut.state is WatchState.PAUSED else [(by, "asc"), (clock_id, "asc")]
        found, after = await keyset_page(self._session, _cut(cut), order, paging)
        return await self._watched(found), after

    async def soonest(self, now: datetime, until: datetime, limit: int) -> list[Watched]:
        cut = ClockFilter(state=WatchState.RUNNING, due_before=until)
        statement = (
            _cut(cut)
            .where(col(ClockRow.due_at) > now)
            .order_by(col(ClockRow.due_at), col(ClockRow.clock_id))
            .limit(limit)
        )
        return await self._watched((await self._session.execute(statement)).all())

    async def count(self, now: datetime) -> ClockCounts:
        due_at = col(ClockRow.due_at)
        unconfirmed = (
            col(BreachRow.confirmed_at).is_(None),
            col(BreachRow.withdrawn_at).is_(None),
            col(BreachRow.source).is_not(None),
        )
        return ClockCounts(
            running=await self._count(ClockRow, *pending()),
            due_within_an_hour=await self._count(ClockRow, *pending(), due_at <= now + timedelta(hours=1)),
            due_within_a_day=await self._count(ClockRow, *pending(), due_at <= now + timedelta(days=1)),
            paused=await self._count(ClockRow, *_paused()),
            overdue=await self._count(ClockRow, *_overdue()),
            unconfirmed=await self._count(BreachRow, *unconfirmed),
            most=MOST,
        )

    async def _count(self, model: Any, *where: ColumnElement[bool]) -> int:
        some = select(1).select_from(model).where(*where).limit(MOST + 1).subquery()
        counted = (await self._session.execute(select(func.count()).select_from(some))).scalar_one()
        return min(int(counted), MOST)

    async def finished(
        self, populations: Collection[Population], since: datetime
    ) -> Mapping[Population, Sequence[float]]:
        found: dict[Population, Sequence[float]] = {}
        for each in sorted(populations):
            statement = (
                select(col(ClockResultRow.elapsed_seconds))
                .where(
                    col(ClockResultRow.policy) == each.policy,
                    col(ClockResultRow.target) == each.target,
                    col(ClockResultRow.priority) == each.priority,
                    col(ClockResultRow.elapsed_seconds).is_not(None),
                    col(ClockResultRow.outcome) != "cancelled",
                    col(ClockResultRow.decided_at) >= since,
                )
                .order_by(col(ClockResultRow.decided_at).desc())
                .limit(SAMPLE)
            )
            elapsed = (await self._session.execute(statement)).scalars()
            found[each] = [seconds for seconds in elapsed if seconds is not None]
        return found

    async def _watched(self, found: Sequence[Row[Any]]) -> list[Watched]:
        calendars = await self._policies.calendars({str(label) for row in found for _, label in row[0].hours})
        return [_watched(row, rows.clock_of(row[0], calendars)) for row in found]


def shown() -> Select[Any]:
    """The clock, what is shown of its ticket, and whether its breach is confirmed."""
    statement: Any = (
        select(ClockRow, *_SHOWN, col(BreachRow.confirmed_at), col(BreachRow.breach_id))
        .join(TicketRow, col(TicketRow.ticket_id) == col(ClockRow.ticket_id))
        .outerjoin(
            BreachRow,
            (col(BreachRow.clock_id) == col(ClockRow.clock_id)) & col(BreachRow.withdrawn_at).is_(None),
        )
    )
    return cast(Select[Any], statement)


def _cut(cut: ClockFilter) -> Select[Any]:
    statement = shown().where(*_WHERE[cut.state]())
    if cut.due_before is not None:
        statement = statement.where(col(ClockRow.due_at) < cut.due_before)
    if cut.rollout is not None:
        statement = statement.where(col(TicketRow.rollout) == cut.rollout)
    if cut.team is not None:
        statement = statement.where(col(TicketRow.team) == cut.team)
    return statement


def _paused() -> tuple[ColumnElement[bool], ...]:
    return col(ClockRow.state) == "paused", col(ClockRow.breached_at).is_(None)


def _overdue() -> tuple[ColumnElement[bool], ...]:
    return col(ClockRow.state).in_(["running", "paused"]), col(ClockRow.breached_at).is_not(None)


def _unconfirmed() -> tuple[ColumnElement[bool], ...]:
    waits = col(BreachRow.confirmed_at).is_(None), col(BreachRow.source).is_not(None)
    return (*waits, col(ClockRow.breached_at).is_not(None))


_WHERE = {
    WatchState.RUNNING: pending,
    WatchState.PAUSED: _paused,
    WatchState.OVERDUE: _overdue,
    WatchState.UNCONFIRMED: _unconfirmed,
}
_SHOWN = (
    col(TicketRow.number),
    col(TicketRow.subject),
    col(TicketRow.priority),
    col(TicketRow.team),
    col(TicketRow.assignee),
    col(TicketRow.source),
    col(TicketRow.rollout),
    col(TicketRow.wave),
    col(TicketRow.rule),
)


def _watched(row: Any, clock: Clock) -> Watched:
    _, number, subject, priority, team, assignee, source, rollout, wave, rule, confirmed_at, breach_id = row
    attribution = None
    if rollout is not None and wave is not None and rule is not None:
        attribution = Attribution(rollout=rollout, wave=wave, rule=Rule(rule))
    return Watched(
        clock=clock,
        number=number,
        subject=subject,
        priority=Priority(priority),
        team=team,
        assignee=assignee,
        source=source,
        attribution=attribution,
        unconfirmed=breach_id is not None and source is not None and confirmed_at is None,
    )
