"""Questions with answers, their versions, and how useful they proved."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update
from sqlmodel import col

from services.tickets.adapters.tables import (
    CommentRow,
    FaqEntryRow,
    FaqVerdictRow,
    FaqVersionRow,
    TicketRow,
)
from services.tickets.domain.faq import Entry
from services.tickets.domain.ticket import AuthorRole
from services.tickets.errors import FaqEntryNotFound
from services.tickets.ports.channel import FaqFilter, Suggestion
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

Order = list[tuple[Any, Literal["asc", "desc"]]]
MOST_GROUPS = 50


class FaqRepository:
    """`ports.Faq`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def get(self, entry_id: str) -> Entry:
        row = await self._session.get(FaqEntryRow, entry_id)
        return _found(row, entry_id)

    async def get_to_change(self, entry_id: str) -> Entry:
        statement = select(FaqEntryRow).where(col(FaqEntryRow.entry_id) == entry_id).with_for_update()
        row = (await self._session.execute(statement, execution_options={"populate_existing": True})).scalar()
        return _found(row, entry_id)

    async def put(self, entry: Entry, *, by: str) -> None:
        values = {name: getattr(entry, name) for name in FaqEntryRow.model_fields}
        statement = insert_for(self._work.dialect, FaqEntryRow).values(values)
        # Counters move by themselves, and are not what an editor has read.
        said = ("rollout", "wave", "question", "answer", "published", "version", "updated_at")
        moving = {name: statement.excluded[name] for name in said}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["entry_id"], set_=moving))
        names = ("entry_id", "version", "rollout", "wave", "question", "answer", "published")
        version = {name: getattr(entry, name) for name in names} | {"at": entry.updated_at, "by": by}
        await self._session.execute(insert(FaqVersionRow).values(version))

    async def versions(self, entry_id: str, paging: PagingRequest) -> tuple[list[tuple[Entry, str]], str | None]:
        statement: Any = (
            select(FaqVersionRow, FaqEntryRow)
            .join(FaqEntryRow, col(FaqEntryRow.entry_id) == col(FaqVersionRow.entry_id))
            .where(col(FaqVersionRow.entry_id) == entry_id)
        )
        order: Order = [(col(FaqVersionRow.version), "desc")]
        rows, after = await keyset_page(self._session, statement, order, paging)
        return [(_of_version(version, entry), version.by) for version, entry in rows], after

    async def page(self, cut: FaqFilter, paging: PagingRequest) -> tuple[list[Entry], str | None]:
        order: Order = [(col(FaqEntryRow.helped), "desc"), (col(FaqEntryRow.entry_id), "desc")]
        rows, after = await keyset_page(self._session, _cut(cut), order, paging)
        return [_entry(row) for row in rows], after

    async def candidates(self, cut: FaqFilter, most: int) -> list[Entry]:
        statement = _cut(cut).order_by(col(FaqEntryRow.helped).desc(), col(FaqEntryRow.entry_id).desc()).limit(most)
        return [_entry(row) for row in (await self._session.execute(statement)).scalars()]

    async def count_shown(self, entry_ids: Collection[str]) -> None:
        await self._session.execute(
            update(FaqEntryRow)
            .where(col(FaqEntryRow.entry_id).in_(sorted(entry_ids)))
            .values(shown=FaqEntryRow.shown + 1)
        )

    async def note_verdict(self, form_id: str, entry_id: str, *, helped: bool, now: datetime) -> bool:
        known = await self._session.get(FaqEntryRow, entry_id)
        if known is None:
            return False
        statement = (
            insert_for(self._work.dialect, FaqVerdictRow)
            .values(form_id=form_id, entry_id=entry_id, helped=helped, at=now)
            .on_conflict_do_nothing()
            .returning(col(FaqVerdictRow.entry_id))
        )
        if (await self._session.execute(statement)).first() is None:
            return False
        counted = {"helped": FaqEntryRow.helped + 1} if helped else {"not_helped": FaqEntryRow.not_helped + 1}
        await self._session.execute(update(FaqEntryRow).where(col(FaqEntryRow.entry_id) == entry_id).values(counted))
        return True

    async def suggestions(
        self, *, rollout: str | None, wave: str | None, since: datetime, most: int
    ) -> list[Suggestion]:
        alike: Any = (TicketRow.course, TicketRow.system, TicketRow.cause)
        conditions = _worth_asking(rollout, wave, since)
        count, newest = func.count().label("count"), func.max(col(TicketRow.ticket_id)).label("newest")
        groups: Any = (
            await self._session.execute(
                select(*[col(name) for name in alike], count, newest)
                .where(*conditions)
                .group_by(*[col(name) for name in alike])
                .having(func.count() > 1)
                .order_by(count.desc(), newest.desc())
                .limit(min(most, MOST_GROUPS))
            )
        ).all()
        answers = await self._answers([group.newest for group in groups])
        found = []
        for course, system, cause, number_of, ticket_id in groups:
            ticket, answer = answers[ticket_id]
            assert ticket.solved_at is not None, "only solved tickets are looked at"
            found.append(
                Suggestion(
                    course=course,
                    system=system,
                    cause=cause,
                    count=number_of,
                    ticket_id=ticket_id,
                    number=ticket.number,
                    subject=ticket.subject,
                    answer=answer,
                    solved_at=ticket.solved_at,
                )
            )
        return found

    async def _answers(self, ticket_ids: list[str]) -> dict[str, tuple[TicketRow, str]]:
        """Each ticket with its last public answer."""
        statement = (
            select(TicketRow, CommentRow)
            .join(CommentRow, col(CommentRow.ticket_id) == col(TicketRow.ticket_id))
            .where(col(TicketRow.ticket_id).in_(ticket_ids), *_is_answer())
            .order_by(col(CommentRow.at), col(CommentRow.comment_id))
        )
        rows = (await self._session.execute(statement)).all()
        return {ticket.ticket_id: (ticket, comment.body) for ticket, comment in rows}


def _is_answer() -> tuple[Any, ...]:
    return (
        col(CommentRow.public),
        col(CommentRow.author_role) == AuthorRole.AGENT.value,
        col(CommentRow.retracted_at).is_(None),
    )


def _worth_asking(rollout: str | None, wave: str | None, since: datetime) -> list[ColumnElement[bool]]:
    """Solved not long ago, with an answer, about something that can be named, and not asked already."""
    answered = select(1).where(col(CommentRow.ticket_id) == col(TicketRow.ticket_id), *_is_answer())
    asked = select(1).where(col(FaqEntryRow.ticket_id) == col(TicketRow.ticket_id))
    conditions: list[ColumnElement[bool]] = [
        col(TicketRow.solved_at) >= since,
        col(TicketRow.deleted_at).is_(None),
        col(TicketRow.merged_into).is_(None),
        or_(*[col(name).is_not(None) for name in (TicketRow.course, TicketRow.system, TicketRow.cause)]),
        answered.exists(),
        ~asked.exists(),
    ]
    if rollout is not None:
        conditions.append(col(TicketRow.rollout) == rollout)
    if wave is not None:
        conditions.append(col(TicketRow.wave) == wave)
    return conditions


def _cut(cut: FaqFilter) -> Select[FaqEntryRow]:
    statement: Select[Any] = select(FaqEntryRow)
    if cut.published is not None:
        statement = statement.where(col(FaqEntryRow.published).is_(cut.published))
    seen: list[ColumnElement[bool]] = [col(FaqEntryRow.rollout).is_(None)]
    if cut.rollout is not None:
        theirs = col(FaqEntryRow.rollout) == cut.rollout
        seen.append(and_(theirs, col(FaqEntryRow.wave).is_(None)))
        if cut.wave is not None:
            seen.append(and_(theirs, col(FaqEntryRow.wave) == cut.wave))
    elif cut.published is not True:
        return statement
    return statement.where(or_(*seen))


def _found(row: FaqEntryRow | None, entry_id: str) -> Entry:
    if row is None:
        raise FaqEntryNotFound(f"There is no FAQ entry {entry_id}.")
    return _entry(row)


def _entry(row: FaqEntryRow) -> Entry:
    return Entry(**{name: getattr(row, name) for name in FaqEntryRow.model_fields})


def _of_version(version: FaqVersionRow, entry: FaqEntryRow) -> Entry:
    values = {name: getattr(entry, name) for name in FaqEntryRow.model_fields}
    said = ("version", "rollout", "wave", "question", "answer", "published")
    return Entry(**values | {name: getattr(version, name) for name in said} | {"updated_at": version.at})
