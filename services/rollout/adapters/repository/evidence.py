"""What other services told us, as rows that gates read without scanning anything that is over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Update, case, func, select, update

from services.rollout.adapters.repository.codec import value_of
from services.rollout.adapters.tables.record import columns
from services.rollout.adapters.tables.rollouts import (
    OPEN_BREACH,
    WITHDRAWN,
    ClockRow,
    FreezeRow,
    SurveyRow,
    TicketRow,
)
from services.rollout.domain.calendar import Freeze
from services.rollout.domain.gate import OpenBreach, OpenTicket, SurveyEvidence
from services.rollout.ports.rollouts import ClockFact
from shared.database import UnitOfWork, insert_for, upsert_if_newer
from shared.events.envelope import Envelope
from shared.events.tickets import TicketChanged

_TICKETS, _CLOCKS, _SURVEYS, _FREEZES = (columns(row) for row in (TicketRow, ClockRow, SurveyRow, FreezeRow))
LISTED = 200
"""More open tickets or breaches of one wave than this need not be told apart: every sensible limit is passed."""


class EvidenceRepository:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def apply_ticket(self, envelope: Envelope[TicketChanged], wave_id: str | None) -> set[str]:
        ticket = envelope.data
        found = select(_TICKETS.wave_id).where(_TICKETS.ticket_id == ticket.ticket_id)
        before = (await self._session.execute(found)).scalar_one_or_none()
        values = {
            "wave_id": wave_id,
            "number": ticket.number,
            "subject": ticket.subject,
            "priority": ticket.priority.value,
            "opened_at": ticket.opened_at,
            "solved_at": ticket.solved_at,
        }
        if not await upsert_if_newer(self._work, TicketRow, {"ticket_id": ticket.ticket_id}, values, envelope):
            return set()
        # A ticket that changes hands takes its clocks with it.
        moved = update(ClockRow).where(_CLOCKS.ticket_id == ticket.ticket_id, _CLOCKS.wave_id.is_distinct_from(wave_id))
        await self._session.execute(moved.values(wave_id=wave_id, priority=ticket.priority.value))
        return {wave for wave in (before, wave_id) if wave is not None}

    async def apply_clock(self, fact: ClockFact) -> str | None:
        held = select(_TICKETS.wave_id).where(_TICKETS.ticket_id == fact.ticket_id)
        wave_id = (await self._session.execute(held)).scalar_one_or_none() or fact.wave_id
        values = {name: getattr(fact, name) for name in ClockFact.__dataclass_fields__} | {"wave_id": wave_id}
        statement = insert_for(self._work.dialect, ClockRow).values(values)
        fresh = statement.excluded
        known = {
            name: func.coalesce(fresh[name], _CLOCKS[name])
            for name in (
                "breached_at",
                "withdrawn_at",
                "withdrawn_breach_at",
                "unconfirmed",
                "confirmed_at",
                "settled_at",
                "outcome",
                "wave_id",
            )
        }
        statement = statement.on_conflict_do_update(index_elements=["clock_id", "cycle"], set_=known)
        await self._session.execute(statement)
        return wave_id

    async def list_open_tickets(self, wave_id: str) -> list[OpenTicket]:
        statement = select(TicketRow).where(_TICKETS.wave_id == wave_id, _TICKETS.solved_at.is_(None))
        rows = await self._session.execute(statement.order_by(_TICKETS.priority, _TICKETS.number).limit(LISTED))
        return [value_of(row, OpenTicket) for row in rows.scalars()]

    async def list_open_breaches(self, wave_id: str) -> list[OpenBreach]:
        statement = select(ClockRow).where(_CLOCKS.wave_id == wave_id, OPEN_BREACH)
        rows = await self._session.execute(statement.order_by(_CLOCKS.breached_at, _CLOCKS.clock_id).limit(LISTED))
        return [value_of(row, OpenBreach) for row in rows.scalars()]

    async def count_settled(self, wave_id: str) -> dict[tuple[str, str], int]:
        # A breach that was withdrawn counts as met: that is what withdrawing it says.
        outcome = case((WITHDRAWN, "met"), else_=_CLOCKS.outcome).label("outcome")
        statement = select(_CLOCKS.target, outcome, func.count()).where(
            _CLOCKS.wave_id == wave_id, _CLOCKS.outcome.in_(("met", "breached"))
        )
        rows = await self._session.execute(statement.group_by(_CLOCKS.target, outcome))
        return {(target, result): count for target, result, count in rows}

    async def add_survey(self, rollout: str, wave: str, gate: str, survey: SurveyEvidence) -> None:
        row = SurveyRow(
            id=survey.request_id,
            rollout=rollout,
            wave=wave,
            gate=gate,
            requested_at=survey.requested_at,
            closes_at=survey.closes_at,
            invited=survey.invited,
        )
        self._session.add(row)
        await self._session.flush()

    async def apply_verdict(self, request_id: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
        return await self._survey(update(SurveyRow).where(_SURVEYS.id == request_id), values)

    async def apply_progress(self, request_id: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
        undecided = update(SurveyRow).where(_SURVEYS.id == request_id, _SURVEYS.verdict.is_(None))
        return await self._survey(undecided, values)

    async def _survey(self, statement: Update, values: Mapping[str, Any]) -> tuple[str, str] | None:
        statement = statement.values(**values)
        found = (await self._session.execute(statement.returning(_SURVEYS.rollout, _SURVEYS.wave))).first()
        return (found[0], found[1]) if found else None

    async def find_surveys(self, rollout: str, wave: str) -> dict[str, SurveyEvidence]:
        statement = select(SurveyRow).where(_SURVEYS.rollout == rollout, _SURVEYS.wave == wave).order_by(_SURVEYS.id)
        # Ids sort by creation, so the newest request of a gate is the last one seen.
        return {row.gate: _survey(row) for row in (await self._session.execute(statement)).scalars()}

    async def list_freezes(self, *, ending_after: datetime | None = None) -> list[Freeze]:
        statement = select(FreezeRow).order_by(_FREEZES.from_at, _FREEZES.name)
        if ending_after is not None:
            statement = statement.where(_FREEZES.to_at > ending_after)
        return [value_of(row, Freeze) for row in (await self._session.execute(statement)).scalars()]

    async def save_freeze(self, freeze: Freeze) -> bool:
        row = await self._session.get(FreezeRow, freeze.name)
        if row is None:
            self._session.add(
                FreezeRow(name=freeze.name, from_at=freeze.from_at, to_at=freeze.to_at, reason=freeze.reason)
            )
        elif value_of(row, Freeze) == freeze:
            return False
        else:
            row.from_at, row.to_at, row.reason, row.version = (
                freeze.from_at,
                freeze.to_at,
                freeze.reason,
                row.version + 1,
            )
        await self._session.flush()
        return True


def _survey(row: SurveyRow) -> SurveyEvidence:
    return SurveyEvidence(
        request_id=row.id,
        requested_at=row.requested_at,
        closes_at=row.closes_at,
        campaign_id=row.campaign_id,
        verdict=row.verdict,
        explanation=row.explanation,
        estimate=row.estimate,
        answered=row.answered,
        invited=row.invited,
    )
