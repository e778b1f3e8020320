"""Deliveries, and the quarantine of those that were refused or not understood."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, select, tuple_, update
from sqlmodel import col

from services.gateway.adapters.repository.rows import value_of
from services.gateway.adapters.tables import DeliveryRow, QuarantinedRow
from services.gateway.domain.delivery import Accepted, Held, Logged, Refused
from services.gateway.ports import DeliveryFilter
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

_DELIVERIES: Table = DeliveryRow.__table__  # type: ignore[attr-defined]
_QUARANTINE: Table = QuarantinedRow.__table__  # type: ignore[attr-defined]


class StoredDeliveries:
    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self._dialect = work.dialect

    async def insert_new(self, rows: Sequence[Accepted]) -> set[str]:
        inserted = await self._insert(rows)
        missed = [row for row in rows if row.id not in inserted]
        if missed:
            inserted |= await self._insert(await self._freed(missed))
        return inserted

    async def _insert(self, rows: Sequence[Accepted]) -> set[str]:
        if not rows:
            return set()
        statement = (
            insert_for(self._dialect, DeliveryRow)
            .on_conflict_do_nothing(index_elements=["source_id", "dedupe_key"])
            .returning(_DELIVERIES.c.id)
        )
        result = await self._session.execute(statement, [_values_of(row) for row in rows])
        return set(result.scalars())

    async def _freed(self, missed: Sequence[Accepted]) -> list[Accepted]:
        """Those whose key is held by a delivery beyond its horizon; that one gives the key up."""
        table = _DELIVERIES
        asked = {(row.source_id, row.dedupe_key): row for row in missed}
        holders = await self._session.execute(
            select(table.c.id, table.c.source_id, table.c.dedupe_key, table.c.dedupe_until).where(
                tuple_(table.c.source_id, table.c.dedupe_key).in_(list(asked))
            )
        )
        free: list[Accepted] = []
        for holder in holders:
            row = asked[(holder.source_id, holder.dedupe_key)]
            if holder.dedupe_until <= row.received_at:
                await self._session.execute(
                    update(table)
                    .where(table.c.id == holder.id, table.c.dedupe_key == row.dedupe_key)
                    .values(dedupe_key=None)
                )
                free.append(row)
        return free

    async def find(self, delivery_id: str) -> Logged | None:
        row = await self._session.get(DeliveryRow, delivery_id)
        return value_of(Logged, row) if row else None

    async def find_by_key(self, source_id: str, dedupe_key: str) -> str | None:
        statement = select(_DELIVERIES.c.id).where(
            _DELIVERIES.c.source_id == source_id, _DELIVERIES.c.dedupe_key == dedupe_key
        )
        found: str | None = await self._session.scalar(statement)
        return found

    async def list_page(self, wanted: DeliveryFilter, paging: PagingRequest) -> tuple[list[Logged], str | None]:
        statement = select(DeliveryRow)
        if wanted.source is not None:
            statement = statement.where(col(DeliveryRow.source) == wanted.source)
        if wanted.outcome is not None:
            statement = statement.where(col(DeliveryRow.outcome) == wanted.outcome)
        if wanted.since is not None:
            statement = statement.where(col(DeliveryRow.received_at) >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(col(DeliveryRow.received_at) < wanted.until)
        rows, following = await keyset_page(self._session, statement, [(_DELIVERIES.c.id, "desc")], paging)
        return [value_of(Logged, row) for row in rows], following

    async def note_meaning(
        self, delivery_id: str, *, outcome: str, facts: list[dict[str, Any]], reason: str | None, at: datetime
    ) -> Logged | None:
        row = await self._session.get(DeliveryRow, delivery_id)
        if row is None:
            return None
        row.outcome, row.facts, row.reason, row.understood_at = outcome, facts, reason, at
        await self._session.flush()
        return value_of(Logged, row)

    async def count_replay(self, delivery_id: str) -> None:
        await self._session.execute(
            update(_DELIVERIES).where(_DELIVERIES.c.id == delivery_id).values(replays=_DELIVERIES.c.replays + 1)
        )

    async def drop_bodies_before(self, at: datetime, most: int) -> int:
        table = _DELIVERIES
        old = select(table.c.id).where(table.c.body.is_not(None), table.c.received_at < at).limit(most)
        result = await self._session.execute(
            update(table).where(table.c.id.in_(old.scalar_subquery())).values(body=None).returning(table.c.id)
        )
        return len(result.all())


class StoredQuarantine:
    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self._dialect = work.dialect

    async def keep(self, refused: Refused) -> None:
        statement = insert_for(self._dialect, QuarantinedRow).values(
            id=refused.id,
            source_id=refused.source_id,
            source=refused.source,
            vendor=refused.vendor,
            stage=refused.stage,
            reason=refused.reason,
            fingerprint=refused.fingerprint,
            sealed=refused.sealed,
            size=refused.size,
            times=1,
            received_at=refused.received_at,
            last_received_at=refused.received_at,
            state="held",
        )
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["source_id", "fingerprint"],
                set_={"times": _QUARANTINE.c.times + 1, "last_received_at": statement.excluded.last_received_at},
            )
        )

    async def keep_not_understood(self, delivery: Logged, *, row_id: str, reason: str, at: datetime) -> None:
        statement = insert_for(self._dialect, QuarantinedRow).values(
            id=row_id,
            source_id=delivery.source_id,
            source=delivery.source,
            vendor=delivery.vendor,
            stage="meaning",
            reason=reason,
            fingerprint=f"delivery:{delivery.id}",
            sealed=None,
            size=delivery.size,
            times=1,
            received_at=delivery.received_at,
            last_received_at=at,
            state="held",
            delivery_id=delivery.id,
        )
        excluded = statement.excluded
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["source_id", "fingerprint"],
                set_={
                    "times": _QUARANTINE.c.times + 1,
                    "last_received_at": excluded.last_received_at,
                    "reason": excluded.reason,
                    "state": "held",
                    "released_at": None,
                },
            )
        )

    async def release(self, held_id: str, *, delivery_id: str, at: datetime) -> None:
        await self._session.execute(
            update(_QUARANTINE)
            .where(_QUARANTINE.c.id == held_id)
            .values(state="released", released_at=at, delivery_id=delivery_id, sealed=None)
        )

    async def release_of_delivery(self, delivery_id: str, at: datetime) -> None:
        await self._session.execute(
            update(_QUARANTINE)
            .where(_QUARANTINE.c.delivery_id == delivery_id, _QUARANTINE.c.state == "held")
            .values(state="released", released_at=at)
        )

    async def note_reason(self, held_id: str, reason: str) -> None:
        await self._session.execute(update(_QUARANTINE).where(_QUARANTINE.c.id == held_id).values(reason=reason))

    async def find(self, held_id: str) -> Held | None:
        row = await self._session.get(QuarantinedRow, held_id)
        return value_of(Held, row) if row else None

    async def list_page(
        self, *, source: str | None, state: str | None, paging: PagingRequest
    ) -> tuple[list[Held], str | None]:
        statement = select(QuarantinedRow)
        if source is not None:
            statement = statement.where(col(QuarantinedRow.source) == source)
        if state is not None:
            statement = statement.where(col(QuarantinedRow.state) == state)
        rows, following = await keyset_page(self._session, statement, [(_QUARANTINE.c.id, "desc")], paging)
        return [value_of(Held, row) for row in rows], following

    async def trim(self, source_id: str, most: int) -> int:
        """Only what was refused at the door counts: a verified delivery that was not understood is never pushed out."""
        table = _QUARANTINE
        refused = [table.c.source_id == source_id, table.c.stage != "meaning"]
        count = await self._session.scalar(select(func.count()).select_from(table).where(*refused)) or 0
        if count <= most:
            return 0
        oldest = select(table.c.id).where(*refused).order_by(table.c.id).limit(count - most)
        await self._session.execute(delete(table).where(table.c.id.in_(oldest.scalar_subquery())))
        return int(count - most)

    async def drop_before(self, at: datetime, most: int) -> int:
        table = _QUARANTINE
        old = select(table.c.id).where(table.c.last_received_at < at).limit(most)
        result = await self._session.execute(
            delete(table).where(table.c.id.in_(old.scalar_subquery())).returning(table.c.id)
        )
        return len(result.all())


def _values_of(row: Accepted) -> dict[str, Any]:
    return {
        "id": row.id,
        "source_id": row.source_id,
        "source": row.source,
        "vendor": row.vendor,
        "kind": row.kind,
        "dedupe_key": row.dedupe_key,
        "dedupe_until": row.dedupe_until,
        "content_hash": row.content_hash,
        "content_type": row.content_type,
        "headers": dict(row.headers),
        "body": row.body,
        "size": len(row.body),
        "received_at": row.received_at,
        "outcome": "waiting",
        "replays": 0,
    }
