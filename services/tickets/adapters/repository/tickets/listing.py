"""The queue: tickets cut, sorted and paged along indexes, and the numbers on its tabs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select, true
from sqlmodel import col

from services.tickets.adapters.repository.tickets.loading import LoadingTickets
from services.tickets.adapters.tables import NEVER, BreachRow, ClockRow, ContactRow, TicketRow
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Status
from services.tickets.domain.wording import Question
from services.tickets.ports import Counts, TicketFilter
from shared.rest import PagingRequest, keyset_page

Order = list[tuple[Any, Literal["asc", "desc"]]]
MOST_COUNTED = 10_000
OPEN = tuple(status.value for status in Status if not status.done)


class ListingTickets(LoadingTickets):
    """The part of `ports.Tickets` that lists."""

    async def page(self, cut: TicketFilter, paging: PagingRequest) -> tuple[list[Dossier], str | None]:
        statement = _cut(select(TicketRow), cut)
        newest: Order = [(col(TicketRow.opened_at), "desc"), (col(TicketRow.ticket_id), "desc")]
        soonest: Order = [(col(TicketRow.next_due_at), "asc"), (col(TicketRow.ticket_id), "asc")]
        latest: Order = [(col(TicketRow.updated_at), "desc"), (col(TicketRow.ticket_id), "desc")]
        order = {"due": soonest, "updated": latest}.get(cut.sort or "", newest)
        if cut.text:
            question = Question.of(cut.text)
            if not question.words:
                return [], None
            statement, score = self._search.narrow(statement, question, internal_too=cut.internal_too)
            if cut.sort in (None, "relevance"):
                order = [(score, "desc"), *newest]
        found, after = await keyset_page(self._session, statement, order, paging)
        return await self._drawers(found), after

    async def count(self, *, mine: str | None, now: datetime, at_risk_until: datetime) -> Counts:
        due_at, is_open = col(TicketRow.next_due_at), col(TicketRow.status).in_(OPEN)
        groups = await self._session.execute(
            select(col(TicketRow.status), col(TicketRow.priority), func.count())
            .where(is_open)
            .group_by(col(TicketRow.status), col(TicketRow.priority))
        )
        by_status: dict[str, int] = {}
        by_priority: dict[str, int] = {}
        for status, priority, number in groups.all():
            by_status[status] = by_status.get(status, 0) + number
            by_priority[priority] = by_priority.get(priority, 0) + number
        return Counts(
            by_status=by_status,
            by_priority=by_priority,
            unassigned=await self._counted(is_open, col(TicketRow.assignee).is_(None)),
            mine=await self._counted(is_open, col(TicketRow.assignee) == mine) if mine else 0,
            overdue=await self._counted(due_at <= now),
            at_risk=await self._counted(due_at > now, due_at <= at_risk_until),
            most=MOST_COUNTED,
        )

    async def _counted(self, *conditions: ColumnElement[bool]) -> int:
        """At most `MOST_COUNTED`: a tab that says 10,000 says enough."""
        few = select(literal(1).label("one")).select_from(TicketRow).where(*conditions).limit(MOST_COUNTED).subquery()
        return (await self._session.execute(select(func.count()).select_from(few))).scalar_one()


def _cut(statement: Select[Any], cut: TicketFilter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    among: list[tuple[Any, Sequence[str]]] = [
        (col(TicketRow.status), cut.statuses),
        (col(TicketRow.priority), cut.priorities),
        (col(TicketRow.kind), cut.kinds),
    ]
    conditions += [column.in_(values) for column, values in among if values]
    exactly = [
        (col(TicketRow.rollout), cut.rollout),
        (col(TicketRow.wave), cut.wave),
        (col(TicketRow.source), cut.source),
    ]
    conditions += [column == value for column, value in exactly if value is not None]
    if cut.teams:
        conditions.append(_any_of(col(TicketRow.team), cut.teams))
    if cut.assignee is not None:
        conditions.append(_any_of(col(TicketRow.assignee), [cut.assignee]))
    if cut.requester is not None:
        conditions.append(col(TicketRow.requester_id).in_(_named_so(cut.requester)))
    if cut.sla is not None:
        conditions.append(_stands(cut))
    return statement.where(*conditions) if conditions else statement


def _any_of(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """ "" is "none"."""
    named = [value for value in values if value]
    return or_(column.in_(named) if named else ~true(), column.is_(None) if "" in values else ~true())


def _named_so(requester: str) -> Select[str]:
    return select(col(ContactRow.contact_id)).where(
        or_(
            col(ContactRow.contact_id) == requester,
            col(ContactRow.person_id) == requester,
            (col(ContactRow.system) == "")
            & (col(ContactRow.scheme) == "email")
            & (col(ContactRow.value) == requester.casefold()),
        )
    )


def _stands(cut: TicketFilter) -> ColumnElement[bool]:
    due_at = col(TicketRow.next_due_at)
    if cut.sla == "overdue":
        return due_at <= cut.now
    if cut.sla == "at_risk":
        return (due_at > cut.now) & (due_at <= cut.at_risk_until)
    if cut.sla == "running":
        return (due_at > cut.now) & (due_at < NEVER)
    standing = (col(BreachRow.ticket_id) == col(TicketRow.ticket_id)) & col(BreachRow.withdrawn_at).is_(None)
    if cut.sla == "unconfirmed":
        return exists().where(standing, col(BreachRow.confirmed_at).is_(None), col(BreachRow.source).is_not(None))
    still = col(ClockRow.ticket_id) == col(TicketRow.ticket_id)
    return exists().where(still, col(ClockRow.state).in_(("running", "paused")), col(ClockRow.breached_at).is_not(None))
