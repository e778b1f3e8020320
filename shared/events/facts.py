"""Canonical facts: what a vendor's delivery, or a page of its REST answer, means in Glidepath's own words.

Every vendor file yields these and nothing else. Unset is null, never guessed: a time that the vendor did not send stays null
and the delivery's `received_at` orders it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    occurred_at: datetime | None = None
    zone_assumed: bool = False
    """True when the vendor wrote a time without a zone and the vendor file's zone was taken."""
    vendor_event: str | None = None
    dedupe_key: str | None = None
    """Same key, same fact: two deliveries with one key count once. None: the service derives one from the content."""


class IdentityScheme(StrEnum):
    EMAIL = "email"
    USERNAME = "username"
    EXTERNAL_ID = "external_id"
    ACCOUNT = "account"


class Identity(BaseModel):
    """How an outside system names a person. `value` is kept as sent; comparing e-mails ignores case."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    scheme: IdentityScheme
    value: str


class CourseRef(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    source: str | None = None


class Level(StrEnum):
    COURSE = "course"
    MODULE = "module"
    ATTEMPT = "attempt"
    PROGRAM = "program"


class LearningState(StrEnum):
    ENROLLED = "enrolled"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    NOT_COMPLETED = "not_completed"
    VOIDED = "voided"
    UNKNOWN = "unknown"


class LearningFact(_Fact):
    """Something that a learner's record says. `score` is a fraction from 0 to 1 where the vendor tells the scale."""

    type: Literal["enrolment", "completion", "grade"]
    person: Identity | None = None
    course: CourseRef | None = None
    level: Level | None = None
    module: str | None = None
    state: LearningState = LearningState.UNKNOWN
    vendor_state: str | None = None
    """The vendor's own word where `state` is unknown."""
    score: float | None = None
    voids: str | None = None
    """For `voided`: the dedupe key of the fact that is taken back."""


class TicketStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Priority(StrEnum):
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class TicketRef(BaseModel):
    """`id` is what the vendor's API takes, `key` what people say (`ITSM-42`, `#10081`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    key: str | None = None


class CommentFact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str | None = None
    author_role: Literal["requester", "agent", "bot", "unknown"] = "unknown"
    author: Identity | None = None
    public: bool | None = None
    body: str | None = None


class HelpdeskFact(_Fact):
    type: Literal["ticket", "comment", "deleted"]
    ticket: TicketRef
    subject: str | None = None
    description: str | None = None
    """What the ticket was opened with, as plain text, where it is no comment."""
    status: TicketStatus | None = None
    vendor_status: str | None = None
    priority: Priority | None = None
    vendor_priority: str | None = None
    requester: Identity | None = None
    assignee: Identity | None = None
    created_at: datetime | None = None
    tags: tuple[str, ...] | None = None
    queue: str | None = None
    """Where the ticket lives there: a project, queue, group, table or repository."""
    comment: CommentFact | None = None


class Ignored(_Fact):
    """Understood, and of no meaning to us; `reason` says why in plain words."""

    type: Literal["ignored"] = "ignored"
    reason: str


CanonicalFact = Annotated[LearningFact | HelpdeskFact | Ignored, Field(discriminator="type")]
FACTS: TypeAdapter[list[LearningFact | HelpdeskFact | Ignored]] = TypeAdapter(list[CanonicalFact])


def dump_facts(facts: list[LearningFact | HelpdeskFact | Ignored]) -> list[dict[str, Any]]:
    """Plain JSON values, as `glidepath source test` prints them."""
    plain: list[dict[str, Any]] = FACTS.dump_python(facts, mode="json")
    return plain
