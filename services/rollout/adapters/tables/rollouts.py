"""Rollouts, plans, waves, holds, sign-offs, freezes, the evidence of others, and the timeline."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, Text, column
from sqlmodel import Field

from services.rollout.adapters.tables.record import Record, columns
from services.rollout.domain.signoff import VERDICTS
from services.rollout.domain.transition import PHASES
from shared.database import Instant, JSONDocument
from shared.outbox import Sequence64


def _one_of(name: str, words: Any) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known")


class RolloutRow(Record, table=True):
    """One rollout. Locked first by whoever moves one of its waves. `version` numbers `rollout.plan.applied`."""

    __tablename__: ClassVar[Any] = "rollouts"
    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=63, unique=True)
    title: str = Field(sa_type=Text)
    salt: str = Field(max_length=36)
    """Makes the assignment of people; never changes."""
    plan_version: int
    plan_hash: str = Field(max_length=80)
    notice_from_at: datetime = Field(sa_type=Instant)
    """When the go-to person was told; the notice period runs from here."""
    created_at: datetime = Field(sa_type=Instant)
    version: int = 1


class PlanVersionRow(Record, table=True):
    """A plan as applied; never changed afterwards."""

    __tablename__: ClassVar[Any] = "plan_versions"
    rollout_id: str = Field(primary_key=True, max_length=36)
    plan_version: int = Field(primary_key=True)
    plan_hash: str = Field(max_length=80)
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    """The canonical form (`domain.plan.render_plan`)."""
    source: str = Field(sa_type=Text)
    """The text as sent."""
    applied_at: datetime = Field(sa_type=Instant)
    applied_by: str = Field(sa_type=Text)


class WaveRow(Record, table=True):
    """A wave and how it stands. `gates`, `waits` and `records` are what the last look found; `version` numbers its events."""

    __tablename__: ClassVar[Any] = "waves"
    id: str = Field(primary_key=True, max_length=130)
    """`<rollout>:<wave>`"""
    rollout_id: str = Field(max_length=36)
    rollout: str = Field(max_length=63)
    name: str = Field(max_length=63)
    title: str = Field(sa_type=Text)
    position: int
    source: str | None = Field(default=None, max_length=80)
    course_id: str | None = Field(default=None, sa_type=Text)
    phase: str = Field(default="pending", max_length=20)
    since: datetime = Field(sa_type=Instant)
    opened_at: datetime | None = Field(default=None, sa_type=Instant)
    baking_since: datetime | None = Field(default=None, sa_type=Instant)
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    records: dict[str, Any] = Field(default_factory=dict, sa_type=JSONDocument)
    gates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONDocument)
    waits: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONDocument)
    audience_size: int = 0
    completed: int = 0
    looked_at: datetime | None = Field(default=None, sa_type=Instant)
    next_look_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
    __table_args__: ClassVar[Any] = (
        Index("ix_waves_rollout", "rollout_id", "position"),
        Index("ix_waves_course", "source", "course_id"),
        Index(
            "ix_waves_next_look",
            "next_look_at",
            sqlite_where=column("next_look_at").is_not(None),
            postgresql_where=column("next_look_at").is_not(None),
        ),
        _one_of("phase", PHASES),
    )


class LookRow(Record, table=True):
    """Somebody wants a wave looked at. Only ever inserted and deleted, so that asking waits for nobody's lock."""

    __tablename__: ClassVar[Any] = "wave_looks"
    id: str = Field(primary_key=True, max_length=36)
    wave_id: str = Field(max_length=130, index=True)
    due_at: datetime = Field(sa_type=Instant, index=True)


class HoldRow(Record, table=True):
    """A hold; in force until `lifted_at`."""

    __tablename__: ClassVar[Any] = "holds"
    id: str = Field(primary_key=True, max_length=36)
    wave_id: str = Field(max_length=130)
    owner: str = Field(max_length=20)
    reason: str = Field(sa_type=Text)
    next_step: str = Field(sa_type=Text)
    gate: str | None = Field(default=None, max_length=63)
    pause: bool = False
    placed_at: datetime = Field(sa_type=Instant)
    placed_by: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    lifted_at: datetime | None = Field(default=None, sa_type=Instant)
    lifted_by: str | None = Field(default=None, sa_type=Text)
    lift_reason: str | None = Field(default=None, sa_type=Text)
    __table_args__: ClassVar[Any] = (
        Index(
            "ix_holds_in_force",
            "wave_id",
            sqlite_where=column("lifted_at").is_(None),
            postgresql_where=column("lifted_at").is_(None),
        ),
        # A gate holds a wave once, however many events tell of the same trouble.
        Index(
            "uq_holds_of_gate",
            "wave_id",
            "gate",
            unique=True,
            sqlite_where=column("lifted_at").is_(None) & column("gate").is_not(None),
            postgresql_where=column("lifted_at").is_(None) & column("gate").is_not(None),
        ),
        _one_of("owner", ("gate", "training", "it_lead", "system", "freeze")),
    )


class SignoffRow(Record, table=True):
    """One request to one person in one role, bound to a plan version. Void ones stay as a record."""

    __tablename__: ClassVar[Any] = "signoffs"
    id: str = Field(primary_key=True, max_length=36)
    rollout: str = Field(max_length=63)
    wave: str = Field(max_length=63)
    gate: str = Field(max_length=63)
    role: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    plan_version: int
    plan_hash: str = Field(max_length=80)
    requested_at: datetime = Field(sa_type=Instant)
    decision: str | None = Field(default=None, max_length=30)
    comment: str = Field(default="", sa_type=Text)
    given_at: datetime | None = Field(default=None, sa_type=Instant)
    voided_at: datetime | None = Field(default=None, sa_type=Instant)
    void_reason: str | None = Field(default=None, sa_type=Text)
    __table_args__: ClassVar[Any] = (
        Index("ix_signoffs_rollout", "rollout", "id"),
        Index("ix_signoffs_gate", "rollout", "wave", "gate"),
        _one_of("decision", VERDICTS),
    )


class SurveyRow(Record, table=True):
    """A survey that a gate asked for, and what came of it. The newest request of a gate is the one that counts."""

    __tablename__: ClassVar[Any] = "survey_requests"
    id: str = Field(primary_key=True, max_length=36)
    rollout: str = Field(max_length=63)
    wave: str = Field(max_length=63)
    gate: str = Field(max_length=63)
    requested_at: datetime = Field(sa_type=Instant)
    closes_at: datetime = Field(sa_type=Instant)
    campaign_id: str | None = Field(default=None, max_length=80)
    verdict: str | None = Field(default=None, max_length=20)
    explanation: str = Field(default="", sa_type=Text)
    estimate: float | None = None
    answered: int = 0
    invited: int = 0
    reached_at: datetime | None = Field(default=None, sa_type=Instant)
    __table_args__: ClassVar[Any] = (Index("ix_survey_requests_gate", "rollout", "wave", "gate", "id"),)


class FreezeRow(Record, table=True):
    """A span in which no wave with a calendar gate opens."""

    __tablename__: ClassVar[Any] = "freezes"
    name: str = Field(primary_key=True, max_length=63)
    from_at: datetime = Field(sa_type=Instant)
    to_at: datetime = Field(sa_type=Instant, index=True)
    reason: str = Field(sa_type=Text)
    version: int = 1


class TicketRow(Record, table=True):
    """A ticket that counts for a wave (projection of `tickets.ticket.changed`); without a wave once it no longer does."""

    __tablename__: ClassVar[Any] = "ticket_evidence"
    ticket_id: str = Field(primary_key=True, max_length=80)
    wave_id: str | None = Field(default=None, max_length=130)
    number: int
    subject: str = Field(sa_type=Text)
    priority: str = Field(max_length=4)
    opened_at: datetime = Field(sa_type=Instant)
    solved_at: datetime | None = Field(default=None, sa_type=Instant)
    epoch: int = 1
    version: int = 1
    __table_args__: ClassVar[Any] = (
        Index(
            "ix_ticket_evidence_open",
            "wave_id",
            "priority",
            sqlite_where=column("solved_at").is_(None),
            postgresql_where=column("solved_at").is_(None),
        ),
    )


class ClockRow(Record, table=True):
    """One cycle of a ticket's clock. Facts come in any order; each fills in what it knows."""

    __tablename__: ClassVar[Any] = "clock_evidence"
    clock_id: str = Field(primary_key=True, max_length=80)
    cycle: int = Field(primary_key=True)
    ticket_id: str = Field(max_length=80, index=True)
    wave_id: str | None = Field(default=None, max_length=130)
    ticket_number: int
    ticket_subject: str = Field(sa_type=Text)
    target: str = Field(max_length=20)
    priority: str = Field(max_length=4)
    breached_at: datetime | None = Field(default=None, sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    withdrawn_breach_at: datetime | None = Field(default=None, sa_type=Instant)
    """Which breach was taken back. A late fact may date one anew: the old instant is withdrawn and another one breached."""
    unconfirmed: bool | None = None
    """It was told as unconfirmed; it is, while there is no `confirmed_at`."""
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, max_length=12)
    __table_args__: ClassVar[Any] = (Index("ix_clock_evidence_wave", "wave_id", "target", "outcome"),)


_CLOCKS = columns(ClockRow)
_STANDS = _CLOCKS.withdrawn_breach_at.is_(None) | (_CLOCKS.withdrawn_breach_at != _CLOCKS.breached_at)
OPEN_BREACH = _CLOCKS.breached_at.is_not(None) & _CLOCKS.settled_at.is_(None) & _STANDS
"""Missed, not settled, and that very breach not taken back."""
WITHDRAWN = _CLOCKS.withdrawn_breach_at.is_not(None) & (
    _CLOCKS.breached_at.is_(None) | (_CLOCKS.withdrawn_breach_at == _CLOCKS.breached_at)
)
"""The breach that was told was none."""
Index("ix_clock_evidence_open_breach", _CLOCKS.wave_id, sqlite_where=OPEN_BREACH, postgresql_where=OPEN_BREACH)


class TimelineRow(Record, table=True):
    """What happened, in order: every transition with the inputs that led to it, and every human act."""

    __tablename__: ClassVar[Any] = "timeline"
    position: int | None = Field(default=None, primary_key=True, sa_type=Sequence64)
    rollout: str = Field(max_length=63)
    wave: str | None = Field(default=None, max_length=63)
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(max_length=30)
    actor: str = Field(sa_type=Text)
    sentence: str = Field(sa_type=Text)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSONDocument)
    __table_args__: ClassVar[Any] = (Index("ix_timeline_rollout", "rollout", "position"),)
