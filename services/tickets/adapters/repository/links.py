"""How tickets belong together, and what major incidents still have to do to their children."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, delete, exists, func, literal, select, text, tuple_, update
from sqlmodel import col

from services.tickets.adapters.tables import CascadeRow, LinkRow, TicketRow
from services.tickets.domain.link import MOST_GENERATIONS, Cascade, CascadeKind, Link, LinkKind
from services.tickets.ports import LinkedTicket
from shared.database import UnitOfWork, chunks, insert_for
from shared.rest import PagingRequest, keyset_page

# Any number that no other lock of this database has.
LINKS_LOCK = 0x6C696E6B
_AS_STORED = {"populate_existing": True}


class LinkRepository:
    """`ports.Links`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def hold(self) -> None:
        # SQLite has one writer at a time; there is nothing to hold.
        if self._work.dialect == "postgresql":
            await self._session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LINKS_LOCK})

    async def put(self, links: Sequence[Link]) -> None:
        both = {(each.ticket_id, each.kind, each.other_id): each for link in links for each in (link, link.inverse)}
        for some in chunks([_values(link) for _, link in sorted(both.items())]):
            await self._session.execute(
                insert_for(self._work.dialect, LinkRow).values(list(some)).on_conflict_do_nothing()
            )

    async def remove(self, ticket_id: str, kind: LinkKind, other_id: str) -> bool:
        ends = [(ticket_id, kind.value, other_id), (other_id, kind.inverse.value, ticket_id)]
        key = tuple_(col(LinkRow.ticket_id), col(LinkRow.kind), col(LinkRow.other_id))
        statement = delete(LinkRow).where(key.in_(ends)).returning(col(LinkRow.ticket_id))
        return (await self._session.execute(statement)).first() is not None

    async def page(self, ticket_id: str, paging: PagingRequest) -> tuple[list[LinkedTicket], str | None]:
        statement: Select[Any] = (
            select(LinkRow)
            .add_columns(TicketRow)
            .join(TicketRow, col(TicketRow.ticket_id) == col(LinkRow.other_id))
            .where(col(LinkRow.ticket_id) == ticket_id)
        )
        order: list[tuple[Any, Literal["asc", "desc"]]] = [(col(LinkRow.kind), "asc"), (col(LinkRow.other_id), "asc")]
        found, after = await keyset_page(self._session, statement, order, paging)
        return [
            LinkedTicket(link=_link(row), number=other.number, subject=other.subject, status=other.status)
            for row, other in found
        ], after

    async def ancestors(self, ticket_id: str) -> list[str]:
        line = (
            select(col(TicketRow.parent_id).label("ticket_id"), literal(1).label("generation"))
            .where(col(TicketRow.ticket_id) == ticket_id, col(TicketRow.parent_id).is_not(None))
            .cte("line", recursive=True)
        )
        older = (
            select(col(TicketRow.parent_id), line.c.generation + 1)
            .join(line, line.c.ticket_id == col(TicketRow.ticket_id))
            .where(col(TicketRow.parent_id).is_not(None), line.c.generation < MOST_GENERATIONS)
        )
        line = line.union_all(older)
        found = await self._session.execute(select(line.c.ticket_id).order_by(line.c.generation))
        return list(found.scalars())

    async def has_children(self, ticket_id: str) -> bool:
        child = exists().where(col(LinkRow.ticket_id) == ticket_id, col(LinkRow.kind) == LinkKind.CHILD.value)
        return bool((await self._session.execute(select(child))).scalar())

    async def children(self, parent_id: str, *, after: str, made_until: datetime, limit: int) -> list[str]:
        statement = (
            select(col(LinkRow.other_id))
            .where(
                col(LinkRow.ticket_id) == parent_id,
                col(LinkRow.kind) == LinkKind.CHILD.value,
                col(LinkRow.other_id) > after,
                col(LinkRow.made_at) <= made_until,
            )
            .order_by(col(LinkRow.other_id))
            .limit(limit)
        )
        return list((await self._session.execute(statement)).scalars())

    async def survivors(self, ticket_ids: Collection[str]) -> dict[str, str]:
        found = {ticket_id: ticket_id for ticket_id in ticket_ids}
        going = set(found)
        while going:
            merged: dict[str, str] = {}
            for some in chunks(sorted(going)):
                statement = select(col(TicketRow.ticket_id), col(TicketRow.merged_into)).where(
                    col(TicketRow.ticket_id).in_(some), col(TicketRow.merged_into).is_not(None)
                )
                merged |= {one: into for one, into in (await self._session.execute(statement)).all() if into}
            found = {first: merged.get(last, last) for first, last in found.items()}
            going = set(merged.values())
        return {first: last for first, last in found.items() if first != last}

    async def intend(self, cascade: Cascade, now: datetime) -> None:
        values = asdict(cascade) | {"kind": cascade.kind.value, "recorded_at": now, "done_at": None}
        await self._session.execute(insert_for(self._work.dialect, CascadeRow).values(values))

    async def has_cascades(self) -> bool:
        waiting = exists().where(col(CascadeRow.done_at).is_(None))
        return bool((await self._session.execute(select(waiting))).scalar())

    async def take_cascade(self) -> Cascade | None:
        oldest = select(func.min(col(CascadeRow.cascade_id))).where(col(CascadeRow.done_at).is_(None)).scalar_subquery()
        # The oldest or none: what happened to a major incident reaches its children in the order in which it happened.
        statement = (
            select(CascadeRow)
            .where(col(CascadeRow.cascade_id) == oldest, col(CascadeRow.done_at).is_(None))
            .with_for_update(skip_locked=True)
        )
        row = (await self._session.execute(statement, execution_options=_AS_STORED)).scalar_one_or_none()
        if row is None:
            return None
        return Cascade(
            cascade_id=row.cascade_id,
            parent_id=row.parent_id,
            kind=CascadeKind(row.kind),
            at=row.at,
            actor=row.actor,
            comment_id=row.comment_id,
            after_child=row.after_child,
            reached=row.reached,
        )

    async def advance(self, cascade: Cascade, *, done_at: datetime | None) -> None:
        await self._session.execute(
            update(CascadeRow)
            .where(col(CascadeRow.cascade_id) == cascade.cascade_id)
            .values(after_child=cascade.after_child, reached=cascade.reached, done_at=done_at)
        )


def _values(link: Link) -> dict[str, Any]:
    return asdict(link) | {"kind": link.kind.value}


def _link(row: LinkRow) -> Link:
    return Link(
        ticket_id=row.ticket_id,
        kind=LinkKind(row.kind),
        other_id=row.other_id,
        made_at=row.made_at,
        made_by=row.made_by,
    )
