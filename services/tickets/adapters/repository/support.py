"""A wave's support channel in figures: a handful of statements, however many tickets count for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from services.tickets.adapters.tables import BreachRow, EnrolmentRow, PlanRow, TicketRow, WaveRow
from services.tickets.ports.channel import Wave, WaveFigures
from shared.database import UnitOfWork

MOST_CAUSES = 10
DONE = ("solved", "closed")


class SupportRepository:
    """`ports.Support`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def find_wave(self, rollout: str, wave: str) -> Wave | None:
        statement = (
            select(WaveRow, PlanRow)
            .join(PlanRow, col(PlanRow.rollout) == col(WaveRow.rollout), isouter=True)
            .where(col(WaveRow.rollout) == rollout, col(WaveRow.wave) == wave)
            .limit(1)
        )
        found = (await self._session.execute(statement)).first()
        if found is None:
            return None
        row, plan = found
        return Wave(
            rollout=row.rollout,
            wave=row.wave,
            title=(plan.title if plan is not None else None) or row.rollout,
            phase=row.phase,
            opened_at=row.opened_at,
            completed_at=row.completed_at,
            systems=tuple(plan.systems) if plan is not None else (),
            courses=dict(plan.courses) if plan is not None else {},
        )

    async def figures(self, rollout: str, wave: str, *, now: datetime, at_risk_until: datetime) -> WaveFigures:
        ours = (col(TicketRow.rollout) == rollout, col(TicketRow.wave) == wave, col(TicketRow.deleted_at).is_(None))
        live = (*ours, col(TicketRow.status).not_in(DONE))
        due_at = col(TicketRow.next_due_at)
        statuses = await self._session.execute(
            select(col(TicketRow.status), func.count()).where(*ours).group_by(col(TicketRow.status))
        )
        learners = select(func.count()).where(
            col(EnrolmentRow.rollout) == rollout,
            col(EnrolmentRow.wave) == wave,
            col(EnrolmentRow.state) != "withdrawn",
        )
        breaches = (
            select(
                func.count(func.distinct(col(BreachRow.ticket_id))),
                func.count(func.distinct(col(BreachRow.ticket_id))).filter(
                    col(BreachRow.confirmed_at).is_(None), col(BreachRow.source).is_not(None)
                ),
            )
            .join(TicketRow, col(TicketRow.ticket_id) == col(BreachRow.ticket_id))
            .where(*ours, col(BreachRow.withdrawn_at).is_(None))
        )
        breached, unconfirmed = (await self._session.execute(breaches)).one()
        causes, lost = await self._causes(ours)
        return WaveFigures(
            learners=(await self._session.execute(learners)).scalar_one(),
            by_status=dict(statuses.all()),
            overdue=await self._count(*live, due_at <= now),
            at_risk=await self._count(*live, due_at > now, due_at <= at_risk_until),
            unconfirmed=unconfirmed,
            breached=breached,
            minutes_lost=lost,
            causes=causes,
        )

    async def _count(self, *conditions: ColumnElement[bool]) -> int:
        return (await self._session.execute(select(func.count()).where(*conditions))).scalar_one()

    async def _causes(self, ours: tuple[Any, ...]) -> tuple[list[tuple[str | None, int, int]], int]:
        number = func.count().label("number")
        lost: Any = func.coalesce(func.sum(col(TicketRow.minutes_lost)), 0)
        rows = await self._session.execute(
            select(col(TicketRow.cause), number, lost)
            .where(*ours)
            .group_by(col(TicketRow.cause))
            .order_by(number.desc(), col(TicketRow.cause))
            .limit(MOST_CAUSES)
        )
        whole = (await self._session.execute(select(lost).where(*ours))).scalar_one()
        return [(cause, count, int(minutes)) for cause, count, minutes in rows.all()], int(whole)
