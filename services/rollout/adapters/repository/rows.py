"""Core tables of the row classes, and statements over many keys at once."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Table, bindparam, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

T = TypeVar("T")
CHUNK = 1_000
"""Keys of one statement: well below SQLite's 32,766 parameters, also with three columns a key."""


def table_of(row: type[SQLModel]) -> Table:
    """The Core table behind a row class."""
    return cast(Table, row.__table__)  # type: ignore[attr-defined]


def pieces(items: Iterable[T], size: int = CHUNK) -> list[list[T]]:
    """The items in pieces small enough for one statement."""
    held = list(items)
    return [held[start : start + size] for start in range(0, len(held), size)]


def among(columns: Sequence[ColumnElement[Any]], keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """`(a, b, c) IN (...)`, on both engines."""
    return tuple_(*columns).in_(keys)


async def update_each(session: AsyncSession, table: Table, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Update rows by key in one statement executed for all of them; every row names the same columns."""
    if not rows:
        return
    statement = update(table).values({name: bindparam(f"new_{name}") for name in rows[0] if name not in key})
    for name in key:
        statement = statement.where(table.c[name] == bindparam(f"key_{name}"))
    values = [{(f"key_{name}" if name in key else f"new_{name}"): value for name, value in row.items()} for row in rows]
    connection = await session.connection()
    await connection.execute(statement, values)
