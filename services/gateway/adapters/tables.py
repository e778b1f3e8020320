"""The gateway's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, MetaData, Text, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import JSON, Field, SQLModel

from shared.database import NAMING_CONVENTION, Instant, JSONDocument, Plumbing


class Record(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """This service's own metadata."""


metadata = Record.metadata
plumbing = Plumbing(metadata)
# Not JSONB: a vendor's text may hold an escaped NUL, which JSONB refuses.
PLAIN_JSON = JSON(none_as_null=True)


class SourceRow(Record, table=True):
    """One outside system that sends to `/hooks/{name}`."""

    __tablename__ = "sources"
    __table_args__ = (CheckConstraint("kind IN ('lms', 'helpdesk')", name="kind"),)

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(unique=True, max_length=63)
    vendor: str = Field(max_length=80)
    kind: str = Field(max_length=16)
    enabled: bool = True
    vendor_file: dict[str, Any] = Field(sa_type=JSONDocument)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class SourceSecretRow(Record, table=True):
    """A live secret of a source, sealed with its own id as associated data. `place` 0 is the newest."""

    __tablename__ = "source_secrets"
    __table_args__ = (UniqueConstraint("source_id", "place"),)

    id: str = Field(primary_key=True, max_length=36)
    source_id: str = Field(foreign_key="sources.id", max_length=36)
    place: int
    sealed: bytes = Field(sa_type=LargeBinary)
    added_at: datetime = Field(sa_type=Instant)


class DeliveryRow(Record, table=True):
    """A verified delivery and what it turned out to mean. `dedupe_key` is cleared once the key may be used again."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("source_id", "dedupe_key"),
        Index("ix_deliveries_source_outcome", "source", "outcome", "id"),
        Index(
            "ix_deliveries_with_body",
            "received_at",
            sqlite_where=text("body IS NOT NULL"),
            postgresql_where=text("body IS NOT NULL"),
        ),
        CheckConstraint("outcome IN ('waiting', 'applied', 'ignored', 'quarantined')", name="outcome"),
    )

    id: str = Field(primary_key=True, max_length=36)
    source_id: str = Field(max_length=36)
    source: str = Field(max_length=63)
    vendor: str = Field(max_length=80)
    kind: str = Field(max_length=16)
    dedupe_key: str | None = Field(default=None, max_length=255)
    dedupe_until: datetime = Field(sa_type=Instant)
    content_hash: str = Field(max_length=64)
    content_type: str = Field(max_length=255)
    headers: dict[str, str] = Field(sa_type=PLAIN_JSON)
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    size: int
    received_at: datetime = Field(sa_type=Instant)
    outcome: str = Field(default="waiting", max_length=16)
    facts: list[dict[str, Any]] | None = Field(default=None, sa_type=PLAIN_JSON)
    reason: str | None = Field(default=None, sa_type=Text)
    understood_at: datetime | None = Field(default=None, sa_type=Instant)
    replays: int = 0


class QuarantinedRow(Record, table=True):
    """A delivery that was refused or not understood. `sealed` holds headers and body of a refused one."""

    __tablename__ = "quarantined_deliveries"
    __table_args__ = (
        UniqueConstraint("source_id", "fingerprint"),
        Index("ix_quarantined_deliveries_held", "source_id", "state", "id"),
        CheckConstraint("stage IN ('signature', 'body', 'meaning')", name="stage"),
        CheckConstraint("state IN ('held', 'released')", name="state"),
    )

    id: str = Field(primary_key=True, max_length=36)
    source_id: str = Field(max_length=36)
    source: str = Field(max_length=63)
    vendor: str = Field(max_length=80)
    stage: str = Field(max_length=16)
    reason: str = Field(sa_type=Text)
    fingerprint: str = Field(max_length=80)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    size: int
    times: int = 1
    received_at: datetime = Field(sa_type=Instant)
    last_received_at: datetime = Field(sa_type=Instant)
    state: str = Field(default="held", max_length=16)
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    delivery_id: str | None = Field(default=None, max_length=36, index=True)


class ApiKeyRow(Record, table=True):
    """An API key; of its text only a keyed hash and a hint are kept."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=200)
    hint: str = Field(max_length=16)
    hash: str = Field(unique=True, max_length=64)
    roles: list[str] = Field(sa_type=PLAIN_JSON)
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=200)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_by: str | None = Field(default=None, max_length=200)


class NoticeRow(Record, table=True):
    """An e-mail to be sent. The link is kept as what it leads to; its token exists only in the e-mail."""

    __tablename__ = "notices"
    __table_args__ = (
        Index(
            "ix_notices_due",
            "next_attempt_at",
            sqlite_where=text("state IN ('waiting', 'undeliverable')"),
            postgresql_where=text("state IN ('waiting', 'undeliverable')"),
        ),
        CheckConstraint("state IN ('waiting', 'undeliverable', 'sent', 'failed', 'expired')", name="state"),
    )

    id: str = Field(primary_key=True, max_length=80)
    owner: str = Field(max_length=40)
    person_id: str | None = Field(default=None, max_length=80, index=True)
    to_email: str = Field(max_length=320)
    to_name: str = Field(max_length=400)
    subject: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    link: dict[str, Any] | None = Field(default=None, sa_type=PLAIN_JSON)
    thread: dict[str, Any] | None = Field(default=None, sa_type=PLAIN_JSON)
    rollout: str | None = Field(default=None, max_length=200)
    wave: str | None = Field(default=None, max_length=200)
    state: str = Field(default="waiting", max_length=16)
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=Instant)
    requested_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = Field(default=None, sa_type=Text)


class LoginLinkRow(Record, table=True):
    """A one-time login link, by the hash of its token."""

    __tablename__ = "login_links"

    hash: str = Field(primary_key=True, max_length=64)
    subject: str = Field(max_length=200)
    name: str = Field(max_length=200)
    email: str | None = Field(default=None, max_length=320)
    roles: list[str] = Field(sa_type=PLAIN_JSON)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class SessionRow(Record, table=True):
    """Somebody signed in to the console, by the hash of the cookie."""

    __tablename__ = "sessions"

    hash: str = Field(primary_key=True, max_length=64)
    subject: str = Field(max_length=200)
    name: str = Field(max_length=200)
    email: str | None = Field(default=None, max_length=320)
    roles: list[str] = Field(sa_type=PLAIN_JSON)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class ClockRow(Record, table=True):
    """The demo's business clock as it was last stepped; one row."""

    __tablename__ = "business_clock"

    clock: str = Field(primary_key=True, max_length=16)
    offset_seconds: float
    version: int
