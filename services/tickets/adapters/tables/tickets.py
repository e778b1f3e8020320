"""Tickets, what was said on them and who asked. Ids are UUIDv7 text."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument


class TicketRow(Record, table=True):
    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint(
            "status IN ('new', 'open', 'pending', 'on_hold', 'solved', 'closed', 'unknown')", name="status"
        ),
        CheckConstraint("priority IN ('P1', 'P2', 'P3', 'P4')", name="priority"),
        Index("ix_tickets_opened", "opened_at", "ticket_id"),
        Index("ix_tickets_status", "status", "opened_at", "ticket_id"),
        Index("ix_tickets_wave", "rollout", "wave", "opened_at", "ticket_id"),
        Index("ix_tickets_requester", "requester_id"),
    )
    ticket_id: str = Field(primary_key=True)
    number: int = Field(unique=True)
    subject: str
    description: str
    status: str
    vendor_status: str | None
    priority: str
    kind: str
    requester_id: str = Field(foreign_key="contacts.contact_id")
    assignee: str | None
    tags: list[str] = Field(sa_type=JSONDocument)
    course: str | None
    system: str | None
    rollout: str | None
    wave: str | None
    rule: str | None
    by_hand: bool
    source: str | None
    external_id: str | None
    external_key: str | None
    policy_name: str
    policy_version: int
    opened_at: datetime
    solved_at: datetime | None
    deleted_at: datetime | None
    version: int
    told_at: dict[str, str] = Field(sa_type=JSONDocument)
    """Field -> the remote time it was told at."""


class CommentRow(Record, table=True):
    __tablename__ = "comments"
    __table_args__ = (UniqueConstraint("ticket_id", "external_id"), Index("ix_comments_ticket", "ticket_id", "at"))
    comment_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    at: datetime
    said_at: datetime | None
    observed_at: datetime
    author_id: str | None
    author_name: str
    author_role: str
    public: bool
    body: str
    external_id: str | None


class EntryRow(Record, table=True):
    """The history that people read."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_ticket", "ticket_id", "entry_id"),)
    entry_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    at: datetime
    observed_at: datetime
    kind: str
    actor: str
    detail: dict[str, Any] = Field(sa_type=JSONDocument)


class ContactRow(Record, table=True):
    """How a person was named, known to the directory or not. `system` is a source's name, empty for e-mail addresses."""

    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("system", "scheme", "value"), Index("ix_contacts_person", "person_id"))
    contact_id: str = Field(primary_key=True)
    system: str
    scheme: str
    value: str
    name: str
    person_id: str | None = None


class CounterRow(Record, table=True):
    __tablename__ = "counters"
    name: str = Field(primary_key=True)
    value: int
