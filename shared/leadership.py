"""One active runner per service: the holder of a session advisory lock on PostgreSQL. SQLite means one process, always leader.

Losing the lock unnoticed for a moment is harmless by design: publishing twice is absorbed by message ids and inboxes, and
timers change rows only where they are still due.
"""

import asyncio
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Database

LEADER_LOCK = 0x6C656164
CHECK_SECONDS = 0.5
ANSWER_SECONDS = 5.0
"""A link that is cut without a word would hold the check for ever, and the server has given the lock away by then."""


class Leadership:
    """Run `hold()` as a task; `wait()` returns while this process leads."""

    def __init__(self, database: Database[Any]) -> None:
        self._database = database
        self._leading = asyncio.Event()
        if database.dialect == "sqlite":
            self._leading.set()

    @property
    def is_leader(self) -> bool:
        return self._leading.is_set()

    async def wait(self) -> None:
        await self._leading.wait()

    async def hold(self) -> None:
        """Try for the lock, then keep its connection alive; when that breaks, step back and try again."""
        if self._database.dialect == "sqlite":
            await asyncio.Event().wait()  # a task that ends counts as one that stopped working
        while True:
            try:
                async with self._database.writer.connect() as connection:
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await self._hold_with(connection)
            except (SQLAlchemyError, OSError) as error:
                structlog.get_logger().warning("leadership.lost", error=type(error).__name__)
            finally:
                self._leading.clear()
            await asyncio.sleep(CHECK_SECONDS)

    async def _hold_with(self, connection: AsyncConnection) -> None:
        try:
            # The lock lives in the database: there is no Event to wait for.
            while not await self._try_lock(connection):  # noqa: ASYNC110
                await asyncio.sleep(CHECK_SECONDS)
            self._leading.set()
            structlog.get_logger().info("leadership.taken", service=self._database.owner)
            while True:
                await asyncio.sleep(CHECK_SECONDS)
                async with asyncio.timeout(ANSWER_SECONDS):
                    await connection.execute(text("SELECT 1"))
        finally:
            # A connection that goes back to the pool must not take the lock with it.
            await connection.invalidate()

    async def _try_lock(self, connection: AsyncConnection) -> bool:
        result = await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK})
        return bool(result.scalar())
