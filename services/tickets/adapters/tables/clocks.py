"""What clocks are a function of, the clocks as last run, and the ledger of breaches. A clock is `<ticket>:<target>:<cycle>`."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument

# What the timer waits for: few rows of many, and the index holds no others.
PENDING = text("state = 'running' AND breached_at IS NULL")


STANDS = text("withdrawn_at IS NULL")


class MomentRow(Record, table=True):
    """What the clocks are a function of; rows are only ever added."""

    __tablename__ = "moments"
    __table_args__ = (Index("ix_moments_ticket", "ticket_id", "at"),)
    moment_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    kind: str
    at: datetime
    observed_at: datetime
    value: str


class ClockRow(Record, table=True):
    """A clock as last run; `due_at` is trusted by the timer, everything else can be run again from the moments."""

    __tablename__ = "clocks"
    __table_args__ = (
        UniqueConstraint("ticket_id", "target", "cycle"),
        CheckConstraint("state IN ('running', 'paused', 'settled', 'cancelled')", name="state"),
        Index("ix_clocks_due", "due_at", "clock_id", sqlite_where=PENDING, postgresql_where=PENDING),
    )
    clock_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    target: str
    cycle: int
    started_at: datetime
    target_seconds: float
    state: str
    stops: list[dict[str, Any]] = Field(sa_type=JSONDocument)
    due_at: datetime | None
    breached_at: datetime | None
    cause: str
    settled_at: datetime | None
    answered: bool


class BreachRow(Record, table=True):
    """The ledger: a breach is written once and never changed, except that one may be withdrawn, which is written too."""

    __tablename__ = "breaches"
    __table_args__ = (
        Index("ix_breaches_clock", "clock_id", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
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
