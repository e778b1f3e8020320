"""SQLite in one trip: a statement, its rows and the end of its cursor in one visit to the connection's thread (ADR 0018).

SQLAlchemy's adapter visits it four times for a query, to open a cursor, execute, fetch and close, and the visits cost more than
SQLite does. What is behind an underscore here belongs to SQLAlchemy 2.1 and aiosqlite 0.22, which are pinned.
"""

import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import immutabledict


@dataclass(slots=True)
class _Executed:
    """What is left of a cursor of sqlite3 that was read to its end and closed."""

    description: Any = None
    lastrowid: int | None = None
    rowcount: int = -1
    arraysize: int = 1
    rows: deque[Any] = field(default_factory=deque)


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._soft_closed_memoized = immutabledict()
        self._cursor: Any = _Executed()
        self._rows = self._cursor.rows

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._visit("execute", operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._visit("executemany", operation, seq_of_parameters)

    async def _visit(self, method: str, operation: str, parameters: Sequence[Any]) -> None:
        async with self._adapt_connection._execute_mutex:
            link: Any = self._connection
            self._cursor = await link._execute(_executed, link._conn, method, operation, parameters)
        self._rows = self._cursor.rows

    async def _async_soft_close(self) -> None:
        """It is closed already, its rows are here."""

    def close(self) -> None:
        self._rows.clear()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


def _executed(link: sqlite3.Connection, method: str, operation: str, parameters: Sequence[Any]) -> _Executed:
    """In the connection's own thread."""
    cursor = link.cursor()
    try:
        getattr(cursor, method)(operation, parameters)
        # The number of rows is known once the statement has run to its end.
        rows = deque(cursor.fetchall()) if cursor.description else deque()
        return _Executed(cursor.description, cursor.lastrowid, cursor.rowcount, rows=rows)
    finally:
        cursor.close()


def use_one_trip(engine: AsyncEngine) -> None:
    """Connections of this engine, which is aiosqlite's, make one trip a statement from now on."""

    def connect(dialect: Dialect, _: Any, arguments: Any, options: Any) -> _Connection:
        made: Any = dialect.connect(*arguments, **options)
        return _Connection(made.dbapi, made._connection)

    event.listen(engine.sync_engine, "do_connect", connect)
