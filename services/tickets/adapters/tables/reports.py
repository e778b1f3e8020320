"""Results of cycles with their counters, exemptions, what-if runs, monthly reviews and recognitions."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument

STANDS = text("revoked_at IS NULL")
UNFOLDED = text("folded = false")
UNFOLDED_ON_SQLITE = text("folded = 0")
WAITING = text("state IN ('queued', 'running')")


class ClockResultRow(Record, table=True):
    """What a cycle came to: it was breached, finished, or both. Empty text: nobody, none."""

    __tablename__ = "clock_results"
    __table_args__ = (
        Index("ix_clock_results_ticket", "ticket_id"),
        # Holds all that percentiles read, so that they never touch the rows themselves.
        Index(
            "ix_clock_results_figures",
            "decided_at",
            "counts_as",
            "target",
            "priority",
            "team",
            "agent",
            "policy",
            "policy_version",
            "rollout",
            "wave",
            "elapsed_seconds",
            "overdue_seconds",
            "exempted",
        ),
    )
    clock_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    policy: str
    policy_version: int
    rule: str
    team: str
    agent: str
    priority: str
    target: str
    rollout: str
    wave: str
    source: str
    target_seconds: float
    outcome: str
    counts_as: str
    decided_at: datetime
    decided_on: date
    breached_at: datetime | None
    finished_at: datetime | None
    elapsed_seconds: float | None
    overdue_seconds: float | None
    cancelled_because: str | None
    exempted: bool


class ResultCountRow(Record, table=True):
    """A part of a day's counter. A change adds a part and locks nobody's; parts are folded together later."""

    __tablename__ = "result_counts"
    __table_args__ = (
        Index("ix_result_counts_day", "per_agent", "day"),
        Index("ix_result_counts_parts", "count_id", sqlite_where=UNFOLDED_ON_SQLITE, postgresql_where=UNFOLDED),
    )
    count_id: str = Field(primary_key=True)
    """Of a folded row: made from its key, so that there is one."""
    folded: bool
    per_agent: bool
    day: date
    policy: str
    policy_version: int
    team: str
    agent: str
    priority: str
    target: str
    rollout: str
    wave: str
    met: int
    breached: int
    exempted: int
    open_overdue: int
    cancelled: int


class ExemptionRow(Record, table=True):
    """A breach forgiven by name and with a reason. Never deleted: revoking is written beside it."""

    __tablename__ = "exemptions"
    __table_args__ = (
        Index("ix_exemptions_clock", "clock_id", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
        Index("ix_exemptions_given", "given_at", "exemption_id"),
    )
    exemption_id: str = Field(primary_key=True)
    clock_id: str
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    target: str
    breached_at: datetime
    reason: str
    given_at: datetime
    given_by: str
    given_by_subject: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None


class WhatIfRow(Record, table=True):
    """A replay of history against another policy: how far it is and what it found."""

    __tablename__ = "what_ifs"
    __table_args__ = (
        Index("ix_what_ifs_waiting", "what_if_id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_what_ifs_asked", "asked_at", "what_if_id"),
    )
    what_if_id: str = Field(primary_key=True)
    policy: str
    """As asked for: `name@version`, or the name that the draft goes by."""
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    """The policy as it is replayed, calendars included: an edit in between changes nothing."""
    instead_of: str | None
    began_at: datetime
    ended_at: datetime
    until: datetime
    """Open clocks are looked at as of this instant, on both sides alike."""
    state: str
    total: int
    done: int
    cursor_at: datetime | None
    cursor_id: str | None
    tally: dict[str, Any] = Field(sa_type=JSONDocument)
    problem: str | None
    asked_at: datetime
    asked_by: str
    finished_at: datetime | None


class ReviewRow(Record, table=True):
    """A month's review once somebody has signed it: what was seen, word for word."""

    __tablename__ = "reviews"
    month: str = Field(primary_key=True)
    fingerprint: str
    snapshot: dict[str, Any] = Field(sa_type=JSONDocument)
    taken_at: datetime
    frozen_at: datetime | None


class ReviewSignatureRow(Record, table=True):
    """One side's name under what it saw. A signature under other figures than the snapshot's has lapsed."""

    __tablename__ = "review_signatures"
    __table_args__ = (UniqueConstraint("month", "side", "fingerprint"),)
    signature_id: str = Field(primary_key=True)
    month: str
    side: str
    fingerprint: str
    signed_at: datetime
    signed_by: str
    signed_by_subject: str


class ReviewCommentRow(Record, table=True):
    __tablename__ = "review_comments"
    __table_args__ = (Index("ix_review_comments_month", "month", "comment_id"),)
    comment_id: str = Field(primary_key=True)
    month: str
    at: datetime
    author: str
    body: str


class RecognitionRow(Record, table=True):
    """Thanks that were said, once per kind, month and receiver."""

    __tablename__ = "recognitions"
    __table_args__ = (
        UniqueConstraint("kind", "receiver", "month"),
        Index("ix_recognitions_given", "given_at", "recognition_id"),
        Index("ix_recognitions_person", "person_id"),
    )
    recognition_id: str = Field(primary_key=True)
    kind: str
    receiver: str
    """An agent as tickets name them, or `team:<name>`; in lower case."""
    person_id: str | None
    month: str
    message: str
    told: list[str] = Field(sa_type=JSONDocument)
    """Who was told: `person`, `manager`, `lead`."""
    given_at: datetime
    given_by: str


class RecognitionRefusalRow(Record, table=True):
    """Somebody who does not want to be recognised; an address in lower case."""

    __tablename__ = "recognition_refusals"
    receiver: str = Field(primary_key=True)
    refused_at: datetime
