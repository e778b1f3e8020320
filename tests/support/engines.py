"""Engines outlive a test: what they compiled, what they learned of the server and what the server's process behind a
connection learned of the tables is most of what a short test would cost."""

from collections import defaultdict
from typing import Any, cast

import pytest
from sqlalchemy import QueuePool
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import database
from shared.database import Database, Dialect

Pair = tuple[AsyncEngine, AsyncEngine]
MOST_CONNECTIONS_KEPT = 3
"""What many connections at once left behind is closed: PostgreSQL takes a hundred in all."""


class EngineShelf:
    """The engines of databases that are lent again and again. Each is in one `Database`'s hands at a time, as it is in
    production, and comes back when that is disposed of. PostgreSQL's keep their connections; a file of SQLite's is replaced."""

    def __init__(self) -> None:
        self._make = database._engines
        self._dispose = Database.dispose
        self._free: dict[str, list[Pair]] = defaultdict(list)
        self._taken: list[tuple[str, Pair]] = []
        self._lent: set[str] = set()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """From now on databases that are `lent` get engines from here."""

        async def dispose(disposed: Database[Any]) -> None:
            await self._put_back(disposed)

        patch.setattr(database, "_engines", self._take)
        patch.setattr(Database, "dispose", dispose)

    def lend(self, url: str) -> None:
        self._lent.add(url)

    def take_back(self, url: str) -> bool:
        """Whether every engine of that database came back with nothing going on; if not, they are given up."""
        self._lent.discard(url)
        out = [taken for taken in self._taken if taken[0] == url]
        if not out and not any(_busy(pair) for pair in self._free[url]):
            return True
        self._taken = [taken for taken in self._taken if taken not in out]
        del self._free[url]
        return False

    async def close(self) -> None:
        for pairs in self._free.values():
            for pair in pairs:
                await pair[0].dispose()

    def _take(self, url: str, dialect: Dialect) -> Pair:
        if url not in self._lent:
            return self._make(url, dialect)
        free = self._free[url]
        pair = free.pop() if free else self._make(url, dialect)
        self._taken.append((url, pair))
        return pair

    async def _put_back(self, disposed: Database[Any]) -> None:
        taken = next((taken for taken in self._taken if taken[1][0] is disposed.writer), None)
        if taken is None or disposed.dialect == "sqlite" or not 0 < _kept(taken[1]) <= MOST_CONNECTIONS_KEPT:
            await self._dispose(disposed)
        if taken is not None:
            self._taken.remove(taken)
            self._free[taken[0]].append(taken[1])


def _pools(pair: Pair) -> list[QueuePool]:
    return [cast(QueuePool, engine.sync_engine.pool) for engine in pair]


def _kept(pair: Pair) -> int:
    return max(pool.checkedin() + pool.checkedout() for pool in _pools(pair))


def _busy(pair: Pair) -> bool:
    """A connection is in use, or an engine of a file that is about to be replaced has one open."""
    file = pair[0].dialect.name == "sqlite"
    return any(pool.checkedout() > 0 or (file and pool.checkedin() > 0) for pool in _pools(pair))
