"""SQLite in one trip a statement behaves as SQLAlchemy's own adapter does, on a real file."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosqlite import Connection
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.one_trip import use_one_trip

SIZES = (0, 1, 700)


@pytest.fixture(params=["one trip", "its own"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/some.db")
    if request.param == "one trip":
        use_one_trip(made)
    async with made.begin() as link:
        await link.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY, size INTEGER)"))
    yield made
    await made.dispose()


async def fill(engine: AsyncEngine) -> None:
    async with engine.begin() as link:
        rows = [{"name": f"thing {size}", "size": size} for size in SIZES]
        await link.execute(text("INSERT INTO things VALUES (:name, :size)"), rows)


async def test_what_is_written_is_read_with_its_columns(engine: AsyncEngine) -> None:
    await fill(engine)
    async with engine.connect() as link:
        found = await link.execute(text("SELECT name, size FROM things ORDER BY size"))
        assert list(found.keys()) == ["name", "size"]
        assert [(row.name, row.size) for row in found] == [(f"thing {size}", size) for size in SIZES]
        assert (await link.execute(text("SELECT size FROM things WHERE size > 1000"))).first() is None


async def test_how_many_rows_were_changed_is_known_with_and_without_returning(engine: AsyncEngine) -> None:
    await fill(engine)
    async with engine.begin() as link:
        assert (await link.execute(text("UPDATE things SET size = size + 1 WHERE size > 0"))).rowcount == 2
        gone = await link.execute(text("DELETE FROM things WHERE size > 1 RETURNING name"))
        assert sorted(gone.scalars()) == ["thing 1", "thing 700"]
        assert (await link.execute(text("DELETE FROM things"))).rowcount == 1


async def test_a_refused_statement_says_why_and_the_connection_goes_on(engine: AsyncEngine) -> None:
    await fill(engine)
    async with engine.begin() as link:
        with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
            await link.execute(text("INSERT INTO things VALUES (:name, 2)"), {"name": "thing 1"})
        with pytest.raises(OperationalError, match="no such table"):
            await link.execute(text("SELECT * FROM no_things"))
        assert (await link.execute(text("SELECT count(*) FROM things"))).scalar_one() == len(SIZES)


async def test_rows_that_are_streamed_come_in_pieces(engine: AsyncEngine) -> None:
    await fill(engine)
    async with engine.connect() as link, link.stream(text("SELECT size FROM things ORDER BY size")) as found:
        assert [row.size async for row in found] == list(SIZES)


async def test_a_statement_that_is_given_up_leaves_a_connection_that_works(engine: AsyncEngine) -> None:
    await fill(engine)
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
    async with engine.connect() as link:
        asking = asyncio.create_task(link.execute(text(slow)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with engine.connect() as link:
        assert (await link.execute(text("SELECT count(*) FROM things"))).scalar_one() == len(SIZES)


async def test_a_query_visits_the_connections_thread_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visits: list[Any] = []
    visit: Any = Connection._execute

    async def counted(self: Connection, function: Any, *arguments: Any, **options: Any) -> Any:
        visits.append(function)
        return await visit(self, function, *arguments, **options)

    monkeypatch.setattr(Connection, "_execute", counted)
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/some.db")
    use_one_trip(engine)
    async with engine.connect() as link:
        await link.execute(text("SELECT 1"))
        visits.clear()
        assert (await link.execute(text("SELECT 1"))).scalar_one() == 1
        assert len(visits) == 1
    await engine.dispose()
