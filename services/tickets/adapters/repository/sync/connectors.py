"""Connectors: what people set, and how their calls go."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from services.tickets.adapters.tables import ConnectorRow
from services.tickets.domain.sync import Connector, Field, Filters, Mode, Owner
from services.tickets.errors import ConnectorNotFound
from shared.clock import render_instant
from shared.database import UnitOfWork, insert_for

ANY_TEAM = "*"
MOST = 1_000
SET_BY_PEOPLE = (
    "vendor", "base_url", "settings", "credential", "credential_kind", "mode", "enabled", "filters", "ownership",
    "exports", "poll_seconds", "version", "changed_at", "changed_by",
)  # fmt: skip


class ConnectorRepository:
    """`ports.sync.Connectors`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def get(self, name: str) -> Connector:
        found = await self.find(name)
        if found is None:
            raise ConnectorNotFound(f"There is no connector {name!r}. `glidepath sync status` lists those there are.")
        return found

    async def find(self, name: str, *, lock: bool = False) -> Connector | None:
        statement = select(ConnectorRow).where(col(ConnectorRow.name) == name)
        if lock:
            statement = statement.with_for_update()
        statement = statement.execution_options(populate_existing=True)
        row = (await self._session.execute(statement)).scalar_one_or_none()
        return None if row is None else _connector(row)

    async def list_all(self) -> Sequence[Connector]:
        statement = select(ConnectorRow).order_by(col(ConnectorRow.name)).limit(MOST)
        return [_connector(row) for row in (await self._session.execute(statement)).scalars()]

    async def put(self, connector: Connector) -> None:
        values = _values(connector)
        statement = insert_for(self._work.dialect, ConnectorRow).values(values)
        moving = {name: statement.excluded[name] for name in SET_BY_PEOPLE}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moving))

    async def remove(self, name: str) -> bool:
        statement = delete(ConnectorRow).where(col(ConnectorRow.name) == name).returning(col(ConnectorRow.name))
        return (await self._session.execute(statement)).first() is not None

    async def note(self, name: str, **values: Any) -> None:
        await self._session.execute(update(ConnectorRow).where(col(ConnectorRow.name) == name).values(**values))

    async def exporting(self, team: str | None) -> str | None:
        statement = (
            select(col(ConnectorRow.name), col(ConnectorRow.exports))
            .where(col(ConnectorRow.enabled))
            .order_by(col(ConnectorRow.name))
        )
        for name, teams in (await self._session.execute(statement)).all():
            if ANY_TEAM in teams or (team is not None and team in teams):
                return str(name)
        return None


def _values(connector: Connector) -> dict[str, Any]:
    filters = connector.filters
    return {
        "name": connector.name,
        "vendor": connector.vendor,
        "base_url": connector.base_url,
        "settings": dict(connector.settings),
        "credential": connector.credential,
        "credential_kind": connector.credential_kind,
        "mode": connector.mode.value,
        "enabled": connector.enabled,
        "filters": {
            "since": None if filters.since is None else render_instant(filters.since),
            "queues": list(filters.queues),
            "tags": list(filters.tags),
        },
        "ownership": {name: owner.value for name, owner in connector.ownership.items()},
        "exports": list(connector.exports),
        "poll_seconds": int(connector.poll_every_for.total_seconds()),
        "version": connector.version,
        "created_at": connector.created_at,
        "changed_at": connector.changed_at,
        "changed_by": connector.changed_by,
        "cursor": dict(connector.cursor),
        "poll_wanted": connector.poll_wanted,
        "poll_started_at": connector.poll_started_at,
        "polled_at": connector.polled_at,
        "next_call_at": connector.next_call_at,
        "failures": connector.failures,
        "problem": connector.problem,
        "problem_since": connector.problem_since,
        "delivered_at": connector.delivered_at,
        "usual_gap_seconds": None if connector.usual_gap_for is None else connector.usual_gap_for.total_seconds(),
        "found": connector.found,
    }


def _connector(row: ConnectorRow) -> Connector:
    since = row.filters.get("since")
    return Connector(
        name=row.name,
        vendor=row.vendor,
        base_url=row.base_url,
        settings=row.settings,
        credential=row.credential,
        credential_kind=row.credential_kind,
        mode=Mode(row.mode),
        enabled=row.enabled,
        filters=Filters(
            since=None if since is None else datetime.fromisoformat(since),
            queues=tuple(row.filters.get("queues", ())),
            tags=tuple(row.filters.get("tags", ())),
        ),
        ownership=owners(row.ownership),
        exports=tuple(row.exports),
        poll_every_for=timedelta(seconds=row.poll_seconds),
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        cursor=row.cursor,
        poll_wanted=row.poll_wanted,
        poll_started_at=row.poll_started_at,
        polled_at=row.polled_at,
        next_call_at=row.next_call_at,
        failures=row.failures,
        problem=row.problem,
        problem_since=row.problem_since,
        delivered_at=row.delivered_at,
        usual_gap_for=None if row.usual_gap_seconds is None else timedelta(seconds=row.usual_gap_seconds),
        found=row.found,
    )


def owners(kept: dict[str, str]) -> dict[Field, Owner]:
    """Ownership as it is kept in a row."""
    names: dict[str, Field] = {"status": "status", "priority": "priority", "subject": "subject"}
    return {names[name]: Owner(owner) for name, owner in kept.items() if name in names}
