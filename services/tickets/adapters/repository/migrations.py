"""Migrations of open tickets: the order, how far its runner is, and which tickets it has moved."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, and_, exists, func, insert, or_, select, text, tuple_, update
from sqlmodel import col

from services.tickets.adapters.repository.policies import version_of
from services.tickets.adapters.tables import (
    BreachRow,
    PolicyMigrationRow,
    PolicyMigrationTicketRow,
    TicketRow,
)
from services.tickets.errors import MigrationNotFound
from services.tickets.ports import Migration, Moved, Phase
from shared.database import UnitOfWork, chunks, insert_for
from shared.rest import PagingRequest, keyset_page

# Any number that no other lock of this database has.
MIGRATIONS_LOCK = 0x6D696772


class MigrationRepository:
    """`ports.Migrations`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self._dialect = work.dialect

    async def hold(self) -> None:
        # SQLite has one writer at a time; there is nothing to hold.
        if self._dialect == "postgresql":
            await self._session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATIONS_LOCK})

    async def get(self, migration_id: str) -> Migration:
        return await self._one(select(PolicyMigrationRow), migration_id)

    async def get_to_change(self, migration_id: str) -> Migration:
        return await self._one(select(PolicyMigrationRow).with_for_update(), migration_id)

    async def _one(self, statement: Select[PolicyMigrationRow], migration_id: str) -> Migration:
        statement = statement.where(col(PolicyMigrationRow.migration_id) == migration_id)
        found = await self._session.execute(statement, execution_options={"populate_existing": True})
        row = found.scalar_one_or_none()
        if row is None:
            raise MigrationNotFound(f"There is no migration {migration_id}; see the list of migrations.")
        return _migration(row)

    async def find_running(self) -> Migration | None:
        running = [phase.value for phase in Phase if phase.runs]
        statement = (
            select(PolicyMigrationRow)
            .where(col(PolicyMigrationRow.phase).in_(running))
            .order_by(col(PolicyMigrationRow.phase_since), col(PolicyMigrationRow.migration_id))
            .limit(1)
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        return None if row is None else _migration(row)

    async def of_phases(self, phases: Collection[Phase]) -> list[Migration]:
        statement = (
            select(PolicyMigrationRow)
            .where(col(PolicyMigrationRow.phase).in_([phase.value for phase in phases]))
            .order_by(col(PolicyMigrationRow.created_at), col(PolicyMigrationRow.migration_id))
        )
        return [_migration(row) for row in (await self._session.execute(statement)).scalars()]

    async def keep(self, migration: Migration) -> None:
        values = _values(migration)
        statement = insert_for(self._dialect, PolicyMigrationRow).values(values)
        moving = {name: statement.excluded[name] for name in values if name != "migration_id"}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["migration_id"], set_=moving))

    async def page(self, paging: PagingRequest) -> tuple[list[Migration], str | None]:
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(PolicyMigrationRow.created_at), "desc"),
            (col(PolicyMigrationRow.migration_id), "desc"),
        ]
        found, after = await keyset_page(self._session, select(PolicyMigrationRow), order, paging)
        return [_migration(row) for row in found], after

    async def count_open(self, labels: Collection[str], since: datetime | None) -> int:
        statement = select(func.count()).select_from(TicketRow).where(*_open(labels, since))
        return (await self._session.execute(statement)).scalar_one()

    async def labels_of_open(self) -> list[str]:
        statement = (
            select(col(TicketRow.policy_name), col(TicketRow.policy_version))
            .where(_may_change())
            .group_by(col(TicketRow.policy_name), col(TicketRow.policy_version))
        )
        return sorted(f"{name}@{version}" for name, version in (await self._session.execute(statement)).all())

    async def open_after(self, labels: Collection[str], since: datetime | None, after: str, limit: int) -> list[str]:
        statement = (
            select(col(TicketRow.ticket_id))
            .where(*_open(labels, since), col(TicketRow.ticket_id) > after)
            .order_by(col(TicketRow.ticket_id))
            .limit(limit)
        )
        return list((await self._session.execute(statement)).scalars())

    async def moved_after(self, migration_id: str, after: str, limit: int) -> list[Moved]:
        statement = (
            select(col(PolicyMigrationTicketRow.ticket_id), col(PolicyMigrationTicketRow.moment_id))
            .where(
                col(PolicyMigrationTicketRow.migration_id) == migration_id,
                col(PolicyMigrationTicketRow.ticket_id) > after,
            )
            .order_by(col(PolicyMigrationTicketRow.ticket_id))
            .limit(limit)
        )
        found = (await self._session.execute(statement)).all()
        return [Moved(ticket_id=ticket_id, moment_id=moment_id) for ticket_id, moment_id in found]

    async def count_moved(self, migration_id: str) -> int:
        statement = (
            select(func.count())
            .select_from(PolicyMigrationTicketRow)
            .where(col(PolicyMigrationTicketRow.migration_id) == migration_id)
        )
        return (await self._session.execute(statement)).scalar_one()

    async def note_moved(self, migration_id: str, moved: Sequence[Moved]) -> None:
        if moved:
            await self._session.execute(
                insert(PolicyMigrationTicketRow),
                [
                    {"migration_id": migration_id, "ticket_id": each.ticket_id, "moment_id": each.moment_id}
                    for each in moved
                ],
            )

    async def flag_needless(self, clock_ids: Collection[str], *, needless: bool) -> None:
        for some in chunks(sorted(clock_ids)):
            await self._session.execute(
                update(BreachRow)
                .where(col(BreachRow.clock_id).in_(some), col(BreachRow.withdrawn_at).is_(None))
                .values(would_not_have_breached=needless)
            )


def _may_change() -> Any:
    """Not closed for good: only what may still change can be moved."""
    return and_(col(TicketRow.status) != "closed", col(TicketRow.deleted_at).is_(None))


def _open(labels: Collection[str], since: datetime | None) -> tuple[Any, ...]:
    under = tuple_(col(TicketRow.policy_name), col(TicketRow.policy_version)).in_(
        [version_of(label) for label in sorted(labels)]
    )
    if since is None:
        return under, _may_change()
    breached = exists().where(
        col(BreachRow.ticket_id) == col(TicketRow.ticket_id),
        col(BreachRow.withdrawn_at).is_(None),
        col(BreachRow.breached_at) >= since,
    )
    return under, or_(_may_change(), breached)


def _migration(row: PolicyMigrationRow) -> Migration:
    names = (name for name in PolicyMigrationRow.model_fields if name != "phase")
    return Migration(phase=Phase(row.phase), **{name: getattr(row, name) for name in names})


def _values(migration: Migration) -> dict[str, Any]:
    values = {name: getattr(migration, name) for name in PolicyMigrationRow.model_fields}
    for name in ("moves", "foreseen", "made"):
        values[name] = dict(values[name])
    return values | {"phase": migration.phase.value, "samples": [dict(each) for each in migration.samples]}
