"""Group commit: requests in flight share one transaction, and each is answered after it.

One writer task. While a commit waits for the disk, the next requests gather; nobody waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.gateway.domain.delivery import Accepted, Refused
from services.gateway.errors import IntakeFull

Item = Accepted | Refused
Commit = Callable[[Sequence[Item]], Awaitable[None]]

MOST_BATCH_BYTES = 8 * 1024 * 1024
MOST_WAITING_BYTES = 64 * 1024 * 1024
_DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)


class GroupCommit:
    """`put` returns once the item is committed."""

    def __init__(self, commit: Commit, *, most_waiting: int, most_batch: int) -> None:
        self._commit = commit
        self._most_waiting = most_waiting
        self._most_batch = most_batch
        self._waiting: deque[tuple[Item, asyncio.Future[None]]] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="gateway intake writer")

    async def stop(self) -> None:
        """Commit what waits, then end."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    async def put(self, item: Item) -> None:
        """`IntakeFull` when too much waits already or the database is away; then nothing of the item is kept."""
        size = _size(item)
        if self._stopping or self._task is None or self._task.done():
            raise IntakeFull("This instance is stopping; try again.", retry_after_seconds=2)
        if len(self._waiting) >= self._most_waiting or self._bytes + size > MOST_WAITING_BYTES:
            raise IntakeFull("More comes in than can be written; try again.", retry_after_seconds=2)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._bytes += size
        self._arrived.set()
        await done

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            await self._write(self._take())

    def _take(self) -> list[tuple[Item, asyncio.Future[None]]]:
        batch: list[tuple[Item, asyncio.Future[None]]] = []
        size = 0
        while self._waiting and len(batch) < self._most_batch:
            size += _size(self._waiting[0][0])
            if batch and size > MOST_BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        self._bytes -= sum(_size(item) for item, _ in batch)
        return batch

    async def _write(self, batch: list[tuple[Item, asyncio.Future[None]]]) -> None:
        failure = await self._try([item for item, _ in batch])
        if failure is None or len(batch) == 1 or isinstance(failure, IntakeFull):
            _settle(batch, failure)
            return
        structlog.get_logger().warning("intake.batch_failed", size=len(batch), error=repr(failure))
        for item, done in batch:
            _settle([(item, done)], await self._try([item]))

    async def _try(self, items: list[Item]) -> Exception | None:
        """None, or why it failed; a database that is away, or two writers in each other's way, gets a second try."""
        for attempt in (1, 2):
            try:
                await self._commit(items)
                return None
            except _DATABASE_AWAY as error:
                structlog.get_logger().error("intake.database_away", attempt=attempt, error=repr(error))
            except Exception as error:
                return error
        return IntakeFull("The database cannot be reached; try again.", retry_after_seconds=5)


def _settle(batch: list[tuple[Item, asyncio.Future[None]]], failure: Exception | None) -> None:
    for _, done in batch:
        if done.done():
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)


def _size(item: Item) -> int:
    return len(item.body) if isinstance(item, Accepted) else len(item.sealed)
