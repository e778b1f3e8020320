"""The survey service's tables.

Anonymity rests on what is *not* here. `staged_answers` is the only table that holds an invitation beside answers, and only
until the batch is released. `sealed_participations` and `sealed_responses` share nothing but the campaign: random ids (uuid4)
as their only key, no instant, no sequence, no order (on SQLite not even a rowid), no foreign key between them, and both are
written for a whole batch in one transaction, each shuffled for itself. Nothing that changes per answer may be added to
`campaigns` or `invitations`, and no event, audit entry or idempotency row is made per answer.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, MetaData, Text, column
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.survey.domain.campaign import CampaignState
from services.survey.domain.instrument import Mode
from services.survey.domain.verdict import Basis, Outcome
from shared.database import NAMING_CONVENTION, Instant, JSONDocument, Plumbing


class Record(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """A row of the survey service."""


metadata = Record.metadata
plumbing = Plumbing(metadata)


def _one_of(name: str, words: Any) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known")


LEFT = "withdrawn"
"""The enrolment state of somebody who does not belong to the wave any more."""


class PersonRow(Record, table=True):
    """Projection of rollout.person.changed: only what an invitation needs."""

    __tablename__: ClassVar[Any] = "people"
    person_id: str = Field(primary_key=True, max_length=80)
    name: str = Field(sa_type=Text)
    email: str | None = Field(default=None, sa_type=Text)
    active: bool = True
    erased: bool = False
    """A tombstone: a state event that comes late must not bring the person back."""
    epoch: int
    version: int


class EnrolmentRow(Record, table=True):
    """Projection of rollout.enrolment.changed: who belongs to a wave."""

    __tablename__: ClassVar[Any] = "enrolments"
    __table_args__: ClassVar[Any] = (Index("ix_enrolments_wave", "rollout", "wave"),)
    enrolment_id: str = Field(primary_key=True, max_length=200)
    rollout: str = Field(max_length=200)
    wave: str = Field(max_length=200)
    person_id: str = Field(max_length=80, index=True)
    state: str = Field(max_length=20)
    epoch: int
    version: int


class InstrumentRow(Record, table=True):
    """A published version. Never changed, never deleted."""

    __tablename__: ClassVar[Any] = "instruments"
    id: str = Field(primary_key=True, max_length=63)
    version: int = Field(primary_key=True)
    sha256: str = Field(max_length=64)
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    published_at: datetime = Field(sa_type=Instant)


_due = column("state").in_(["preparing", "open"])
_preparing = column("state") == "preparing"


class CampaignRow(Record, table=True):
    __tablename__: ClassVar[Any] = "campaigns"
    __table_args__: ClassVar[Any] = (
        _one_of("state", CampaignState),
        _one_of("mode", Mode),
        _one_of("on_undecided", Outcome),
        # Timers look only at what can still become due.
        Index("ix_campaigns_due", "closes_at", sqlite_where=_due, postgresql_where=_due),
        Index("ix_campaigns_preparing", "rollout", "wave", sqlite_where=_preparing, postgresql_where=_preparing),
    )
    id: str = Field(primary_key=True, max_length=36)
    request_id: str | None = Field(default=None, unique=True, max_length=200)
    instrument_id: str = Field(max_length=63)
    instrument_version: int
    title: str = Field(sa_type=Text)
    mode: str = Field(max_length=20)
    k: int
    rollout: str = Field(max_length=200)
    wave: str = Field(max_length=200)
    gate: str = Field(max_length=200)
    measure: str = Field(max_length=63)
    threshold: float
    confidence: float
    on_undecided: str = Field(max_length=20)
    audience_size: int
    closes_at: datetime = Field(sa_type=Instant)
    state: str = Field(max_length=20)
    invited: int
    answered: int
    opens_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int


class InvitationRow(Record, table=True):
    """Single use: whether it was used is told by the presence of a staged answer or a participation, never by a mark here."""

    __tablename__: ClassVar[Any] = "invitations"
    __table_args__: ClassVar[Any] = (Index("ix_invitations_campaign_person", "campaign_id", "person_id", unique=True),)
    id: str = Field(primary_key=True, max_length=36)
    campaign_id: str = Field(max_length=36, foreign_key="campaigns.id")
    person_id: str | None = Field(default=None, max_length=80, index=True)
    """None once the person was erased."""


class StagedAnswerRow(Record, table=True):
    """An answer that waits for its batch. No foreign keys: checking them would leave a mark of the moment on the invitation."""

    __tablename__: ClassVar[Any] = "staged_answers"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}
    invitation_id: str = Field(primary_key=True, max_length=36)
    campaign_id: str = Field(max_length=36, index=True)
    answers: dict[str, int] = Field(sa_type=JSONDocument)


class SealedParticipationRow(Record, table=True):
    """Anonymous mode: this invitation was used."""

    __tablename__: ClassVar[Any] = "sealed_participations"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True, max_length=36)
    campaign_id: str = Field(max_length=36)
    invitation_id: str = Field(max_length=36, unique=True)


class SealedResponseRow(Record, table=True):
    """Anonymous mode: this was answered, by one of the campaign's participants."""

    __tablename__: ClassVar[Any] = "sealed_responses"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True, max_length=36)
    campaign_id: str = Field(max_length=36, index=True)
    answers: dict[str, int] = Field(sa_type=JSONDocument)


class ResponseRow(Record, table=True):
    """Identified and confidential modes: this was answered."""

    __tablename__: ClassVar[Any] = "responses"
    id: str = Field(primary_key=True, max_length=36)
    campaign_id: str = Field(max_length=36, index=True)
    answers: dict[str, int] = Field(sa_type=JSONDocument)


class ResponseAuthorRow(Record, table=True):
    """Identified and confidential modes: who answered it. A table of its own, which no query for people reads."""

    __tablename__: ClassVar[Any] = "response_authors"
    response_id: str = Field(primary_key=True, max_length=36, foreign_key="responses.id")
    invitation_id: str = Field(max_length=36, unique=True)


class TallyRow(Record, table=True):
    """Counts of released answers; see domain/tally.py."""

    __tablename__: ClassVar[Any] = "tallies"
    campaign_id: str = Field(primary_key=True, max_length=36)
    item: str = Field(primary_key=True, max_length=80)
    value: str = Field(primary_key=True, max_length=63)
    count: int


class VerdictRow(Record, table=True):
    """One per campaign: the primary key is what makes it exactly one."""

    __tablename__: ClassVar[Any] = "verdicts"
    __table_args__: ClassVar[Any] = (_one_of("outcome", Outcome), _one_of("basis", Basis))
    campaign_id: str = Field(primary_key=True, max_length=36)
    outcome: str = Field(max_length=20)
    basis: str = Field(max_length=20)
    estimate: float | None = None
    answered: int
    explanation: str = Field(sa_type=Text)
    reached_at: datetime = Field(sa_type=Instant)
