"""Group commit."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from services.gateway.domain.delivery import Refused
from services.gateway.errors import IntakeFull
from services.gateway.forward.writer import GroupCommit, Item

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def item(name: str, size: int = 1) -> Refused:
    return Refused(
        id=name,
        source_id="s",
        source="s",
        vendor="v",
        stage="body",
        reason="r",
        fingerprint=name,
        sealed=b"x" * size,
        size=size,
        received_at=NOW,
    )


class Book:
    """Remembers the batches; refuses those that hold `poison`; waits while `gate` is shut."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = 0

    async def commit(self, items: Sequence[Item]) -> None:
        await self.gate.wait()
        if self.away:
            self.away -= 1
            raise OperationalError("COMMIT", {}, Exception("connection lost"))
        names = [one.id for one in items]
        if "poison" in names:
            raise ValueError("cannot be written")
        self.batches.append(names)


async def test_what_arrives_during_a_commit_shares_the_next_one() -> None:
    book = Book()
    writer = GroupCommit(book.commit, most_waiting=100, most_batch=50)
    writer.start()
    book.gate.clear()
    first = asyncio.create_task(writer.put(item("0")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(writer.put(item(str(n)))) for n in range(1, 60)]
    await asyncio.sleep(0)
    book.gate.set()
    await asyncio.gather(first, *rest)
    assert [len(batch) for batch in book.batches] == [1, 50, 9]
    await writer.stop()


async def test_one_item_that_cannot_be_written_does_not_lose_the_others() -> None:
    book = Book()
    writer = GroupCommit(book.commit, most_waiting=100, most_batch=50)
    puts = [asyncio.create_task(_put_when_started(writer, name)) for name in ("a", "poison", "b")]
    writer.start()
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], ValueError)
    assert results[2] is None
    assert sorted(name for batch in book.batches for name in batch) == ["a", "b"]
    await writer.stop()


async def _put_when_started(writer: GroupCommit, name: str) -> None:
    await asyncio.sleep(0)
    await writer.put(item(name))


async def test_a_database_that_stumbles_once_is_not_noticed_and_one_that_is_away_is_said_so() -> None:
    book = Book()
    writer = GroupCommit(book.commit, most_waiting=100, most_batch=50)
    writer.start()
    book.away = 1
    await writer.put(item("a"))
    assert book.batches == [["a"]]
    book.away = 2
    with pytest.raises(IntakeFull):
        await writer.put(item("b"))
    await writer.put(item("c"))
    await writer.stop()


async def test_more_than_can_wait_is_refused_at_once_by_number_and_by_bytes() -> None:
    book = Book()
    book.gate.clear()
    writer = GroupCommit(book.commit, most_waiting=3, most_batch=1)
    writer.start()
    tasks = [asyncio.create_task(writer.put(item(str(n)))) for n in range(3)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(writer.put(item("big", 65 * 1024 * 1024))))
    await asyncio.sleep(0)
    with pytest.raises(IntakeFull):
        await tasks[3]
    book.gate.set()
    await asyncio.gather(*tasks[:3])
    await writer.stop()


async def test_a_stop_commits_what_waits_and_takes_nothing_more() -> None:
    book = Book()
    book.gate.clear()
    writer = GroupCommit(book.commit, most_waiting=10, most_batch=10)
    writer.start()
    tasks = [asyncio.create_task(writer.put(item(str(n)))) for n in range(5)]
    await asyncio.sleep(0)
    stopping = asyncio.create_task(writer.stop())
    await asyncio.sleep(0)
    with pytest.raises(IntakeFull):
        await writer.put(item("late"))
    book.gate.set()
    await asyncio.gather(*tasks, stopping)
    assert sorted(name for batch in book.batches for name in batch) == [str(n) for n in range(5)]
