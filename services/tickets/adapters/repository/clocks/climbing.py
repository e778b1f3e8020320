"""Escalation ladders: what wakes, what was fired, and who may have to be told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.tickets.adapters.repository.clocks.watching import WatchedClocks, shown
from services.tickets.adapters.tables import (
    ClockRow,
    CommentRow,
    EntryRow,
    EscalationRow,
    PersonIdentityRow,
    PersonRow,
    TicketRow,
)
from services.tickets.domain.ladder import Firing
from services.tickets.ports.clocks import Escalation, Waking
from shared.clock import new_id
from shared.rest import PagingRequest, keyset_page

CLOCKWORK = "glidepath"
NO_TOUCH = ("opened", "comment")
"""Lines of the history that are no doing of the desk: what the desk said is looked up among the comments."""


class ClimbingClocks(WatchedClocks):
    """The part of `ports.Clocks` that climbs ladders."""

    async def next_wake(self) -> datetime | None:
        statement = select(func.min(col(ClockRow.wakes_at))).where(col(ClockRow.wakes_at).is_not(None))
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def take_waking(self, now: datetime, limit: int) -> list[Waking]:
        statement = (
            shown()
            .where(col(ClockRow.wakes_at).is_not(None), col(ClockRow.wakes_at) <= now)
            .order_by(col(ClockRow.wakes_at), col(ClockRow.clock_id))
            .limit(limit)
            .with_for_update(of=[ClockRow, TicketRow], skip_locked=True)
        )
        found = (await self._session.execute(statement, execution_options={"populate_existing": True})).all()
        watched = await self._watched(found)
        fired = await self.fired([each.clock.clock_id for each in watched])
        touched = await self._touched({each.clock.ticket_id for each in watched})
        return [
            Waking(
                watched=each,
                fired=fired.get(each.clock.clock_id, ()),
                touched_at=touched.get(each.clock.ticket_id),
            )
            for each in watched
        ]

    async def fired(self, clock_ids: Collection[str]) -> Mapping[str, tuple[Firing, ...]]:
        if not clock_ids:
            return {}
        statement = (
            select(col(EscalationRow.clock_id), col(EscalationRow.threshold), col(EscalationRow.fires_at))
            .where(col(EscalationRow.clock_id).in_(sorted(clock_ids)))
            .order_by(col(EscalationRow.fires_at))
        )
        found: dict[str, tuple[Firing, ...]] = {}
        for clock_id, threshold, fires_at in (await self._session.execute(statement)).all():
            found[clock_id] = (*found.get(clock_id, ()), Firing(threshold=threshold, at=fires_at))
        return found

    async def _touched(self, ticket_ids: Collection[str]) -> Mapping[str, datetime]:
        """When somebody of the desk last did or said something; remote desks' word counts as theirs."""
        if not ticket_ids:
            return {}
        ids = sorted(ticket_ids)
        changed = (
            select(col(EntryRow.ticket_id), func.max(col(EntryRow.at)))
            .where(
                col(EntryRow.ticket_id).in_(ids), col(EntryRow.kind).not_in(NO_TOUCH), col(EntryRow.actor) != CLOCKWORK
            )
            .group_by(col(EntryRow.ticket_id))
        )
        said = (
            select(col(CommentRow.ticket_id), func.max(col(CommentRow.at)))
            .where(col(CommentRow.ticket_id).in_(ids), col(CommentRow.author_role) == "agent")
            .group_by(col(CommentRow.ticket_id))
        )
        found: dict[str, datetime] = {}
        for statement in (changed, said):
            for ticket_id, at in (await self._session.execute(statement)).all():
                found[ticket_id] = max(at, found.get(ticket_id, at))
        return found

    async def plan(self, wakes: Mapping[str, datetime | None]) -> None:
        if wakes:
            table: Any = ClockRow.__table__  # type: ignore[attr-defined]
            statement = update(table).where(table.c.clock_id == bindparam("of")).values(wakes_at=bindparam("at"))
            connection = await self._session.connection()
            await connection.execute(statement, [{"of": clock_id, "at": at} for clock_id, at in sorted(wakes.items())])

    async def note_escalations(self, escalations: Sequence[Escalation]) -> None:
        if escalations:
            await self._session.execute(insert(EscalationRow), [_values(each) for each in escalations])
            await self._session.execute(insert(EntryRow), [_history_values(each) for each in escalations])

    async def page_escalations(self, ticket_id: str, paging: PagingRequest) -> tuple[list[Escalation], str | None]:
        statement = select(EscalationRow).where(col(EscalationRow.ticket_id) == ticket_id)
        order: list[Any] = [(col(EscalationRow.fires_at), "asc"), (col(EscalationRow.escalation_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [_escalation(row) for row in found], after

    async def managers_of(self, emails: Collection[str]) -> Mapping[str, str]:
        if not emails:
            return {}
        manager: Any = aliased(PersonRow)
        statement = (
            select(col(PersonIdentityRow.value), manager.email)
            .join(PersonRow, col(PersonRow.person_id) == col(PersonIdentityRow.person_id))
            .join(manager, manager.person_id == col(PersonRow.manager_id))
            .where(col(PersonIdentityRow.system) == "", col(PersonIdentityRow.value).in_(sorted(emails)))
            .where(manager.email.is_not(None))
        )
        return {value: email for value, email in (await self._session.execute(statement)).all() if email}


def _values(escalation: Escalation) -> dict[str, Any]:
    return {
        "escalation_id": escalation.escalation_id,
        "clock_id": escalation.clock_id,
        "ticket_id": escalation.ticket_id,
        "threshold": escalation.threshold,
        "occurrence": escalation.occurrence,
        "fires_at": escalation.fires_at,
        "fired_at": escalation.fired_at,
        "told": list(escalation.told),
        "reason": escalation.reason,
    }


def _history_values(escalation: Escalation) -> dict[str, Any]:
    _, target, cycle = escalation.clock_id.rsplit(":", 2)
    detail = {"target": target, "cycle": int(cycle), "threshold": escalation.threshold, "told": list(escalation.told)}
    return {
        "entry_id": new_id(),
        "ticket_id": escalation.ticket_id,
        "at": escalation.fires_at,
        "observed_at": escalation.fired_at,
        "kind": "escalated",
        "actor": CLOCKWORK,
        "detail": detail | ({} if escalation.reason is None else {"reason": escalation.reason}),
    }


def _escalation(row: EscalationRow) -> Escalation:
    return Escalation(
        escalation_id=row.escalation_id,
        clock_id=row.clock_id,
        ticket_id=row.ticket_id,
        threshold=row.threshold,
        occurrence=row.occurrence,
        fires_at=row.fires_at,
        fired_at=row.fired_at,
        told=tuple(row.told),
        reason=row.reason,
    )
