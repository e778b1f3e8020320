"""Fill a migrated tickets database with open tickets in bulk, as the service itself would have stored them.

Every ticket has two clocks of a policy that counts around the clock, so that what the rows say is what a replay of the ticket
says: `soon` tickets (P1, first response within an hour) are due one after the other from `due_from` on, the rest (P4) in weeks.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

POLICY = "around-the-clock"
LABEL = f"{POLICY}@1"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_RESPONSE = {"P1": timedelta(hours=1), "P4": timedelta(days=20)}
RESOLUTION = timedelta(days=40)
CONTACT = "bench-contact"
SOURCE = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """`soon` tickets of `tickets` have a first response that is due within `window` from `due_from` on, evenly."""

    tickets: int
    soon: int
    due_from: datetime
    window: timedelta
    first: int = 0
    """The number of the first ticket."""
    source: str | None = None

    def due_at(self, number: int) -> datetime:
        """Of the first response."""
        if number < self.first + self.soon:
            return self.due_from + self.window * (number - self.first) / max(self.soon, 1)
        return self.due_from + timedelta(days=1) + timedelta(days=9) * (number - self.first) / self.tickets

    def numbers(self) -> range:
        return range(self.first, self.first + self.tickets)


def ticket_id(number: int) -> str:
    """Sorts by number, and is as long as ours."""
    return f"01990000-0000-7000-8000-{number:012d}"


def clock_id(number: int, target: str = "first_response") -> str:
    return f"{ticket_id(number)}:{target}:1"


def fill(url: str, stock: Stock, *, settle: bool = True) -> None:
    """Add the stock to the database behind `url`; `settle`: and let the database count what it has now."""
    tables = (("tickets", _tickets(stock)), ("moments", _moments(stock)), ("clocks", _clocks(stock)))
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        _fill_sqlite(parsed.database, stock, tables, settle=settle)
    else:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        _fill_postgres(plain, stock, tables, settle=settle)


Tables = Sequence[tuple[str, Iterator[dict[str, Any]]]]


def _fill_sqlite(path: str, stock: Stock, tables: Tables, *, settle: bool) -> None:
    connection = sqlite3.connect(path)
    # Nobody is to be told of these rows; what is measured later is not written so.
    connection.execute("PRAGMA synchronous=OFF")
    for table, values in _once(stock):
        _insert_sqlite(connection, table, iter([values]), "OR IGNORE ")
    for table, rows in tables:
        _insert_sqlite(connection, table, rows)
    connection.commit()
    if settle:
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _insert_sqlite(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]], way: str = "") -> None:
    first = next(rows, None)
    if first is None:
        return
    places = ", ".join("?" * len(first))
    statement = f"INSERT {way}INTO {table} ({', '.join(first)}) VALUES ({places})"  # our own names
    connection.execute(statement, _plain(first))
    connection.executemany(statement, map(_plain, rows))


def _plain(row: dict[str, Any]) -> list[Any]:
    return [
        value.replace(tzinfo=None).isoformat(" ", "microseconds") if isinstance(value, datetime) else value
        for value in row.values()
    ]


def _fill_postgres(url: str, stock: Stock, tables: Tables, *, settle: bool) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, values in _once(stock):
            places = ", ".join(["%s"] * len(values))
            statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places}) ON CONFLICT DO NOTHING"
            cursor.execute(statement.encode(), list(values.values()))
        for table, rows in tables:
            first = next(rows, None)
            if first is None:
                continue
            with cursor.copy(f"COPY {table} ({', '.join(first)}) FROM STDIN".encode()) as copy:
                copy.write_row(tuple(first.values()))
                for row in rows:
                    copy.write_row(tuple(row.values()))
    if settle:
        vacuum(url)


def vacuum(url: str) -> None:
    """What PostgreSQL does by itself within a minute."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _once(stock: Stock) -> list[tuple[str, dict[str, Any]]]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    document = {
        "calendar": {"zone": "UTC", "hours": {day: ["00:00-24:00"] for day in DAYS}},
        "targets": {
            priority: {
                "first_response_minutes": first // timedelta(minutes=1),
                "resolution_minutes": RESOLUTION // timedelta(minutes=1),
            }
            for priority, first in FIRST_RESPONSE.items()
        },
    }
    policy = {"name": POLICY, "version": 1, "document": json.dumps(document), "created_at": at, "created_by": "bench"}
    contact = {"contact_id": CONTACT, "system": "", "scheme": "email", "value": "ada@example.com", "name": "Ada"}
    return [("policies", {**policy, "in_force_at": at}), ("contacts", contact)]


def _tickets(stock: Stock) -> Iterator[dict[str, Any]]:
    for number in stock.numbers():
        priority, opened_at = _opened(stock, number)
        yield {
            "ticket_id": ticket_id(number),
            "number": number + 1,
            "subject": f"Video {number} stalls",
            "description": "It stops after a minute.",
            "status": "open",
            "priority": priority,
            "kind": "incident",
            "requester_id": CONTACT,
            "tags": "[]",
            "by_hand": False,
            "source": stock.source,
            "external_id": None if stock.source is None else str(number),
            "policy_name": POLICY,
            "policy_version": 1,
            "opened_at": opened_at,
            "updated_at": opened_at,
            "next_due_at": stock.due_at(number),
            "version": 1,
            "told_at": "{}",
        }


def _moments(stock: Stock) -> Iterator[dict[str, Any]]:
    features: dict[str, Any] = {"kind": "incident", "team": None, "tags": [], "source": stock.source}
    features |= dict.fromkeys(("system", "course", "rollout", "wave"))
    for number in stock.numbers():
        priority, opened_at = _opened(stock, number)
        said = {"policy": LABEL, "features": {**features, "priority": priority}}
        kinds = (("opened", priority, json.dumps(said)), ("status", "open", "{}"))
        for index, (kind, value, detail) in enumerate(kinds):
            yield {
                "moment_id": f"01990000-0000-7000-9{index:03d}-{number:012d}",
                "ticket_id": ticket_id(number),
                "kind": kind,
                "at": opened_at,
                "observed_at": opened_at,
                "value": value,
                "detail": detail,
            }


def _clocks(stock: Stock) -> Iterator[dict[str, Any]]:
    for number in stock.numbers():
        priority, opened_at = _opened(stock, number)
        for target, target_for in (("first_response", FIRST_RESPONSE[priority]), ("resolution", RESOLUTION)):
            yield {
                "clock_id": clock_id(number, target),
                "ticket_id": ticket_id(number),
                "target": target,
                "cycle": 1,
                "started_at": opened_at,
                "target_seconds": target_for.total_seconds(),
                "state": "running",
                "stops": "[]",
                "due_at": opened_at + target_for,
                "cause": "elapsed",
                "answered": False,
                "hours": json.dumps([[None, f"{POLICY}/everything@1"]]),
                "rule": "everything",
                "policy": LABEL,
            }


def _opened(stock: Stock, number: int) -> tuple[str, datetime]:
    priority = "P1" if number < stock.first + stock.soon else "P4"
    return priority, stock.due_at(number) - FIRST_RESPONSE[priority]
