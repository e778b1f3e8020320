"""Outside helpdesks: how they are reached, which tickets are theirs as well, and what they are still to be told."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument

READ_WANTED = text("read_wanted")
UNFINISHED = text("state IN ('waiting', 'attempted')")
REFUSED = text("state = 'refused'")
UNSOLVED = text("solved_at IS NULL")
UNFINISHED_RUN = text("finished_at IS NULL")


class ConnectorRow(Record, table=True):
    """`version` counts changes that people make; how its calls go (everything from `cursor` on) is no new version."""

    __tablename__ = "connectors"
    __table_args__ = (CheckConstraint("mode IN ('read_only', 'two_way')", name="mode"),)
    name: str = Field(primary_key=True)
    vendor: str
    base_url: str
    settings: dict[str, str] = Field(sa_type=JSONDocument)
    credential: str | None
    """Sealed for this row."""
    credential_kind: str | None
    mode: str
    enabled: bool
    filters: dict[str, Any] = Field(sa_type=JSONDocument)
    ownership: dict[str, str] = Field(sa_type=JSONDocument)
    exports: list[str] = Field(sa_type=JSONDocument)
    poll_seconds: int
    version: int
    created_at: datetime
    changed_at: datetime
    changed_by: str
    cursor: dict[str, Any] = Field(sa_type=JSONDocument)
    poll_wanted: bool
    poll_started_at: datetime | None
    polled_at: datetime | None
    next_call_at: datetime | None
    failures: int
    problem: str | None
    problem_since: datetime | None
    delivered_at: datetime | None
    usual_gap_seconds: float | None
    found: int


class RemoteLinkRow(Record, table=True):
    """A ticket that is at a helpdesk as well; see `domain.sync.RemoteLink`."""

    __tablename__ = "remote_links"
    __table_args__ = (
        UniqueConstraint("connector", "external_id"),
        Index("ix_remote_links_read", "connector", "ticket_id", sqlite_where=READ_WANTED, postgresql_where=READ_WANTED),
    )
    ticket_id: str = Field(primary_key=True, foreign_key="tickets.ticket_id")
    connector: str
    external_id: str | None
    ours: dict[str, str] = Field(sa_type=JSONDocument)
    theirs: dict[str, str] = Field(sa_type=JSONDocument)
    theirs_at: dict[str, str] = Field(sa_type=JSONDocument)
    ours_at: dict[str, str] = Field(sa_type=JSONDocument)
    ownership: dict[str, str] = Field(sa_type=JSONDocument)
    seen_at: datetime | None
    comments_read_at: datetime | None
    read_wanted: bool
    gone_at: datetime | None
    linked_at: datetime


class RemoteWriteRow(Record, table=True):
    """What a helpdesk is to be told. Unfinished ones and refused ones are few, and have indexes that hold no others."""

    __tablename__ = "remote_writes"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'attempted', 'done', 'refused', 'discarded')", name="state"),
        Index("ix_remote_writes_due", "connector", "write_id", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
        Index("ix_remote_writes_turn", "ticket_id", "write_id", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
        Index("ix_remote_writes_refused", "connector", "write_id", sqlite_where=REFUSED, postgresql_where=REFUSED),
        Index("ix_remote_writes_connector", "connector", "write_id"),
        Index("ix_remote_writes_ticket", "ticket_id", "write_id"),
    )
    write_id: str = Field(primary_key=True)
    connector: str
    ticket_id: str
    kind: str
    comment_id: str | None
    state: str
    payload: dict[str, str] = Field(sa_type=JSONDocument)
    recorded_at: datetime
    recorded_by: str
    try_at: datetime
    attempted_at: datetime | None
    first_attempted_at: datetime | None
    attempts: int
    done_at: datetime | None
    external_id: str | None
    problem: str | None


class SyncConflictRow(Record, table=True):
    """A field that was changed on both sides; the loser's word is kept here and in the ticket's history."""

    __tablename__ = "sync_conflicts"
    __table_args__ = (
        Index("ix_sync_conflicts_connector", "connector", "conflict_id"),
        Index("ix_sync_conflicts_ticket", "ticket_id", "conflict_id"),
    )
    conflict_id: str = Field(primary_key=True)
    connector: str
    ticket_id: str
    field: str
    ours: str
    theirs: str
    ours_at: datetime | None
    theirs_at: datetime | None
    kept: str
    rule: str
    at: datetime


class SyncProblemRow(Record, table=True):
    """An item of an answer that could not be understood: kept as it came, with the expression that failed."""

    __tablename__ = "sync_problems"
    __table_args__ = (
        UniqueConstraint("connector", "item_key"),
        Index("ix_sync_problems_open", "connector", "problem_id", sqlite_where=UNSOLVED, postgresql_where=UNSOLVED),
    )
    problem_id: str = Field(primary_key=True)
    connector: str
    item_key: str
    """A digest of the item: read again, it is the same problem."""
    answer: str
    item: dict[str, Any] = Field(sa_type=JSONDocument)
    context: dict[str, Any] = Field(sa_type=JSONDocument)
    expression: str
    reason: str
    at: datetime
    last_at: datetime
    times: int
    solved_at: datetime | None


class SyncRunRow(Record, table=True):
    """A run that somebody asked for, and what came of it."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        Index("ix_sync_runs_connector", "connector", "run_id"),
        Index("ix_sync_runs_open", "connector", "run_id", sqlite_where=UNFINISHED_RUN, postgresql_where=UNFINISHED_RUN),
    )
    run_id: str = Field(primary_key=True)
    connector: str
    dry: bool
    whole: bool
    wanted_at: datetime
    wanted_by: str
    started_at: datetime | None
    finished_at: datetime | None
    pages: int
    tickets: int
    fresh: int
    problems: int
    writes: int
    failure: str | None
