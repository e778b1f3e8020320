"""What the learning side's repositories and learning systems give and take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.rollout.domain.batch import Pace
from services.rollout.domain.completion import Fact
from services.rollout.domain.enrolment import Push

ANY_SOURCE = "*"
"""The source of identities that mean the same person in every system: e-mail addresses, the directory's own ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityKey:
    """How an outside system names a person; `value` folded (`domain.person.fold_identity`)."""

    source: str
    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFact:
    """A fact on its way into the store. `identity` is None for a void that names nobody; `course_id` may be missing too."""

    source: str
    fact: Fact
    course_id: str | None
    identity: IdentityKey | None
    shown: str | None = None
    """The identity as the system wrote it."""
    delivery_id: str | None = None
    vendor_state: str | None = None
    vendor_event: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class CourseOfPerson:
    """The key of a fold."""

    person_id: str
    source: str
    course_id: str


@dataclass(frozen=True, slots=True)
class SourceVersion:
    """A source as it stands; equal ones have the same vendor file."""

    source_id: str
    epoch: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How a learning system is called. `sealed_token` is opened only where the call is made."""

    id: str
    source: str
    vendor: str
    base_url: str
    sealed_token: str
    match_by: str = "email"
    """What people are looked up by: email, or the directory's own id as `username` or `idnumber`."""
    student_role_id: int = 5
    pace: Pace = field(default_factory=Pace)
    poll_every_for: timedelta = timedelta(minutes=5)
    poll_wanted: bool = False
    poll_cursor: str | None = None
    poll_started_at: datetime | None = None
    polled_at: datetime | None = None
    polls: int = 0
    next_call_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonToFind:
    """A person whose account in a system is not known yet."""

    person_id: str
    email: str | None
    external_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushGroup:
    """Members of one wave of whom a system is to be told the same."""

    source: str
    rollout: str
    wave: str
    course_id: str
    push: Push


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTarget:
    """A member whom the system may know to be further than we do."""

    enrolment_id: str
    person_id: str
    course_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's account in a learning system; `names` are further identities by scheme."""

    id: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseStatus:
    """What a system says of one account and course. `enrolled` False: it will not tell, which is not the same as no."""

    enrolled: bool
    completed: bool = False
    started: bool = False
    completed_at: datetime | None = None
