"""What clocks are a function of, the clocks as last run, the ledger of breaches, and what was done about them.

A clock is `<ticket>:<target>:<cycle>`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument

# What the timer waits for: few rows of many, and the index holds no others.
PENDING = text("state = 'running' AND breached_at IS NULL")
WAKES = text("wakes_at IS NOT NULL")
PAUSED = text("state = 'paused' AND breached_at IS NULL")
OVERDUE = text("state IN ('running', 'paused') AND breached_at IS NOT NULL")

STANDS = text("withdrawn_at IS NULL")
UNCONFIRMED = text("confirmed_at IS NULL AND withdrawn_at IS NULL AND source IS NOT NULL")
WAITING = text("sent_at IS NULL AND gave_up_at IS NULL")
EMPTY_LIST = {"server_default": "[]"}
EMPTY_TEXT = {"server_default": ""}


class MomentRow(Record, table=True):
    """What the clocks are a function of; rows are added, and one that was taken back says since when."""

    __tablename__ = "moments"
    __table_args__ = (Index("ix_moments_ticket", "ticket_id", "at"),)
    moment_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    kind: str
    at: datetime
    observed_at: datetime
    value: str
    detail: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONDocument, sa_column_kwargs={"server_default": "{}"}
    )
    taken_back_at: datetime | None = None


class ClockRow(Record, table=True):
    """A clock as last run; `due_at` is trusted by the timer, everything else can be run again from the moments.

    Two thresholds are waited for, each by an index that holds nothing else: a pending clock's `due_at` (the breach, which
    nothing may delay) and `wakes_at`, the next step of its escalation ladder.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        UniqueConstraint("ticket_id", "target", "cycle"),
        CheckConstraint("state IN ('running', 'paused', 'settled', 'cancelled')", name="state"),
        Index("ix_clocks_due", "due_at", "clock_id", sqlite_where=PENDING, postgresql_where=PENDING),
        Index("ix_clocks_wakes", "wakes_at", "clock_id", sqlite_where=WAKES, postgresql_where=WAKES),
        Index("ix_clocks_paused", "clock_id", sqlite_where=PAUSED, postgresql_where=PAUSED),
        Index("ix_clocks_overdue", "breached_at", "clock_id", sqlite_where=OVERDUE, postgresql_where=OVERDUE),
    )
    clock_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    target: str
    cycle: int
    started_at: datetime
    target_seconds: float
    """0: the target is not promised now."""
    state: str
    stops: list[dict[str, Any]] = Field(sa_type=JSONDocument)
    due_at: datetime | None
    breached_at: datetime | None
    cause: str
    settled_at: datetime | None
    answered: bool
    wakes_at: datetime | None = None
    team: str | None = None
    """Whose holding of the ticket an `ola` clock measures."""
    hours: list[list[str | None]] = Field(default_factory=list, sa_type=JSONDocument, sa_column_kwargs=EMPTY_LIST)
    """`[[since, "berlin@4"], …]`: which calendar counts from which instant on; the first from the beginning (null)."""
    rule: str = Field(default="", sa_column_kwargs=EMPTY_TEXT)
    policy: str = Field(default="", sa_column_kwargs=EMPTY_TEXT)
    cancelled_because: str | None = None
    would_not_have_breached: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class BreachRow(Record, table=True):
    """The ledger: a breach is written once and never changed, except that one may be confirmed or withdrawn, which is written
    too. `confirmed_at` is None while the source's watermark has not passed `breached_at`."""

    __tablename__ = "breaches"
    __table_args__ = (
        Index("ix_breaches_clock", "clock_id", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
        Index(
            "ix_breaches_unconfirmed", "source", "breached_at", sqlite_where=UNCONFIRMED, postgresql_where=UNCONFIRMED
        ),
    )
    breach_id: str = Field(primary_key=True)
    clock_id: str
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    priority: str
    policy: str
    cause: str
    breached_at: datetime
    detected_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = None
    source: str | None = None
    confirmed_at: datetime | None = None
    would_not_have_breached: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class WatermarkRow(Record, table=True):
    """Up to where a source has been read in full; sources without a row are not waited for."""

    __tablename__ = "watermarks"
    source: str = Field(primary_key=True)
    synced_until: datetime
    told_at: datetime
    told_by: str


class EscalationRow(Record, table=True):
    """A step of a ladder that was fired: once per clock (a cycle is a clock), threshold and occurrence."""

    __tablename__ = "escalations"
    __table_args__ = (
        UniqueConstraint("clock_id", "threshold", "occurrence"),
        Index("ix_escalations_ticket", "ticket_id", "fires_at", "escalation_id"),
    )
    escalation_id: str = Field(primary_key=True)
    clock_id: str
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    threshold: str
    """`Step.threshold`, e.g. `75% business lead`."""
    occurrence: int
    fires_at: datetime
    fired_at: datetime
    told: list[str] = Field(sa_type=JSONDocument)
    """E-mail addresses, and webhooks as `webhook:name`; empty with a `reason` where nobody was."""
    reason: str | None = None


class WebhookRow(Record, table=True):
    """Where escalations are posted to. The secret signs; it is sealed for this row."""

    __tablename__ = "webhooks"
    name: str = Field(primary_key=True)
    url: str
    secret: str
    changed_at: datetime
    changed_by: str


class OutgoingRow(Record, table=True):
    """A post to a webhook: recorded with its cause, sent by a worker until it is taken or given up."""

    __tablename__ = "outgoing"
    __table_args__ = (Index("ix_outgoing_waiting", "try_at", sqlite_where=WAITING, postgresql_where=WAITING),)
    message_id: str = Field(primary_key=True)
    webhook: str
    body: str
    recorded_at: datetime
    try_at: datetime
    attempts: int
    sent_at: datetime | None = None
    gave_up_at: datetime | None = None
    problem: str | None = None
