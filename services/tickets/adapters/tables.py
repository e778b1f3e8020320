"""The tables of this service. Ids are UUIDv7 text; a clock's id is `<ticket>:<target>:<cycle>`."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.database import NAMING_CONVENTION, JSONDocument, Plumbing


class Record(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """This service's own metadata: SQLModel's default one is shared by the whole process."""


metadata = Record.metadata
plumbing = Plumbing(metadata)

# What the timer waits for: few rows of many, and the index holds no others.
PENDING = text("state = 'running' AND breached_at IS NULL")
STANDS = text("withdrawn_at IS NULL")


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


class PolicyRow(Record, table=True):
    """One version of a policy; never changed."""

    __tablename__ = "policies"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    created_at: datetime
    created_by: str


class CounterRow(Record, table=True):
    __tablename__ = "counters"
    name: str = Field(primary_key=True)
    value: int


class AppliedFactRow(Record, table=True):
    """Facts of outside desks that have taken effect: the same one, however often delivered, counts once."""

    __tablename__ = "applied_facts"
    source: str = Field(primary_key=True)
    fact_key: str = Field(primary_key=True)
    applied_at: datetime


class SourceRow(Record, table=True):
    """Projection of gateway.source.changed (helpdesks)."""

    __tablename__ = "sources"
    source_id: str = Field(primary_key=True)
    name: str = Field(index=True)
    vendor_file: dict[str, Any] = Field(sa_type=JSONDocument)
    epoch: int
    version: int


class PlanRow(Record, table=True):
    """Projection of rollout.plan.applied."""

    __tablename__ = "plans"
    rollout: str = Field(primary_key=True)
    courses: dict[str, str] = Field(sa_type=JSONDocument)
    systems: list[str] = Field(sa_type=JSONDocument)
    epoch: int
    version: int


class WaveRow(Record, table=True):
    """Projection of rollout.wave.changed."""

    __tablename__ = "waves"
    __table_args__ = (Index("ix_waves_name", "rollout", "wave"),)
    wave_id: str = Field(primary_key=True)
    rollout: str
    wave: str
    phase: str
    opened_at: datetime | None
    completed_at: datetime | None
    epoch: int
    version: int


class EnrolmentRow(Record, table=True):
    """Projection of rollout.enrolment.changed: who belongs to which wave."""

    __tablename__ = "enrolments"
    __table_args__ = (Index("ix_enrolments_person", "person_id"), Index("ix_enrolments_wave", "rollout", "wave"))
    enrolment_id: str = Field(primary_key=True)
    rollout: str
    wave: str
    person_id: str
    state: str
    epoch: int
    version: int


class PersonRow(Record, table=True):
    """Projection of rollout.person.changed, as far as a requester's identity goes."""

    __tablename__ = "people"
    person_id: str = Field(primary_key=True)
    name: str
    epoch: int
    version: int


class PersonIdentityRow(Record, table=True):
    """How outside systems name a person: the system's name, empty for the e-mail address in lower case."""

    __tablename__ = "person_identities"
    __table_args__ = (Index("ix_person_identities_person", "person_id"),)
    system: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    person_id: str
