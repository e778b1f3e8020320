"""People, how outside systems name them, what those systems said, and where each person stands."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, Text, column
from sqlmodel import Field

from services.rollout.adapters.tables.record import Record
from services.rollout.domain.completion import Standing
from services.rollout.domain.enrolment import MemberState, Push, Wanted
from shared.database import Instant, JSONDocument


def _one_of(name: str, words: Any) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known")


class PersonRow(Record, table=True):
    """The directory. `external_key` is the `id` of the importing system; `email_folded` is what addresses are compared by."""

    __tablename__: ClassVar[Any] = "people"
    id: str = Field(primary_key=True, max_length=36)
    external_key: str | None = Field(default=None, unique=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    email: str | None = Field(default=None, sa_type=Text)
    email_folded: str | None = Field(default=None, unique=True, sa_type=Text)
    manager_id: str | None = Field(default=None, max_length=36, index=True)
    department: str | None = Field(default=None, sa_type=Text)
    region: str | None = Field(default=None, sa_type=Text)
    site: str | None = Field(default=None, sa_type=Text)
    role: str | None = Field(default=None, sa_type=Text)
    kind: str = Field(default="employee", max_length=20)
    language: str | None = Field(default=None, max_length=40)
    zone: str | None = Field(default=None, max_length=60)
    tags: list[str] = Field(default_factory=list, sa_type=JSONDocument)
    champion: bool = False
    active: bool = True
    external_ids: dict[str, str] = Field(default_factory=dict, sa_type=JSONDocument)
    search: str = Field(sa_type=Text)
    """Name, key and address in lower case: what a search looks through."""
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class IdentityRow(Record, table=True):
    """(source, scheme, value) -> person. Source `*` is every system: an e-mail address means the same person everywhere."""

    __tablename__: ClassVar[Any] = "identities"
    source: str = Field(primary_key=True, max_length=80)
    scheme: str = Field(primary_key=True, max_length=20)
    value: str = Field(primary_key=True, sa_type=Text)
    """Folded: e-mails in lower case."""
    person_id: str = Field(max_length=36)
    origin: str = Field(max_length=20)
    """`directory` (import), `lookup` (asked the system) or `hand` (somebody linked it)."""
    __table_args__: ClassVar[Any] = (Index("ix_identities_person", "person_id", "source", "scheme"),)


class UnknownIdentityRow(Record, table=True):
    """A name that an outside system used and that is nobody's yet. Linked, it stays as a record of who did it."""

    __tablename__: ClassVar[Any] = "unknown_identities"
    id: str = Field(primary_key=True, max_length=36)
    source: str = Field(max_length=80)
    scheme: str = Field(max_length=20)
    value: str = Field(sa_type=Text)
    """Folded."""
    shown: str = Field(sa_type=Text)
    """As the system wrote it."""
    first_seen_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    person_id: str | None = Field(default=None, max_length=36)
    linked_at: datetime | None = Field(default=None, sa_type=Instant)
    linked_by: str | None = Field(default=None, sa_type=Text)
    __table_args__: ClassVar[Any] = (Index("uq_unknown_identities_name", "source", "scheme", "value", unique=True),)


class LearningFactRow(Record, table=True):
    """A canonical learning fact, kept for good: what is shown is folded from these. `person_id` is null while nobody is known."""

    __tablename__: ClassVar[Any] = "learning_facts"
    id: str = Field(primary_key=True, max_length=36)
    source: str = Field(max_length=80)
    dedupe_key: str = Field(sa_type=Text)
    type: str = Field(max_length=20)
    scheme: str | None = Field(default=None, max_length=20)
    value: str | None = Field(default=None, sa_type=Text)
    person_id: str | None = Field(default=None, max_length=36)
    course_id: str | None = Field(default=None, sa_type=Text)
    level: str | None = Field(default=None, max_length=20)
    module: str | None = Field(default=None, sa_type=Text)
    state: str = Field(max_length=20)
    vendor_state: str | None = Field(default=None, sa_type=Text)
    vendor_event: str | None = Field(default=None, sa_type=Text)
    score: float | None = None
    voids: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime | None = Field(default=None, sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    delivery_id: str | None = Field(default=None, sa_type=Text)
    """The delivery or poll it came with."""
    __table_args__: ClassVar[Any] = (
        Index("uq_learning_facts_key", "source", "dedupe_key", unique=True),
        Index("ix_learning_facts_fold", "person_id", "source", "course_id"),
        Index(
            "ix_learning_facts_waiting",
            "source",
            "scheme",
            "value",
            sqlite_where=column("person_id").is_(None),
            postgresql_where=column("person_id").is_(None),
        ),
        Index(
            "ix_learning_facts_voids",
            "source",
            "voids",
            sqlite_where=column("voids").is_not(None),
            postgresql_where=column("voids").is_not(None),
        ),
    )


class ProgressRow(Record, table=True):
    """The fold of one person's facts about one course. Locked while it is recomputed."""

    __tablename__: ClassVar[Any] = "progress"
    person_id: str = Field(primary_key=True, max_length=36)
    source: str = Field(primary_key=True, max_length=80)
    course_id: str = Field(primary_key=True, sa_type=Text)
    standing: str = Field(default=Standing.NONE.value, max_length=20)
    since_at: datetime | None = Field(default=None, sa_type=Instant)
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    score: float | None = None
    suspended: bool = False
    __table_args__: ClassVar[Any] = (_one_of("standing", Standing),)


class EnrolmentRow(Record, table=True):
    """One person's place in one wave of a rollout. A person has one place in a rollout."""

    __tablename__: ClassVar[Any] = "enrolments"
    id: str = Field(primary_key=True, max_length=36)
    rollout: str = Field(max_length=80)
    wave: str = Field(max_length=80)
    person_id: str = Field(max_length=36)
    source: str | None = Field(default=None, max_length=80)
    course_id: str | None = Field(default=None, sa_type=Text)
    state: str = Field(default=MemberState.ASSIGNED.value, max_length=20)
    wanted: str = Field(default=Wanted.NOTHING.value, max_length=20)
    push: str = Field(default=Push.NONE.value, max_length=20)
    push_attempts: int = 0
    push_due_at: datetime | None = Field(default=None, sa_type=Instant)
    """Real time; set exactly while `push` is enrol or unenrol."""
    push_error: str | None = Field(default=None, sa_type=Text)
    pushed: bool = False
    """We enrolled this person ourselves."""
    version: int = 1
    assigned_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    __table_args__: ClassVar[Any] = (
        Index("uq_enrolments_place", "rollout", "person_id", unique=True),
        Index("ix_enrolments_wave", "rollout", "wave", "id"),
        Index("ix_enrolments_course", "person_id", "source", "course_id"),
        Index(
            "ix_enrolments_push",
            "source",
            "push_due_at",
            sqlite_where=column("push_due_at").is_not(None),
            postgresql_where=column("push_due_at").is_not(None),
        ),
        Index("ix_enrolments_poll", "source", "id"),
        _one_of("state", MemberState),
        _one_of("wanted", Wanted),
        _one_of("push", Push),
    )


class WaveCountRow(Record, table=True):
    """How many members a wave has in each state, moved with every change and never scanned."""

    __tablename__: ClassVar[Any] = "wave_counts"
    rollout: str = Field(primary_key=True, max_length=80)
    wave: str = Field(primary_key=True, max_length=80)
    assigned: int = 0
    invited: int = 0
    enrolled: int = 0
    started: int = 0
    completed: int = 0
    passed: int = 0
    failed: int = 0
    withdrawn: int = 0
    push_failed: int = 0


class SourceRow(Record, table=True):
    """A learning system as the gateway has it configured, with its vendor file (projection of `gateway.source.changed`)."""

    __tablename__: ClassVar[Any] = "sources"
    source_id: str = Field(primary_key=True, max_length=80)
    name: str = Field(max_length=80, index=True)
    vendor: str = Field(max_length=80)
    kind: str = Field(max_length=20)
    enabled: bool = True
    vendor_file: dict[str, Any] = Field(sa_type=JSONDocument)
    epoch: int = 1
    version: int = 1


class ConnectionRow(Record, table=True):
    """How a learning system is called. The token is sealed; `id` is bound into the seal, so rows cannot be swapped."""

    __tablename__: ClassVar[Any] = "connections"
    id: str = Field(primary_key=True, max_length=36)
    source: str = Field(max_length=80, unique=True)
    vendor: str = Field(max_length=80)
    base_url: str = Field(sa_type=Text)
    sealed_token: str = Field(sa_type=Text)
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSONDocument)
    poll_every_seconds: float = 300.0
    poll_wanted: bool = True
    poll_cursor: str | None = Field(default=None, sa_type=Text)
    """The last enrolment that the poll under way has looked at; null between polls."""
    poll_started_at: datetime | None = Field(default=None, sa_type=Instant)
    polled_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the last whole poll ended."""
    polls: int = 0
    next_call_at: datetime | None = Field(default=None, sa_type=Instant)
    """The system is left alone until then: pacing, or backing off after failures. Real time."""
    failures: int = 0
    last_error: str | None = Field(default=None, sa_type=Text)
    version: int = 1
    changed_at: datetime = Field(sa_type=Instant)
