"""The tables that make effects happen exactly once, declared on each service's own metadata.

`outbox`      events to publish, written in the transaction of the change they tell of
`inbox`       which event a consumer has handled, written in the transaction of its effect
`quarantine`  messages that could not be handled, with the reason; replayable
`idempotency` answers to POSTs that carried an Idempotency-Key
`relay_state` which server and stream the relay last published to
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

from shared.clock import require_aware


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds on both engines; a naive value is refused where it is written."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = require_aware(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts only INTEGER primary keys up by itself; PostgreSQL needs 64 bits.
Sequence64 = BigInteger().with_variant(Integer(), "sqlite")


class Plumbing:
    """The plumbing tables of one service. Attributes are SQLAlchemy Core tables."""

    def __init__(self, metadata: MetaData) -> None:
        self.outbox = Table(
            "outbox",
            metadata,
            Column("position", Sequence64, primary_key=True, autoincrement=True),
            Column("event_id", String(36), nullable=False, unique=True),
            Column("subject", Text, nullable=False),
            Column("body", LargeBinary, nullable=False),
            Column("traceparent", String(64), nullable=True),
            Column("recorded_at", Instant, nullable=False),
            Column("sent_at", Instant, nullable=True),
        )
        unsent = self.outbox.c.sent_at.is_(None)
        Index("ix_outbox_unsent", self.outbox.c.position, sqlite_where=unsent, postgresql_where=unsent)
        Index("ix_outbox_sent_at", self.outbox.c.sent_at)
        self.inbox = Table(
            "inbox",
            metadata,
            Column("consumer", String(80), primary_key=True),
            Column("event_id", String(80), primary_key=True),
            Column("handled_at", Instant, nullable=False, index=True),
        )
        self.quarantine = Table(
            "message_quarantine",
            metadata,
            Column("id", String(36), primary_key=True),
            Column("consumer", String(80), nullable=False),
            Column("event_id", String(80), nullable=False),
            Column("subject", Text, nullable=False),
            Column("body", LargeBinary, nullable=False),
            Column("reason", Text, nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("quarantined_at", Instant, nullable=False),
            Column("replayed_at", Instant, nullable=True),
        )
        Index("ix_message_quarantine_event", self.quarantine.c.consumer, self.quarantine.c.event_id, unique=True)
        self.idempotency = Table(
            "idempotency",
            metadata,
            Column("caller", String(120), primary_key=True),
            Column("key", String(255), primary_key=True),
            Column("request_hash", String(64), nullable=False),
            Column("status", Integer, nullable=False),
            Column("headers", Text, nullable=False),
            Column("body", LargeBinary, nullable=True),
            Column("stored_at", Instant, nullable=False, index=True),
        )
        self.relay_state = Table(
            "relay_state",
            metadata,
            Column("stream", String(40), primary_key=True),
            Column("server_id", String(80), nullable=False),
            Column("stream_created", String(40), nullable=False),
        )
