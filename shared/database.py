"""One database per service, one transaction per request or message.

`Database.unit()` is the only place that commits. Use cases get a unit that has repositories and `record`, and no commit.
SQLite: one writer connection behind a lock, `BEGIN IMMEDIATE`, WAL and synchronous=FULL, so a commit is on the disk.
PostgreSQL: psycopg, synchronous_commit on (the server's default is asserted at start).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import date, datetime
from functools import cache
from typing import Any, Generic, Literal, TypeVar, cast

from opentelemetry.propagate import inject
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Table,
    TextClause,
    any_,
    bindparam,
    event,
    literal,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import SQLModel

from shared.clock import Clock, new_id, require_aware
from shared.errors import InvalidRequest
from shared.events.envelope import MAX_EVENT_BYTES, Envelope, Event, Kind
from shared.one_trip import use_one_trip
from shared.outbox import Instant, Plumbing

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
JSONDocument = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Dialect = Literal["sqlite", "postgresql"]
U = TypeVar("U")
AnyEnvelope = Envelope[Any]

__all__ = [
    "NAMING_CONVENTION",
    "Database",
    "EventTooLarge",
    "Instant",
    "JSONDocument",
    "Plumbing",
    "UnitOfWork",
    "among",
    "insert_for",
    "insert_many",
    "upsert_if_newer",
]


class EventTooLarge(InvalidRequest):
    """Refused where it is recorded; nothing of the transaction stays."""

    code = "event_too_large"


class UnitOfWork:
    """One transaction. `record` keeps an event for the outbox, written in this same transaction just before the commit."""

    def __init__(self, session: AsyncSession, dialect: Dialect, *, owner: str, clock: Clock, epoch: int = 1) -> None:
        self.session = session
        self.dialect = dialect
        self.caused_by: AnyEnvelope | None = None
        self._owner = owner
        self._clock = clock
        self._epoch = epoch
        self._recorded: list[dict[str, Any]] = []

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> AnyEnvelope:
        """Promise that `payload` will be published if this transaction commits. State events need `aggregate_version`."""
        if payload.owner() != self._owner:
            raise ValueError(f"{payload.NAME} belongs to {payload.owner()}, not to {self._owner}")
        if payload.KIND is Kind.STATE and aggregate_version is None:
            raise ValueError(f"{payload.NAME} is a state event and needs the aggregate's version")
        now = self._clock.now()
        cause = self.caused_by
        event_id = new_id()
        envelope: AnyEnvelope = Envelope(
            id=event_id,
            source=self._owner,
            time=now,
            data=payload,
            aggregate_version=aggregate_version,
            epoch=self._epoch,
            correlation_id=(cause.correlation_id or cause.id) if cause else event_id,
            causation_id=cause.id if cause else None,
        )
        body = json.dumps(envelope.to_cloudevent(), separators=(",", ":"), ensure_ascii=False).encode()
        if len(body) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"The event {payload.NAME} is {len(body)} bytes; {MAX_EVENT_BYTES} is the most.")
        carrier: dict[str, str] = {}
        inject(carrier)
        self._recorded.append(
            {
                "event_id": envelope.id,
                "subject": envelope.subject,
                "body": body,
                "traceparent": carrier.get("traceparent"),
                "recorded_at": now,
            }
        )
        return envelope

    async def flush_events(self, plumbing: Plumbing) -> int:
        """Write what was recorded to the outbox; how many rows."""
        if self._recorded:
            await insert_many(self.session, self.dialect, plumbing.outbox, self._recorded)
        count, self._recorded = len(self._recorded), []
        return count


class Database(Generic[U]):
    """A service's database. `make_unit` wraps the transaction in the object that the service's use cases know."""

    def __init__(
        self, url: str, *, owner: str, plumbing: Plumbing, make_unit: Callable[[UnitOfWork], U], clock: Clock
    ) -> None:
        self.url = make_url(url)
        self.owner = owner
        self.plumbing = plumbing
        self.clock = clock
        self._make_unit = make_unit
        self.dialect: Dialect = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        self._write_lock: asyncio.Lock | None = asyncio.Lock() if self.dialect == "sqlite" else None
        self.writer, self.reader = _engines(url, self.dialect)
        self.after_commit: list[Callable[[int], None]] = []
        """Called with the number of recorded events after each commit here: hints that wake loops earlier."""

    @asynccontextmanager
    async def work(self) -> AsyncIterator[UnitOfWork]:
        """A write transaction as the bare unit of work; commits on a clean exit, rolls back on any exception."""
        async with self._write_lock or nullcontext(), self._transaction() as unit:
            yield unit

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[UnitOfWork]:
        session = AsyncSession(self.writer, expire_on_commit=False)
        try:
            unit = UnitOfWork(session, self.dialect, owner=self.owner, clock=self.clock)
            yield unit
            await session.flush()
            events = await unit.flush_events(self.plumbing)
            await _whole(session.commit)
        finally:
            # Rolls back what was not committed.
            await _whole(session.close, again=True)
        for hint in self.after_commit:
            hint(events)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[U]:
        """A write transaction as the service's own unit."""
        async with self.work() as work:
            yield self._make_unit(work)

    @asynccontextmanager
    async def read_work(self) -> AsyncIterator[UnitOfWork]:
        """A read-only transaction; what it would write is refused by the engine."""
        session = AsyncSession(self.reader, expire_on_commit=False)
        try:
            yield UnitOfWork(session, self.dialect, owner=self.owner, clock=self.clock)
        finally:
            await _whole(session.close, again=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[U]:
        """A read-only transaction as the service's own unit."""
        async with self.read_work() as work:
            yield self._make_unit(work)

    def wrap(self, work: UnitOfWork) -> U:
        """The service's own unit over a transaction that is already open."""
        return self._make_unit(work)

    async def ping(self) -> None:
        """Raises if the database cannot be asked."""
        async with self.reader.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection. An aiosqlite engine that is not disposed keeps the process from ending."""
        await self.writer.dispose()
        if self.reader is not self.writer:
            await self.reader.dispose()


async def _whole(step: Callable[[], Coroutine[Any, Any, None]], *, again: bool = False) -> None:
    """Take `step` to its end though whoever waits for it is cancelled, however often, and only then be cancelled: a connection
    must not be left between two states. A process that ends cancels the step itself: with `again`, it begins again."""
    task = asyncio.create_task(step())
    given_up: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as cancelled:
            given_up = cancelled
        if again and task.cancelled():
            task = asyncio.create_task(step())
    task.result()
    if given_up is not None:
        raise given_up


def _engines(url: str, dialect: Dialect) -> tuple[AsyncEngine, AsyncEngine]:
    if dialect == "postgresql":
        engine = create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, pool_timeout=30)
        _prepare_postgres(engine)
        return engine, engine.execution_options(postgresql_readonly=True)
    writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=60)
    reader = create_async_engine(url, pool_size=4, max_overflow=4, pool_timeout=60)
    _prepare_sqlite(writer, begin="BEGIN IMMEDIATE", query_only=False)
    _prepare_sqlite(reader, begin="BEGIN", query_only=True)
    return writer, reader


def _prepare_postgres(engine: AsyncEngine) -> None:
    """A plan that was made for a table with a few rows must not stay when it has a hundred thousand a minute later: nothing tells
    PostgreSQL to think again before autovacuum comes by. Planning each time costs less than the one scan that it saves."""

    def on_connect(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("SET plan_cache_mode = force_custom_plan")
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", on_connect)


def _prepare_sqlite(engine: AsyncEngine, *, begin: str, query_only: bool) -> None:
    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy, not the driver, says when a transaction begins
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=15000")
        # What is deleted is overwritten: erasing a person must not leave their rows readable in the file.
        cursor.execute("PRAGMA secure_delete=ON")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    use_one_trip(engine)
    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)


def insert_for(dialect: Dialect, table: type[SQLModel] | Table) -> postgresql.Insert:
    """The engine's own INSERT, which knows ON CONFLICT. Both engines' share the methods used here (typed as PostgreSQL's)."""
    target = cast(Table, table if isinstance(table, Table) else table.__table__)  # type: ignore[attr-defined]
    made = postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)
    return cast(postgresql.Insert, made)


async def upsert_if_newer(
    work: UnitOfWork, row: type[SQLModel], key: dict[str, Any], values: dict[str, Any], envelope: AnyEnvelope
) -> bool:
    """Apply a state event to a projection row with columns `epoch` and `version`; False if what is held is as new."""
    if envelope.aggregate_version is None:
        raise ValueError(f"{envelope.data.NAME} carries no aggregate version")
    values = {**values, "epoch": envelope.epoch, "version": envelope.aggregate_version}
    result = await work.session.execute(_upsert(work.dialect, row, tuple(key), tuple(values)), {**key, **values})
    return result.first() is not None


@cache
def _upsert(
    dialect: Dialect, row: type[SQLModel], key: tuple[str, ...], names: tuple[str, ...]
) -> ReturningInsert[Any]:
    """Built once: putting it together costs several times what running it does."""
    table = cast(Table, row.__table__)  # type: ignore[attr-defined]
    statement = insert_for(dialect, row).values({name: bindparam(name) for name in (*key, *names)})
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: new[name] for name in names},
        where=tuple_(table.c.epoch, table.c.version) < tuple_(new["epoch"], new["version"]),
    ).returning(*[table.c[name] for name in key])


async def insert_many(
    session: AsyncSession,
    dialect: Dialect,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    replacing: str | None = None,
) -> None:
    """Insert rows that all have the same columns; with `replacing` (a key column), update those that are there.

    On PostgreSQL they go as one document in one statement: that costs the process a fraction of a statement per row.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if dialect == "sqlite":
        await session.execute(_one_by_one(table, names, replacing), list(rows))
    else:
        document = json.dumps(rows, default=_plain, ensure_ascii=False, separators=(",", ":"))
        await session.execute(_all_at_once(table, names, replacing), {"rows": document})


def _plain(value: object) -> str:
    """As PostgreSQL reads what JSON has no word for."""
    if isinstance(value, datetime):
        return require_aware(value).isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored so")


@cache
def _one_by_one(table: Table, names: tuple[str, ...], replacing: str | None) -> postgresql.Insert:
    statement = insert_for("sqlite", table).values({name: bindparam(name) for name in names})
    if replacing is None:
        return statement
    moving = {name: statement.excluded[name] for name in names if name != replacing}
    return statement.on_conflict_do_update(index_elements=[replacing], set_=moving)


@cache
def _all_at_once(table: Table, names: tuple[str, ...], replacing: str | None) -> TextClause:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    quoted = {name: dialect.identifier_preparer.quote(name) for name in names}
    listed = ", ".join(quoted.values())
    typed = ", ".join(f"{quoted[name]} {table.c[name].type.compile(dialect)}" for name in names)
    # Names and types are those of our own tables.
    statement = (
        f"INSERT INTO {dialect.identifier_preparer.quote(table.name)} ({listed})"  # noqa: S608
        f" SELECT {listed} FROM json_to_recordset(CAST(:rows AS json)) AS given({typed})"
    )
    if replacing is not None:
        moving = ", ".join(f"{column} = excluded.{column}" for name, column in quoted.items() if name != replacing)
        statement += f" ON CONFLICT ({quoted[replacing]}) DO UPDATE SET {moving}"
    return text(statement)


def among(dialect: Dialect, column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN values` for many values. On PostgreSQL they are one array: the statement stays the same however many there
    are, so that neither SQLAlchemy nor the driver nor the server takes hundreds of placeholders apart again."""
    if dialect == "sqlite":
        return cast("ColumnElement[bool]", column.in_(list(values)))
    return cast("ColumnElement[bool]", column == any_(literal(list(values), ARRAY(column.type))))


def chunks(rows: Sequence[Any], size: int = 500) -> list[Sequence[Any]]:
    """Pieces small enough for one statement on either engine (SQLite: 32,766 parameters)."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
