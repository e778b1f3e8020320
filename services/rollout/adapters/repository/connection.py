"""Connections to learning systems."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from services.rollout.adapters.repository.rows import table_of
from services.rollout.adapters.tables.people import ConnectionRow
from services.rollout.domain.batch import BATCH, Pace
from services.rollout.ports.learning import Connection
from shared.database import UnitOfWork, insert_for

CONNECTIONS = table_of(ConnectionRow)
_AS_IS = (
    *("id", "source", "vendor", "base_url", "sealed_token", "poll_wanted", "poll_cursor", "poll_started_at"),
    *("polled_at", "polls", "next_call_at", "failures", "last_error", "version"),
)


class ConnectionRepository:
    """See `ports.learning.Connections`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def list_connections(self) -> list[Connection]:
        rows = await self._session.execute(select(CONNECTIONS).order_by(CONNECTIONS.c.source))
        return [_connection(row) for row in rows]

    async def find_connection(self, source: str) -> Connection | None:
        row = (await self._session.execute(select(CONNECTIONS).where(CONNECTIONS.c.source == source))).first()
        return _connection(row) if row is not None else None

    async def save_connection(self, connection: Connection, now: datetime) -> None:
        values = {name: getattr(connection, name) for name in _AS_IS} | {
            "options": {
                "match_by": connection.match_by,
                "student_role_id": connection.student_role_id,
                "batch_size": connection.pace.size,
                "pause_seconds": connection.pace.pause_for.total_seconds(),
            },
            "poll_every_seconds": connection.poll_every_for.total_seconds(),
            "changed_at": now,
        }
        statement = insert_for(self._work.dialect, CONNECTIONS).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["source"], set_={name: statement.excluded[name] for name in values if name != "id"}
            )
        )

    async def update_call(self, source: str, values: Mapping[str, Any]) -> None:
        await self._session.execute(update(CONNECTIONS).where(CONNECTIONS.c.source == source).values(dict(values)))


def _connection(row: Row[Any]) -> Connection:
    options = row.options
    return Connection(
        **{name: getattr(row, name) for name in _AS_IS},
        match_by=options.get("match_by", "email"),
        student_role_id=options.get("student_role_id", 5),
        pace=Pace(
            size=options.get("batch_size", BATCH), pause_for=timedelta(seconds=options.get("pause_seconds", 0.25))
        ),
        poll_every_for=timedelta(seconds=row.poll_every_seconds),
    )
