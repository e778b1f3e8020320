"""Which tickets are at a helpdesk as well, what both sides agreed on, and where they did not."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Table, delete, exists, insert, select, update
from sqlmodel import col

from services.tickets.adapters.repository.sync.connectors import owners
from services.tickets.adapters.tables import RemoteLinkRow, RemoteWriteRow, SyncConflictRow
from services.tickets.domain.sync import FIELDS, Conflict, Field, Owner, RemoteLink, WriteKind, WriteState
from shared.clock import render_instant
from shared.database import UnitOfWork, chunks, insert_many
from shared.rest import PagingRequest, keyset_page

TO_BE_MADE = (WriteState.WAITING.value, WriteState.ATTEMPTED.value, WriteState.REFUSED.value)
"""An order that was refused may still be tried again."""
_LINKS: Table = RemoteLinkRow.__table__  # type: ignore[attr-defined]


class RemoteLinkRepository:
    """`ports.sync.RemoteLinks`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def load(self, ticket_ids: Collection[str]) -> dict[str, RemoteLink]:
        found: dict[str, RemoteLink] = {}
        for some in chunks(sorted(set(ticket_ids))):
            statement = select(RemoteLinkRow).where(col(RemoteLinkRow.ticket_id).in_(some))
            statement = statement.execution_options(populate_existing=True)
            found |= {row.ticket_id: _link(row) for row in (await self._session.execute(statement)).scalars()}
        return found

    async def save(self, links: Sequence[RemoteLink]) -> None:
        values = [_values(link) for link in sorted(links, key=lambda each: each.ticket_id)]
        await insert_many(self._session, self._work.dialect, _LINKS, values, replacing="ticket_id")

    async def remove(self, ticket_id: str) -> None:
        await self._session.execute(delete(RemoteLinkRow).where(col(RemoteLinkRow.ticket_id) == ticket_id))

    async def forget(self, connector: str) -> None:
        await self._session.execute(delete(RemoteLinkRow).where(col(RemoteLinkRow.connector) == connector))

    async def drop_unmade(self, connector: str) -> None:
        to_be_made = exists().where(
            col(RemoteWriteRow.ticket_id) == col(RemoteLinkRow.ticket_id),
            col(RemoteWriteRow.kind) == WriteKind.CREATE.value,
            col(RemoteWriteRow.state).in_(TO_BE_MADE),
        )
        statement = delete(RemoteLinkRow).where(
            col(RemoteLinkRow.connector) == connector, col(RemoteLinkRow.external_id).is_(None), ~to_be_made
        )
        await self._session.execute(statement)

    async def wanted_reads(self, connector: str, limit: int) -> Sequence[RemoteLink]:
        statement = (
            select(RemoteLinkRow)
            .where(col(RemoteLinkRow.connector) == connector, col(RemoteLinkRow.read_wanted))
            .order_by(col(RemoteLinkRow.ticket_id))
            .limit(limit)
        )
        return [_link(row) for row in (await self._session.execute(statement)).scalars()]

    async def of_external(self, connector: str, external_ids: Collection[str]) -> dict[str, RemoteLink]:
        found: dict[str, RemoteLink] = {}
        for some in chunks(sorted(set(external_ids))):
            statement = select(RemoteLinkRow).where(
                col(RemoteLinkRow.connector) == connector, col(RemoteLinkRow.external_id).in_(some)
            )
            for row in (await self._session.execute(statement)).scalars():
                found[str(row.external_id)] = _link(row)
        return found

    async def want_reads(self, connector: str, external_ids: Collection[str]) -> None:
        for some in chunks(sorted(set(external_ids))):
            await self._session.execute(
                update(RemoteLinkRow)
                .where(col(RemoteLinkRow.connector) == connector, col(RemoteLinkRow.external_id).in_(some))
                .values(read_wanted=True)
            )

    async def add_conflicts(self, conflicts: Sequence[Conflict]) -> None:
        if conflicts:
            await self._session.execute(insert(SyncConflictRow), [_conflict_values(each) for each in conflicts])

    async def page_conflicts(
        self, paging: PagingRequest, *, connector: str | None = None, ticket_id: str | None = None
    ) -> tuple[list[Conflict], str | None]:
        statement = select(SyncConflictRow)
        if connector is not None:
            statement = statement.where(col(SyncConflictRow.connector) == connector)
        if ticket_id is not None:
            statement = statement.where(col(SyncConflictRow.ticket_id) == ticket_id)
        order: list[tuple[Any, Literal["asc", "desc"]]] = [(col(SyncConflictRow.conflict_id), "desc")]
        rows, after = await keyset_page(self._session, statement, order, paging)
        return [_conflict(row) for row in rows], after


def _values(link: RemoteLink) -> dict[str, Any]:
    return {
        "ticket_id": link.ticket_id,
        "connector": link.connector,
        "external_id": link.external_id,
        "ours": dict(link.ours),
        "theirs": dict(link.theirs),
        "theirs_at": _told(link.theirs_at),
        "ours_at": _told(link.ours_at),
        "ownership": {name: owner.value for name, owner in link.ownership.items()},
        "seen_at": link.seen_at,
        "comments_read_at": link.comments_read_at,
        "read_wanted": link.read_wanted,
        "gone_at": link.gone_at,
        "linked_at": link.linked_at,
    }


def _link(row: RemoteLinkRow) -> RemoteLink:
    return RemoteLink(
        ticket_id=row.ticket_id,
        connector=row.connector,
        external_id=row.external_id,
        ours=_by_field(row.ours),
        theirs=_by_field(row.theirs),
        theirs_at={name: datetime.fromisoformat(at) for name, at in _by_field(row.theirs_at).items()},
        ours_at={name: datetime.fromisoformat(at) for name, at in _by_field(row.ours_at).items()},
        ownership=owners(row.ownership),
        seen_at=row.seen_at,
        comments_read_at=row.comments_read_at,
        read_wanted=row.read_wanted,
        gone_at=row.gone_at,
        linked_at=row.linked_at,
    )


def _told(times: Mapping[Field, datetime]) -> dict[str, str]:
    return {name: render_instant(at) for name, at in times.items()}


def _by_field(kept: dict[str, str]) -> dict[Field, str]:
    return {name: kept[name] for name in FIELDS if name in kept}


def _conflict_values(conflict: Conflict) -> dict[str, Any]:
    return {
        "conflict_id": conflict.conflict_id,
        "connector": conflict.connector,
        "ticket_id": conflict.ticket_id,
        "field": conflict.field,
        "ours": conflict.ours,
        "theirs": conflict.theirs,
        "ours_at": conflict.ours_at,
        "theirs_at": conflict.theirs_at,
        "kept": conflict.kept,
        "rule": conflict.rule.value,
        "at": conflict.at,
    }


def _conflict(row: SyncConflictRow) -> Conflict:
    return Conflict(
        conflict_id=row.conflict_id,
        connector=row.connector,
        ticket_id=row.ticket_id,
        field=cast(Field, row.field),
        ours=row.ours,
        theirs=row.theirs,
        ours_at=row.ours_at,
        theirs_at=row.theirs_at,
        kept="ours" if row.kept == "ours" else "theirs",
        rule=Owner(row.rule),
        at=row.at,
    )
