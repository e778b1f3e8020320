"""How often the people of a wave ask for help."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlmodel import col

from services.tickets.adapters.tables import BaselineRow, ContactRow, EnrolmentRow, TicketRow, WaveRow
from services.tickets.domain.baseline import Baseline
from services.tickets.ports import OpenWave
from shared.database import UnitOfWork, insert_for


class BaselineRepository:
    """`ports.Baselines`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def unmeasured(self, rollout: str, wave: str) -> OpenWave | None:
        measured = exists().where(col(BaselineRow.rollout) == rollout, col(BaselineRow.wave) == wave)
        statement = select(WaveRow).where(
            col(WaveRow.rollout) == rollout, col(WaveRow.wave) == wave, col(WaveRow.opened_at).is_not(None), ~measured
        )
        row = (await self._session.execute(statement.limit(1))).scalar_one_or_none()
        if row is None or row.opened_at is None:
            return None
        return OpenWave(rollout=rollout, wave=wave, opened_at=row.opened_at, audience_size=row.audience_size)

    async def people(self, rollout: str, wave: str) -> int:
        statement = select(func.count()).select_from(EnrolmentRow).where(*_members(rollout, wave))
        return (await self._session.execute(statement)).scalar_one()

    async def tickets(self, rollout: str, wave: str, since: datetime, until: datetime) -> int:
        asked = (
            select(col(ContactRow.contact_id))
            .join(EnrolmentRow, col(EnrolmentRow.person_id) == col(ContactRow.person_id))
            .where(*_members(rollout, wave))
        )
        statement = (
            select(func.count())
            .select_from(TicketRow)
            .where(
                col(TicketRow.requester_id).in_(asked),
                col(TicketRow.opened_at) >= since,
                col(TicketRow.opened_at) < until,
                col(TicketRow.merged_into).is_(None),
                col(TicketRow.deleted_at).is_(None),
            )
        )
        return (await self._session.execute(statement)).scalar_one()

    async def attributed(self, rollout: str, wave: str) -> int:
        statement = (
            select(func.count())
            .select_from(TicketRow)
            .where(
                col(TicketRow.rollout) == rollout,
                col(TicketRow.wave) == wave,
                col(TicketRow.merged_into).is_(None),
                col(TicketRow.deleted_at).is_(None),
            )
        )
        return (await self._session.execute(statement)).scalar_one()

    async def keep(self, baseline: Baseline) -> bool:
        statement = insert_for(self._work.dialect, BaselineRow).values(asdict(baseline)).on_conflict_do_nothing()
        return (await self._session.execute(statement.returning(col(BaselineRow.wave)))).first() is not None

    async def find(self, rollout: str, wave: str) -> Baseline | None:
        row = await self._session.get(BaselineRow, (rollout, wave))
        if row is None:
            return None
        return Baseline(
            rollout=row.rollout,
            wave=row.wave,
            opened_at=row.opened_at,
            since=row.since,
            people=row.people,
            tickets=row.tickets,
            measured_at=row.measured_at,
        )


def _members(rollout: str, wave: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(EnrolmentRow.rollout) == rollout,
        col(EnrolmentRow.wave) == wave,
        col(EnrolmentRow.state) != "withdrawn",
    )
