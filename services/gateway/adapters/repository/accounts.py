"""API keys, login links and sessions; and the one row of the demo's clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlmodel import col

from services.gateway.adapters.repository.rows import value_of
from services.gateway.adapters.repository.watch import ChangeBoard
from services.gateway.adapters.tables import ApiKeyRow, ClockRow, LoginLinkRow, SessionRow
from services.gateway.domain.api_key import ApiKey
from services.gateway.domain.login import Grant
from shared.database import UnitOfWork
from shared.rest import PagingRequest, keyset_page

_KEYS: Table = ApiKeyRow.__table__  # type: ignore[attr-defined]
_LINKS: Table = LoginLinkRow.__table__  # type: ignore[attr-defined]
_SESSIONS: Table = SessionRow.__table__  # type: ignore[attr-defined]


class StoredKeys:
    def __init__(self, work: UnitOfWork, board: ChangeBoard) -> None:
        self._work = work
        self._session = work.session
        self._board = board

    async def add(self, key: ApiKey) -> None:
        values = {name: getattr(key, name) for name in ApiKeyRow.model_fields}
        self._session.add(ApiKeyRow(**{**values, "roles": list(key.roles)}))
        await self._session.flush()
        self._board.tell_after_commit(self._work, "keys")

    async def find(self, key_id: str) -> ApiKey | None:
        row = await self._session.get(ApiKeyRow, key_id)
        return value_of(ApiKey, row) if row else None

    async def find_by_hash(self, hashed: str) -> ApiKey | None:
        row = await self._session.scalar(select(ApiKeyRow).where(col(ApiKeyRow.hash) == hashed))
        return value_of(ApiKey, row) if row else None

    async def list_page(self, paging: PagingRequest) -> tuple[list[ApiKey], str | None]:
        rows, following = await keyset_page(self._session, select(ApiKeyRow), [(_KEYS.c.id, "desc")], paging)
        return [value_of(ApiKey, row) for row in rows], following

    async def revoke(self, key_id: str, *, by: str, at: datetime) -> None:
        await self._session.execute(update(_KEYS).where(_KEYS.c.id == key_id).values(revoked_at=at, revoked_by=by))
        self._session.expire_all()
        self._board.tell_after_commit(self._work, "keys")

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        for key_id, at in sorted(used.items()):
            await self._session.execute(update(_KEYS).where(_KEYS.c.id == key_id).values(last_used_at=at))


class StoredLogins:
    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def add_link(self, hashed: str, grant: Grant, *, created_at: datetime, expires_at: datetime) -> None:
        self._session.add(LoginLinkRow(hash=hashed, **_columns(grant), created_at=created_at, expires_at=expires_at))
        await self._session.flush()

    async def use_link(self, hashed: str, now: datetime) -> Grant | None:
        result = await self._session.execute(
            update(_LINKS)
            .where(_LINKS.c.hash == hashed, _LINKS.c.used_at.is_(None), _LINKS.c.expires_at > now)
            .values(used_at=now)
            .returning(_LINKS.c.subject, _LINKS.c.name, _LINKS.c.email, _LINKS.c.roles)
        )
        row = result.first()
        return Grant(subject=row[0], name=row[1], email=row[2], roles=tuple(row[3])) if row else None

    async def add_session(self, hashed: str, grant: Grant, *, created_at: datetime, expires_at: datetime) -> None:
        self._session.add(SessionRow(hash=hashed, **_columns(grant), created_at=created_at, expires_at=expires_at))
        await self._session.flush()

    async def find_session(self, hashed: str, now: datetime) -> tuple[Grant, datetime] | None:
        row = await self._session.get(SessionRow, hashed)
        return (value_of(Grant, row), row.expires_at) if row and row.expires_at > now else None

    async def end_session(self, hashed: str) -> None:
        await self._session.execute(delete(_SESSIONS).where(_SESSIONS.c.hash == hashed))

    async def drop_expired(self, now: datetime) -> int:
        dropped = 0
        for table in (_LINKS, _SESSIONS):
            result = await self._session.execute(delete(table).where(table.c.expires_at <= now).returning(table.c.hash))
            dropped += len(result.all())
        return dropped


class StoredClocks:
    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def offset(self) -> tuple[float, int]:
        row = await self._session.get(ClockRow, "business")
        return (row.offset_seconds, row.version) if row else (0.0, 0)

    async def set_offset(self, seconds: float, version: int) -> None:
        await self._session.merge(ClockRow(clock="business", offset_seconds=seconds, version=version))
        await self._session.flush()


def _columns(grant: Grant) -> dict[str, Any]:
    return {"subject": grant.subject, "name": grant.name, "email": grant.email, "roles": list(grant.roles)}
