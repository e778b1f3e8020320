"""Full-text search over tickets, and what the queue is sorted by, for the tickets that are there already.

SQLite has one FTS5 table whose row id is the ticket's number, PostgreSQL two vectors a ticket behind GIN indexes. They are
outside the metadata: no engine's way of searching is a table to the other.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 500
MOST_BYTES = 200_000
MOST_PLACES = 8
LAST_PLACE = 16_383
# As the service splits words on the day of this revision; a change there needs a revision that indexes anew.
SIGNS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{SIGNS}]|(?:(?![{SIGNS}])[^\W_])+")

MOVE_QUEUE = (
    "UPDATE tickets SET updated_at = COALESCE("
    "(SELECT max(history.observed_at) FROM history WHERE history.ticket_id = tickets.ticket_id), opened_at)",
    "UPDATE tickets SET next_due_at = (SELECT min(clocks.due_at) FROM clocks WHERE clocks.ticket_id = tickets.ticket_id"
    " AND clocks.state IN ('running', 'paused') AND clocks.due_at IS NOT NULL)"
    " WHERE EXISTS (SELECT 1 FROM clocks WHERE clocks.ticket_id = tickets.ticket_id"
    " AND clocks.state IN ('running', 'paused') AND clocks.due_at IS NOT NULL)",
)


def upgrade() -> None:
    bind = op.get_bind()
    for statement in MOVE_QUEUE:
        op.execute(statement)
    if bind.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_fts USING fts5("
            "title, public, internal, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3')"
        )
        op.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('rank', 'bm25(10.0, 2.0, 1.0)')")
    else:
        op.execute(
            "CREATE TABLE search_fts (ticket_id varchar NOT NULL CONSTRAINT pk_search_fts PRIMARY KEY"
            " CONSTRAINT fk_search_fts_ticket_id_tickets REFERENCES tickets (ticket_id),"
            " public tsvector NOT NULL, staff tsvector NOT NULL)"
        )
    _index(bind)
    if bind.dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_search_fts_public ON search_fts USING gin (public)")
        op.execute("CREATE INDEX ix_search_fts_staff ON search_fts USING gin (staff)")


def _index(bind: sa.Connection) -> None:
    for tickets in _pieces(bind):
        said = _said(bind, [ticket.ticket_id for ticket in tickets])
        rows = [_row(ticket, said) for ticket in tickets]
        if bind.dialect.name == "sqlite":
            insert = (
                "INSERT INTO search_fts (rowid, title, public, internal) VALUES (:number, :title, :public, :internal)"
            )
        else:
            insert = (
                "INSERT INTO search_fts (ticket_id, public, staff)"
                " VALUES (:ticket_id, CAST(:public AS tsvector), CAST(:staff AS tsvector))"
            )
            rows = [
                {
                    "ticket_id": row["ticket_id"],
                    "public": _vector(row["title"], row["public"]),
                    "staff": _vector(row["title"], row["public"], row["internal"]),
                }
                for row in rows
            ]
        bind.execute(sa.text(insert), rows)


def _pieces(bind: sa.Connection) -> Iterator[list[Any]]:
    statement = sa.text(
        "SELECT tickets.ticket_id, tickets.number, tickets.subject, tickets.description, tickets.external_key,"
        " tickets.external_id, tickets.system, contacts.name, contacts.scheme, contacts.value FROM tickets"
        " JOIN contacts ON contacts.contact_id = tickets.requester_id"
        " WHERE tickets.ticket_id > :after ORDER BY tickets.ticket_id LIMIT :most"
    )
    after = ""
    while found := list(bind.execute(statement, {"after": after, "most": AT_ONCE})):
        yield found
        after = found[-1].ticket_id


def _said(bind: sa.Connection, ticket_ids: list[str]) -> dict[tuple[str, bool], list[str]]:
    statement = sa.text(
        "SELECT ticket_id, public, body, author_name FROM comments WHERE ticket_id IN :ids ORDER BY at DESC"
    ).bindparams(sa.bindparam("ids", expanding=True))
    said: dict[tuple[str, bool], list[str]] = {}
    for row in bind.execute(statement, {"ids": ticket_ids}):
        said.setdefault((row.ticket_id, bool(row.public)), []).append(f"{row.body} {row.author_name}")
    return said


def _row(ticket: Any, said: dict[tuple[str, bool], list[str]]) -> dict[str, Any]:
    email = ticket.value if ticket.scheme == "email" else ""
    title = [
        str(ticket.number),
        ticket.subject,
        ticket.external_key or "",
        ticket.external_id or "",
        ticket.name,
        email,
    ]
    public = [ticket.description, ticket.system or "", *said.get((ticket.ticket_id, True), [])]
    return {
        "ticket_id": ticket.ticket_id,
        "number": ticket.number,
        "title": _worded(title),
        "public": _worded(public),
        "internal": _worded(said.get((ticket.ticket_id, False), [])),
    }


def _worded(parts: list[str]) -> str:
    plain = unicodedata.normalize("NFKD", "\n".join(parts).casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words, left = [], MOST_BYTES
    for match in WORD.finditer(plain):
        word = match[0][:64]
        left -= len(word.encode()) + 1
        if left < 0:
            break
        words.append(word)
    return " ".join(words)


def _vector(*parts: str) -> str:
    places: dict[str, list[str]] = {}
    place = 0
    for weight, part in zip("ABC", parts, strict=False):
        for word in part.split():
            place = min(place + 1, LAST_PLACE)
            if len(places.setdefault(word, [])) < MOST_PLACES:
                places[word].append(f"{place}{weight}")
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before the upgrade.")
