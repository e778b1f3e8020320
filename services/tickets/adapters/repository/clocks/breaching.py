"""Breaches by time, in bulk: no ticket is loaded, only the columns that are told are read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, Table, cast, func, or_, select, update
from sqlmodel import col

from services.tickets.adapters.tables import BreachRow, ClockRow, EntryRow, TicketRow, WatermarkRow
from services.tickets.domain.attribution import Attribution, Rule
from services.tickets.domain.clock import Cause
from services.tickets.domain.policy import Priority, Target
from services.tickets.ports.clocks import Missed
from shared.clock import new_id
from shared.database import UnitOfWork, among, insert_many

CLOCKWORK = "glidepath"
# The tables themselves: what goes through the mapped classes costs several times as much.
_LEDGER: Table = BreachRow.__table__  # type: ignore[attr-defined]
_HISTORY: Table = EntryRow.__table__  # type: ignore[attr-defined]


class BreachingClocks:
    """The part of `ports.Clocks` that writes breaches."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def next_due(self) -> datetime | None:
        statement = select(func.min(col(ClockRow.due_at))).where(*pending())
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def breach_due(self, now: datetime, limit: int) -> list[Missed]:
        due = (await self._session.execute(_due(now, limit))).all()
        if not due:
            return []
        # Held since they were read, so they are due still. To say so again would let the planner look for them among all
        # that is due, which is a great deal after a stop.
        ids = [row.clock_id for row in due]
        statement = (
            update(ClockRow)
            .where(among(self._work.dialect, col(ClockRow.clock_id), ids), *pending())
            .values(breached_at=col(ClockRow.due_at), cause=Cause.ELAPSED.value)
            .returning(col(ClockRow.clock_id))
        )
        changed = set((await self._session.execute(statement)).scalars())
        # The ledger has the last word: what stands in it was told.
        changed -= set((await self._session.execute(self._standing(ids))).scalars())
        missed = [row for row in due if row.clock_id in changed]
        await self._note_missed(missed, now)
        return [_missed(row, row.due_at) for row in missed]

    def _standing(self, clock_ids: Sequence[str]) -> Select[str]:
        among_them = among(self._work.dialect, col(BreachRow.clock_id), clock_ids)
        return select(col(BreachRow.clock_id)).where(among_them, col(BreachRow.withdrawn_at).is_(None))

    async def _note_missed(self, missed: Sequence[Row[Any]], now: datetime) -> None:
        if not missed:
            return
        await self._insert(_LEDGER, [_ledger_values(row, now) for row in missed])
        await self._insert(_HISTORY, [_history_values(row, now) for row in missed])

    async def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        await insert_many(self._session, self._work.dialect, table, rows)

    async def next_confirmable(self) -> datetime | None:
        statement = select(func.min(col(BreachRow.breached_at))).select_from(BreachRow)
        statement = statement.outerjoin(WatermarkRow, col(WatermarkRow.source) == col(BreachRow.source))
        return (await self._session.execute(statement.where(*_confirmable()))).scalar_one_or_none()

    async def confirm_breaches(self, now: datetime, limit: int) -> list[Missed]:
        found = (await self._session.execute(_to_confirm(limit))).all()
        if found:
            statement = (
                update(BreachRow)
                .where(among(self._work.dialect, col(BreachRow.breach_id), [row.breach_id for row in found]))
                .where(col(BreachRow.confirmed_at).is_(None), col(BreachRow.withdrawn_at).is_(None))
                .values(confirmed_at=now)
            )
            await self._session.execute(statement)
            await self._insert(_HISTORY, [_confirmed_values(row, now) for row in found])
        return [_missed(row, row.breached_at) for row in found]


def pending() -> tuple[ColumnElement[bool], ...]:
    """As the index on due clocks has it."""
    return col(ClockRow.state) == "running", col(ClockRow.breached_at).is_(None)


def _told() -> list[Any]:
    """The columns that an event about a clock is made of. A clock of the first release names no policy of its own."""
    opened_under = col(TicketRow.policy_name) + "@" + cast(col(TicketRow.policy_version), String)
    return [
        col(ClockRow.clock_id),
        col(ClockRow.ticket_id),
        col(TicketRow.number),
        col(TicketRow.subject),
        col(ClockRow.target),
        col(ClockRow.cycle),
        col(TicketRow.priority),
        func.coalesce(func.nullif(col(ClockRow.policy), ""), opened_under).label("policy"),
        col(TicketRow.rollout),
        col(TicketRow.wave),
        col(TicketRow.rule).label("attributed_by"),
        col(TicketRow.source),
        col(ClockRow.due_at),
        col(ClockRow.rule).label("promised_by"),
        func.coalesce(col(ClockRow.team), col(TicketRow.team)).label("team"),
        col(TicketRow.assignee),
        col(ClockRow.target_seconds),
    ]


def _due(now: datetime, limit: int) -> Select[Any]:
    """Locked with their tickets, as everybody who changes a ticket locks it; what is locked already is left to its holder."""
    confirmed = or_(col(WatermarkRow.source).is_(None), col(WatermarkRow.synced_until) >= col(ClockRow.due_at)).label(
        "confirmed"
    )
    return (
        select(*_told(), confirmed)
        .join(TicketRow, col(TicketRow.ticket_id) == col(ClockRow.ticket_id))
        .outerjoin(WatermarkRow, col(WatermarkRow.source) == col(TicketRow.source))
        .where(*pending(), col(ClockRow.due_at) <= now)
        .order_by(col(ClockRow.due_at), col(ClockRow.clock_id))
        .limit(limit)
        .with_for_update(of=[ClockRow, TicketRow], skip_locked=True)
    )


def _confirmable() -> tuple[ColumnElement[bool], ...]:
    """The first three as the index has them."""
    return (
        col(BreachRow.confirmed_at).is_(None),
        col(BreachRow.withdrawn_at).is_(None),
        col(BreachRow.source).is_not(None),
        or_(col(WatermarkRow.source).is_(None), col(WatermarkRow.synced_until) >= col(BreachRow.breached_at)),
    )


def _to_confirm(limit: int) -> Select[Any]:
    """With their tickets locked, so that a breach is not withdrawn at the same time."""
    return (
        select(
            *_told(),
            col(BreachRow.breach_id),
            col(BreachRow.breached_at),
            (col(BreachRow.breach_id) != "").label("confirmed"),
        )
        .join(ClockRow, col(ClockRow.clock_id) == col(BreachRow.clock_id))
        .join(TicketRow, col(TicketRow.ticket_id) == col(BreachRow.ticket_id))
        .outerjoin(WatermarkRow, col(WatermarkRow.source) == col(BreachRow.source))
        .where(*_confirmable())
        .order_by(col(BreachRow.breached_at), col(BreachRow.breach_id))
        .limit(limit)
        .with_for_update(of=[BreachRow, TicketRow], skip_locked=True)
    )


def _missed(row: Row[Any], breached_at: datetime) -> Missed:
    attribution = None
    if row.rollout is not None and row.wave is not None and row.attributed_by is not None:
        attribution = Attribution(rollout=row.rollout, wave=row.wave, rule=Rule(row.attributed_by))
    return Missed(
        clock_id=row.clock_id,
        ticket_id=row.ticket_id,
        number=row.number,
        subject=row.subject,
        target=Target(row.target),
        cycle=row.cycle,
        priority=Priority(row.priority),
        policy=row.policy,
        attribution=attribution,
        due_at=row.due_at or breached_at,
        breached_at=breached_at,
        confirmed=bool(row.confirmed),
        rule=row.promised_by,
        team=row.team,
        assignee=row.assignee,
        source=row.source,
        target_seconds=row.target_seconds,
    )


def _ledger_values(row: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "breach_id": new_id(),
        "clock_id": row.clock_id,
        "ticket_id": row.ticket_id,
        "priority": row.priority,
        "policy": row.policy,
        "cause": Cause.ELAPSED.value,
        "breached_at": row.due_at,
        "detected_at": now,
        "source": row.source,
        "confirmed_at": now if row.confirmed else None,
    }


def _history_values(row: Row[Any], now: datetime) -> dict[str, Any]:
    detail = {"target": row.target, "cycle": row.cycle, "cause": Cause.ELAPSED.value}
    return _entry(row, row.due_at, now, "breached", detail if row.confirmed else {**detail, "unconfirmed": True})


def _confirmed_values(row: Row[Any], now: datetime) -> dict[str, Any]:
    return _entry(row, now, now, "breach_confirmed", {"target": row.target, "cycle": row.cycle})


def _entry(row: Row[Any], at: datetime, now: datetime, kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "entry_id": new_id(),
        "ticket_id": row.ticket_id,
        "at": at,
        "observed_at": now,
        "kind": kind,
        "actor": CLOCKWORK,
        "detail": detail,
    }
