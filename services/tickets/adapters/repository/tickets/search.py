"""Full text over tickets, one document each, written in the transaction of the change: FTS5 on SQLite, tsvector on PostgreSQL.

Both are given the same words (`domain.wording`), so both find the same tickets. What only the desk reads is in columns of its
own, which a question of anybody else never touches.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Integer, Label, Select, cast, column, func, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlmodel import col

from services.tickets.adapters.tables import CommentRow, ContactRow, TicketRow
from services.tickets.domain.wording import Document, Question, words_of
from shared.database import UnitOfWork, chunks

MOST_PLACES = 8
"""Of one word in one document; more of them hardly change its rank."""
LAST_PLACE = 16_383
PRECISION = 1_000_000
Joined = Callable[[Any], ColumnElement[bool]]


class _Engine(Protocol):
    async def put(self, documents: Sequence[Document]) -> None: ...

    def matches(self, question: Question, *, internal_too: bool) -> tuple[Select[Any], Joined, Any]:
        """The tickets that match, how to join them, and their score."""
        ...


class SearchIndex:
    """Keeps the documents and narrows a list of tickets down to those that hold all words."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session
        self._engine = _Sqlite(work) if work.dialect == "sqlite" else _Postgresql(work)

    async def index(self, ticket_ids: Collection[str]) -> None:
        """Write these tickets' documents anew, as the tables say in this transaction."""
        for some in chunks(sorted(set(ticket_ids))):
            await self._engine.put(await self._documents(some))

    def narrow(
        self, statement: Select[Any], question: Question, *, internal_too: bool
    ) -> tuple[Select[Any], ColumnElement[Any]]:
        """Of a statement about tickets those that match, and how well they do, as a whole number."""
        matches, joined, score = self._engine.matches(question, internal_too=internal_too)
        found = matches.add_columns(score).subquery("found")
        return statement.join(found, joined(found)), found.c.score

    async def _documents(self, ticket_ids: Sequence[str]) -> list[Document]:
        said: dict[str, dict[bool, list[str]]] = {}
        statement = (
            select(col(CommentRow.ticket_id), col(CommentRow.public), col(CommentRow.body), col(CommentRow.author_name))
            .where(col(CommentRow.ticket_id).in_(ticket_ids), col(CommentRow.retracted_at).is_(None))
            .order_by(col(CommentRow.ticket_id), col(CommentRow.at).desc())
        )
        for ticket_id, public, body, author in (await self._session.execute(statement)).all():
            said.setdefault(ticket_id, {True: [], False: []})[public].append(f"{body} {author}")
        tickets = (
            select(TicketRow, ContactRow)
            .join(ContactRow, col(ContactRow.contact_id) == col(TicketRow.requester_id))
            .where(col(TicketRow.ticket_id).in_(ticket_ids))
        )
        found = (await self._session.execute(tickets, execution_options={"populate_existing": True})).all()
        return [
            _document(ticket, contact, said.get(ticket.ticket_id, {True: [], False: []})) for ticket, contact in found
        ]


def _document(ticket: TicketRow, requester: ContactRow, said: dict[bool, list[str]]) -> Document:
    asked_by = [requester.name, requester.value if requester.scheme == "email" else ""]
    title = [str(ticket.number), ticket.subject, ticket.external_key or "", ticket.external_id or "", *asked_by]
    public = [ticket.description, ticket.impact or "", ticket.system or "", *ticket.tags, *said[True]]
    return Document(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        title=_worded(title),
        public=_worded(public),
        internal=_worded([ticket.cause or "", *said[False]]),
    )


def _worded(parts: Iterable[str]) -> str:
    return " ".join(words_of("\n".join(parts)))


class _Sqlite:
    """FTS5; the row's id is the ticket's number."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def put(self, documents: Sequence[Document]) -> None:
        if not documents:
            return
        await self._session.execute(
            text("DELETE FROM search_fts WHERE rowid = :number"), [{"number": each.number} for each in documents]
        )
        await self._session.execute(
            text(
                "INSERT INTO search_fts (rowid, title, public, internal) VALUES (:number, :title, :public, :internal)"
            ),
            [
                {"number": each.number, "title": each.title, "public": each.public, "internal": each.internal}
                for each in documents
            ],
        )

    def matches(self, question: Question, *, internal_too: bool) -> tuple[Select[Any], Joined, Any]:
        words = [f'"{word}"' for word in question.words]
        asked = " AND ".join(words) + ("*" if question.prefix else "")
        if not internal_too:
            asked = f"{{title public}} : ({asked})"
        # `rank` is bm25 with the weights of the migration: the smaller the better.
        score = cast(func.round(literal_column("rank") * -PRECISION), Integer).label("score")
        number: Label[Any] = literal_column("rowid").label("number")
        fts = table("search_fts")
        statement = select(number).select_from(fts).where(text("search_fts MATCH :asked").bindparams(asked=asked))
        return statement, lambda found: found.c.number == col(TicketRow.number), score


class _Postgresql:
    """Two vectors, made of our words without the server's parser; the desk's own one holds everything."""

    def __init__(self, work: UnitOfWork) -> None:
        self._session = work.session

    async def put(self, documents: Sequence[Document]) -> None:
        if not documents:
            return
        statement = text(
            "INSERT INTO search_fts (ticket_id, public, staff)"
            " VALUES (:ticket_id, CAST(:public AS tsvector), CAST(:staff AS tsvector))"
            " ON CONFLICT (ticket_id) DO UPDATE SET public = excluded.public, staff = excluded.staff"
        )
        await self._session.execute(
            statement,
            [
                {
                    "ticket_id": each.ticket_id,
                    "public": _vector(each.title, each.public),
                    "staff": _vector(each.title, each.public, each.internal),
                }
                for each in documents
            ],
        )

    def matches(self, question: Question, *, internal_too: bool) -> tuple[Select[Any], Joined, Any]:
        words = [f"'{word}'" for word in question.words]
        query = cast(" & ".join(words) + (":*" if question.prefix else ""), TSQUERY)
        vector = column("staff" if internal_too else "public", TSVECTOR)
        score = cast(func.round(func.ts_rank(vector, query) * PRECISION), Integer).label("score")
        statement: Select[Any] = (
            select(column("ticket_id")).select_from(table("search_fts")).where(vector.op("@@")(query))
        )
        return statement, lambda found: found.c.ticket_id == col(TicketRow.ticket_id), score


def _vector(*parts: str) -> str:
    """A tsvector as text: words with their places, the title's weighing most."""
    places: dict[str, list[str]] = {}
    place = 0
    for weight, part in zip("ABC", parts, strict=False):
        for word in part.split():
            place = min(place + 1, LAST_PLACE)
            if len(places.setdefault(word, [])) < MOST_PLACES:
                places[word].append(f"{place}{weight}")
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
