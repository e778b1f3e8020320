"""Tickets, what was said on them and who asked. Ids are UUIDv7 text."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""`next_due_at` of a ticket with no clock that is due some day: it comes last in the queue, and no page needs a null."""
PENDING_CASCADE = text("done_at IS NULL")
SHARED = text("shared")
IN_BATCH = text("batch_id IS NOT NULL")


class TicketRow(Record, table=True):
    """`next_due_at` is the earliest due time of the clocks that still count; whoever writes clocks keeps it."""

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
        Index("ix_tickets_requester", "requester_id", "opened_at", "ticket_id"),
        Index("ix_tickets_due", "next_due_at", "ticket_id"),
        Index("ix_tickets_updated", "updated_at", "ticket_id"),
        Index("ix_tickets_team", "team", "opened_at", "ticket_id"),
        Index("ix_tickets_assignee", "assignee", "status", "next_due_at", "ticket_id"),
        # What the queue's tabs count: the ranges of open statuses hold all that is asked, and solved ones are never read.
        Index("ix_tickets_open", "status", "priority", "assignee"),
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
    team: str | None = None
    impact: str | None = None
    cause: str | None = None
    minutes_lost: int | None = None
    major: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    parent_id: str | None = None
    waits_for: str | None = None
    solved_with: str | None = None
    merged_into: str | None = None
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
    updated_at: datetime = Field(sa_column_kwargs={"server_default": "1970-01-01 00:00:00.000000"})
    next_due_at: datetime = Field(default=NEVER, sa_column_kwargs={"server_default": "9999-01-01 00:00:00.000000"})
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
    moment_id: str | None = None
    """What this comment meant to the clocks, so that taking it back takes that back."""
    edited_at: datetime | None = None
    retracted_at: datetime | None = None
    retracted_by: str | None = None


class CommentEditRow(Record, table=True):
    """What a comment said before it was changed."""

    __tablename__ = "comment_edits"
    __table_args__ = (Index("ix_comment_edits_comment", "comment_id", "edit_id"),)
    edit_id: str = Field(primary_key=True)
    comment_id: str = Field(foreign_key="comments.comment_id")
    body: str
    public: bool
    edited_at: datetime
    edited_by: str


class LinkRow(Record, table=True):
    """A link as seen from one of its two tickets; the other one's row says the inverse."""

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_made", "ticket_id", "kind", "other_id", "made_at"),)
    ticket_id: str = Field(primary_key=True, foreign_key="tickets.ticket_id")
    kind: str = Field(primary_key=True)
    other_id: str = Field(primary_key=True, foreign_key="tickets.ticket_id")
    made_at: datetime
    made_by: str


class CascadeRow(Record, table=True):
    """What a major incident does to its children, as an intent: a worker carries it out some children at a time."""

    __tablename__ = "cascades"
    __table_args__ = (
        Index("ix_cascades_pending", "cascade_id", sqlite_where=PENDING_CASCADE, postgresql_where=PENDING_CASCADE),
    )
    cascade_id: str = Field(primary_key=True)
    parent_id: str = Field(foreign_key="tickets.ticket_id")
    kind: str
    at: datetime
    actor: str
    comment_id: str | None = None
    after_child: str = ""
    reached: int = 0
    recorded_at: datetime
    done_at: datetime | None = None


class EntryRow(Record, table=True):
    """The history that people read."""

    __tablename__ = "history"
    __table_args__ = (
        Index("ix_history_ticket", "ticket_id", "entry_id"),
        Index("ix_history_batch", "batch_id", sqlite_where=IN_BATCH, postgresql_where=IN_BATCH),
    )
    entry_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    at: datetime
    observed_at: datetime
    kind: str
    actor: str
    detail: dict[str, Any] = Field(sa_type=JSONDocument)
    batch_id: str | None = None


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


class ViewRow(Record, table=True):
    """A saved cut of the queue. `query` is what follows the `?` of the list's address."""

    __tablename__ = "views"
    __table_args__ = (Index("ix_views_shared", "name", unique=True, sqlite_where=SHARED, postgresql_where=SHARED),)
    owner: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    query: str
    shared: bool
    owner_name: str
    updated_at: datetime


class TeamRow(Record, table=True):
    """Who works on tickets together. `members` are e-mail addresses, as `assignee` is."""

    __tablename__ = "teams"
    name: str = Field(primary_key=True)
    email: str | None
    lead: str | None
    members: list[str] = Field(sa_type=JSONDocument)
    version: int
    updated_at: datetime
    updated_by: str
