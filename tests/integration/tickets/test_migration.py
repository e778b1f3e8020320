"""The revisions together are the metadata, on both engines, and bring what is there along."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from services.tickets.adapters.tables import ClockRow, CommentRow, ContactRow, EntryRow, TicketRow, metadata
from shared.migrations import config_for, upgrade_now

MIGRATIONS = Path(__file__).parents[3] / "services" / "tickets" / "migrations"
OPENED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
TOUCHED_AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
DUE_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def engine_of(database_url: str) -> Engine:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite")
    return create_engine(url, poolclass=NullPool)


def of_the_metadata(_: Any, name: str | None, kind: str, *more: Any) -> bool:
    """Full-text search is each engine's own affair, outside the metadata."""
    return not (name or "").startswith(("search_fts", "ix_search_fts"))


@pytest.mark.timeout(120)
def test_the_revisions_make_what_the_metadata_says(database_url: str) -> None:
    upgrade_now(database_url, MIGRATIONS)
    engine = engine_of(database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": of_the_metadata}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        indexes = inspect(connection).get_indexes("clocks")
        [due] = [index for index in indexes if index["name"] == "ix_clocks_due"]
        where = {str(option) for option in due["dialect_options"].values()} if due.get("dialect_options") else set()
        assert any("breached_at" in text for text in where)
    engine.dispose()


def put_old_ticket(connection: Connection) -> None:
    """As the release before wrote it, as far as search and queue go."""
    contact = {"contact_id": "c", "system": "", "scheme": "email", "value": "ada@example.com", "name": "Ada"}
    ticket = {
        "ticket_id": "t",
        "number": 7,
        "subject": "Größe des Videos",
        "description": "",
        "status": "open",
        "priority": "P2",
        "kind": "incident",
        "requester_id": "c",
        "tags": [],
        "by_hand": False,
        "external_key": "ITSM-42",
        "policy_name": "standard",
        "policy_version": 1,
        "opened_at": OPENED_AT,
        "version": 2,
        "told_at": {},
    }
    clock = {
        "clock_id": "t:resolution:1",
        "ticket_id": "t",
        "target": "resolution",
        "cycle": 1,
        "started_at": OPENED_AT,
        "target_seconds": 3600.0,
        "state": "running",
        "stops": [],
        "due_at": DUE_AT,
        "cause": "elapsed",
        "answered": False,
    }
    at = {"ticket_id": "t", "at": TOUCHED_AT, "observed_at": TOUCHED_AT}
    said = {"comment_id": "x", "author_name": "Bob", "author_role": "agent", "public": False, "body": "The firewall"}
    noted = {"entry_id": "e", "kind": "comment", "actor": "Bob", "detail": {}}
    for row, values in ((ContactRow, contact), (TicketRow, ticket), (ClockRow, clock), (CommentRow, at | said)):
        connection.execute(insert(row), [values])
    connection.execute(insert(EntryRow), [at | noted])


def found(connection: Connection, word: str, *, internal: bool) -> bool:
    if connection.dialect.name == "sqlite":
        column = "title public internal" if internal else "title public"
        statement = text("SELECT rowid FROM search_fts WHERE search_fts MATCH :asked")
        return connection.execute(statement, {"asked": f'{{{column}}} : "{word}"'}).first() is not None
    vector = "staff" if internal else "public"
    statement = text(f"SELECT ticket_id FROM search_fts WHERE {vector} @@ CAST(:asked AS tsquery)")
    return connection.execute(statement, {"asked": f"'{word}'"}).first() is not None


@pytest.mark.timeout(120)
def test_tickets_of_before_are_found_and_have_their_place_in_the_queue(database_url: str) -> None:
    command.upgrade(config_for(database_url.replace("+aiosqlite", ""), MIGRATIONS), "0003")
    engine = engine_of(database_url)
    with engine.begin() as connection:
        put_old_ticket(connection)
        connection.execute(text("UPDATE tickets SET updated_at = '1970-01-01', next_due_at = '9999-01-01'"))
    upgrade_now(database_url, MIGRATIONS)
    with engine.connect() as connection:
        ticket = connection.execute(select(TicketRow.updated_at, TicketRow.next_due_at)).one()  # type: ignore[call-overload]
        assert tuple(ticket) == (TOUCHED_AT, DUE_AT)
        for word in ("7", "grosse", "itsm", "ada"):
            assert found(connection, word, internal=False), word
        assert found(connection, "firewall", internal=True)
        assert not found(connection, "firewall", internal=False)
    engine.dispose()
