"""What was said on tickets and what happened to them, as people read it."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from sqlalchemy import Select, delete, select, update
from sqlmodel import col

from services.tickets.adapters.repository import rows
from services.tickets.adapters.repository.tickets.loading import LoadingTickets
from services.tickets.adapters.tables import CommentEditRow, CommentRow, ContactRow, EntryRow, TicketRow
from services.tickets.domain.ticket import Comment, CommentEdit, Entry
from services.tickets.errors import CommentNotFound
from shared.database import chunks
from shared.rest import PagingRequest, keyset_page

Order = list[tuple[Any, Literal["asc", "desc"]]]
WORDED = ("subject", "description", "impact", "cause")
"""Fields whose old and new wording the history holds."""


class TicketTexts(LoadingTickets):
    """The part of `ports.Tickets` that is about comments and history."""

    async def comment(self, ticket_id: str, comment_id: str) -> Comment:
        statement = select(CommentRow).where(
            col(CommentRow.comment_id) == comment_id, col(CommentRow.ticket_id) == ticket_id
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        if row is None:
            raise CommentNotFound(f"The ticket has no comment {comment_id}.")
        return rows.comment_of(row)

    async def comments(self, comment_ids: Collection[str]) -> dict[str, Comment]:
        found: dict[str, Comment] = {}
        for some in chunks(sorted(set(comment_ids))):
            statement = select(CommentRow).where(col(CommentRow.comment_id).in_(some))
            found |= {
                row.comment_id: rows.comment_of(row) for row in (await self._session.execute(statement)).scalars()
            }
        return found

    async def comments_of_source(
        self, ticket_ids: Collection[str], external_ids: Collection[str]
    ) -> dict[tuple[str, str], Comment]:
        found: dict[tuple[str, str], Comment] = {}
        for some in chunks(sorted(set(external_ids))):
            statement = select(CommentRow).where(
                col(CommentRow.ticket_id).in_(sorted(ticket_ids)), col(CommentRow.external_id).in_(some)
            )
            for row in (await self._session.execute(statement)).scalars():
                found[row.ticket_id, row.external_id or ""] = rows.comment_of(row)
        return found

    async def page_comments(
        self, ticket_id: str, paging: PagingRequest, *, internal_too: bool
    ) -> tuple[list[Comment], str | None]:
        statement = select(CommentRow).where(col(CommentRow.ticket_id).in_(_with_absorbed(ticket_id)))
        if not internal_too:
            statement = statement.where(col(CommentRow.public), col(CommentRow.retracted_at).is_(None))
        order: Order = [(col(CommentRow.at), "asc"), (col(CommentRow.comment_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [rows.comment_of(row) for row in found], after

    async def page_edits(self, comment_id: str, paging: PagingRequest) -> tuple[list[CommentEdit], str | None]:
        statement = select(CommentEditRow).where(col(CommentEditRow.comment_id) == comment_id)
        order: Order = [(col(CommentEditRow.edit_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [rows.edit_of(row) for row in found], after

    async def page_history(self, ticket_id: str, paging: PagingRequest) -> tuple[list[Entry], str | None]:
        statement = select(EntryRow).where(col(EntryRow.ticket_id) == ticket_id)
        order: Order = [(col(EntryRow.entry_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [rows.entry_of(row) for row in found], after

    async def batch(self, batch_id: str) -> list[Entry]:
        statement = select(EntryRow).where(col(EntryRow.batch_id) == batch_id).order_by(col(EntryRow.entry_id))
        return [rows.entry_of(row) for row in (await self._session.execute(statement)).scalars()]

    async def index_again(self, ticket_ids: Collection[str]) -> None:
        await self._search.index(ticket_ids)

    async def erase_words(self, person_id: str) -> set[str]:
        theirs = select(col(ContactRow.contact_id)).where(col(ContactRow.person_id) == person_id)
        mine = col(CommentRow.author_id).in_(theirs)
        touched = await self._touched_by(theirs)
        names = await self._names_of(person_id, theirs)
        asked = select(col(CommentRow.comment_id)).where(mine, col(CommentRow.author_role) == "requester")
        await self._session.execute(delete(CommentEditRow).where(col(CommentEditRow.comment_id).in_(asked)))
        await self._session.execute(
            update(CommentRow).where(mine, col(CommentRow.author_role) == "requester").values(body="")
        )
        await self._session.execute(update(CommentRow).where(mine).values(author_name=""))
        await self._session.execute(
            update(TicketRow).where(col(TicketRow.requester_id).in_(theirs)).values(description="", impact=None)
        )
        for some in chunks(sorted(touched)):
            await self._forget_in_history(some, names)
        return touched

    async def _touched_by(self, theirs: Select[str]) -> set[str]:
        asked = select(col(TicketRow.ticket_id)).where(col(TicketRow.requester_id).in_(theirs))
        said = select(col(CommentRow.ticket_id)).where(col(CommentRow.author_id).in_(theirs))
        return set((await self._session.execute(asked.union(said))).scalars())

    async def _names_of(self, person_id: str, theirs: Select[str]) -> set[str]:
        named = select(col(ContactRow.name), col(ContactRow.value)).where(col(ContactRow.person_id) == person_id)
        names = {name for row in (await self._session.execute(named)).all() for name in row}
        signed = select(col(CommentRow.author_name)).where(col(CommentRow.author_id).in_(theirs)).distinct()
        return (names | set((await self._session.execute(signed)).scalars())) - {""}

    async def _forget_in_history(self, ticket_ids: Sequence[str], names: Collection[str]) -> None:
        """Who did it, and what the history quotes of a ticket's wording."""
        mine = col(EntryRow.ticket_id).in_(ticket_ids)
        await self._session.execute(update(EntryRow).where(mine, col(EntryRow.actor).in_(names)).values(actor=""))
        statement = select(EntryRow).where(mine, col(EntryRow.kind) == "changed")
        for entry in (await self._session.execute(statement)).scalars():
            entry.detail = _without_wording(entry.detail)


def _without_wording(detail: dict[str, Any]) -> dict[str, Any]:
    """That it was changed stays, what it said does not."""
    return {name: {} if name in WORDED else value for name, value in detail.items()}


def _with_absorbed(ticket_id: str) -> Select[str]:
    """The ticket and all that were merged into it, and into those."""
    whole = select(col(TicketRow.ticket_id)).where(col(TicketRow.ticket_id) == ticket_id).cte("whole", recursive=True)
    absorbed = select(col(TicketRow.ticket_id)).join(whole, col(TicketRow.merged_into) == whole.c.ticket_id)
    whole = whole.union(absorbed)
    return select(whole.c.ticket_id)
