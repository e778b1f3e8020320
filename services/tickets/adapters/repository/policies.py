"""Policies, a row per version."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, tuple_
from sqlmodel import col

from services.tickets.adapters.tables import PolicyRow
from services.tickets.domain.policy import Policy
from services.tickets.domain.policy_document import read_policy
from services.tickets.errors import PolicyChangedMeanwhile, PolicyNotFound
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page


class PolicyRepository:
    """`ports.Policies`. Versions never change, so one that was read is kept for the transaction."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self._dialect = work.dialect
        self._read: dict[tuple[str, int], Policy] = {}

    async def load(self, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Policy]:
        missing = [version for version in versions if version not in self._read]
        if missing:
            statement = select(PolicyRow).where(tuple_(col(PolicyRow.name), col(PolicyRow.version)).in_(missing))
            for row in (await self._session.execute(statement)).scalars():
                self._read[row.name, row.version] = read_policy(row.name, row.version, row.document)
        return {version: self._read[version] for version in versions}

    async def current(self, name: str) -> Policy:
        version, document = await self.document(name)
        return self._read.setdefault((name, version), read_policy(name, version, document))

    async def document(self, name: str) -> tuple[int, dict[str, Any]]:
        statement = (
            select(PolicyRow).where(col(PolicyRow.name) == name).order_by(col(PolicyRow.version).desc()).limit(1)
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        if row is None:
            raise PolicyNotFound(f"There is no policy named {name!r}; this release has one, `standard`.")
        return row.version, row.document

    async def add(self, name: str, version: int, document: dict[str, Any], at: datetime, by: str) -> None:
        values = {"name": name, "version": version, "document": document, "created_at": at, "created_by": by}
        statement = insert_for(self._dialect, PolicyRow).values(values).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(col(PolicyRow.version)))
        if added.first() is None:
            raise PolicyChangedMeanwhile(f"Somebody else has just made version {version} of {name}; read it first.")

    async def page(
        self, paging: PagingRequest
    ) -> tuple[list[tuple[str, int, dict[str, Any], datetime, str]], str | None]:
        order: list[tuple[Any, Literal["asc", "desc"]]] = [
            (col(PolicyRow.name), "asc"),
            (col(PolicyRow.version), "desc"),
        ]
        found, after = await keyset_page(self._session, select(PolicyRow), order, paging)
        return [(row.name, row.version, row.document, row.created_at, row.created_by) for row in found], after
