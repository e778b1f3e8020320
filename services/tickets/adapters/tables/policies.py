"""Policies and calendars, a row per version, and the migrations that move open tickets from one version to another."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument


class PolicyRow(Record, table=True):
    """One version of a policy. What it says never changes; `in_force_at` is set once, when it may be given to new tickets."""

    __tablename__ = "policies"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    created_at: datetime
    created_by: str
    in_force_at: datetime | None = None
    enforced_by: str | None = None
    enforced_reason: str | None = None
    because: dict[str, Any] | None = Field(default=None, sa_type=JSONDocument)
    """Why there is this version where nobody wrote it: the calendars that moved, and from which version."""


class PolicySignatureRow(Record, table=True):
    """One side's word for a version of a policy."""

    __tablename__ = "policy_signatures"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    side: str = Field(primary_key=True)
    subject: str
    signed_by: str
    signed_at: datetime
    carried_from: int | None = None
    """The version that was signed, where only a calendar's version is new in this one."""


class CalendarRow(Record, table=True):
    """One version of a calendar; never changed."""

    __tablename__ = "calendars"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    created_at: datetime
    created_by: str
    because: dict[str, Any] | None = Field(default=None, sa_type=JSONDocument)
    """Where its new days come from: a country and the library's version, a file, or by hand."""


class PolicyMigrationRow(Record, table=True):
    """An order to move open tickets to other policy versions; `cursor` and counts are where its runner goes on."""

    __tablename__ = "policy_migrations"
    __table_args__ = (
        Index("ix_policy_migrations_phase", "phase", "created_at"),
        Index("ix_policy_migrations_created", "created_at", "migration_id"),
    )
    migration_id: str = Field(primary_key=True)
    source: str
    destination: str
    moves: dict[str, str] = Field(sa_type=JSONDocument)
    """Policy version -> the one its open tickets move to."""
    retroactive: bool
    goes_on: bool
    """Applied as soon as its dry run has ended, without being asked again."""
    since: datetime | None = None
    """Breaches from here on may owe their being to what is changed in the past; only where retroactive."""
    reason: str
    phase: str
    cursor: str
    total: int
    done: int
    foreseen: dict[str, int] = Field(sa_type=JSONDocument)
    made: dict[str, int] = Field(sa_type=JSONDocument)
    samples: list[dict[str, Any]] = Field(sa_type=JSONDocument)
    created_at: datetime
    created_by: str
    phase_since: datetime
    applied_at: datetime | None = None
    applied_by: str | None = None
    undone_at: datetime | None = None
    undone_by: str | None = None
    problem: str | None = None


class PolicyMigrationTicketRow(Record, table=True):
    """A ticket that a migration has moved, and the moment that did it."""

    __tablename__ = "policy_migration_tickets"
    migration_id: str = Field(primary_key=True)
    ticket_id: str = Field(primary_key=True)
    moment_id: str
