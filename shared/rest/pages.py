"""Keyset pagination: `{items, next}` and `Link: rel=next`. A page never skips or repeats a row because others came or went."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import parse_instant, render_instant
from shared.errors import FieldProblem, InvalidRequest

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
T = TypeVar("T")
Direction = Literal["asc", "desc"]


class Page(BaseModel, Generic[T]):
    """One page. `next` is the cursor of the following page, null on the last one."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class PagingRequest:
    limit: int
    cursor: str | None


def _read_paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=1000)] = None,
) -> PagingRequest:
    return PagingRequest(limit, cursor)


Paging = Annotated[PagingRequest, Depends(_read_paging)]


async def keyset_page(
    session: AsyncSession,
    statement: Select[Any],
    order: Sequence[tuple[ColumnElement[Any], Direction]],
    paging: PagingRequest,
) -> tuple[list[Any], str | None]:
    """Rows of one page and the cursor of the next. The last column of `order` must be unique, none may be null.

    A row is what the statement selects: the entity if it selects one, else a tuple. `InvalidRequest` for a foreign cursor.
    """
    columns = [column for column, _ in order]
    if paging.cursor is not None:
        statement = statement.where(_after(order, _read_cursor(paging.cursor, len(order))))
    statement = statement.order_by(*[column.asc() if way == "asc" else column.desc() for column, way in order])
    entities = len(statement.column_descriptions)
    keyed = statement.add_columns(*columns).limit(paging.limit + 1)
    rows = (await session.execute(keyed)).all()
    page = rows[: paging.limit]
    items = [row[0] if entities == 1 else row[:entities] for row in page]
    more = len(rows) > paging.limit
    return items, _write_cursor(page[-1][entities:]) if more else None


def page_of(items: list[T], next_cursor: str | None, request: Request, response: Response) -> Page[T]:
    """The answer's body; sets the `Link` header (RFC 8288) where there is a next page."""
    if next_cursor is not None:
        response.headers["Link"] = f'<{request.url.include_query_params(cursor=next_cursor)}>; rel="next"'
    return Page(items=items, next=next_cursor)


def _after(order: Sequence[tuple[ColumnElement[Any], Direction]], values: list[Any]) -> ColumnElement[bool]:
    alternatives = []
    for index, (column, way) in enumerate(order):
        equal = [order[before][0] == values[before] for before in range(index)]
        alternatives.append(and_(*equal, column > values[index] if way == "asc" else column < values[index]))
    return or_(*alternatives)


def _write_cursor(values: Sequence[Any]) -> str:
    plain = [{"at": render_instant(value)} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _read_cursor(cursor: str, length: int) -> list[Any]:
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(raw, list) or len(raw) != length:
            raise ValueError("not a cursor of this list")
        return [parse_instant(value["at"]) if isinstance(value, dict) else value for value in raw]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise InvalidRequest(
            "The cursor does not belong to this list.",
            errors=[FieldProblem("query/cursor", "take `next` of the page before, or leave it out")],
        ) from error
