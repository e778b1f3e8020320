"""Events that the rollout service owns."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.events.envelope import Event, Kind
from shared.events.messages import DeliveryUnderstoodPayload, NotificationRequestedPayload

WavePhase = Literal["pending", "waiting", "open", "baking", "holding", "completed", "aborted", "rolled_back"]


class PersonChanged(Event, name="rollout.person.changed", kind=Kind.STATE, key="person_id"):
    """The directory that other services project."""

    person_id: str
    name: str
    email: str | None
    region: str | None = None
    site: str | None = None
    department: str | None = None
    role: str | None = None
    language: str | None = None
    zone: str | None = None
    manager_id: str | None = None
    champion: bool = False
    external_ids: dict[str, str] = {}
    """Source name -> the person's id in that system."""
    active: bool = True


class PersonErased(Event, name="rollout.person.erased", key="person_id"):
    person_id: str
    erased_at: datetime


class PlanApplied(Event, name="rollout.plan.applied", kind=Kind.STATE, key="rollout"):
    """A plan version took effect. `systems` and `courses` are what tickets are attributed by."""

    rollout: str
    title: str
    plan_version: int
    plan_hash: str
    courses: dict[str, str]
    """Source name -> course id there."""
    systems: list[str]
    waves: list[str]
    applied_at: datetime
    announced_at: datetime | None = None
    """When IT's go-to person was told; the notice period runs from here."""
    notice_seconds: float | None = None
    """How much notice the plan promises IT."""


class HoldView(BaseModel):
    model_config = ConfigDict(frozen=True)
    hold_id: str
    owner: Literal["gate", "training", "it_lead", "system", "freeze"]
    reason: str
    next_step: str
    lifted_by: str
    placed_at: datetime
    expires_at: datetime | None = None
    gate: str | None = None


class GateView(BaseModel):
    """A gate as last assessed; `sentence` is what the console shows."""

    model_config = ConfigDict(frozen=True)
    gate: str
    kind: str
    stage: Literal["entry", "background", "exit"]
    assessment: Literal["passed", "failed", "insufficient", "inconclusive", "error"]
    sentence: str
    evidence: list[dict[str, Any]] = []
    next_look_at: datetime | None = None


class WaveChanged(Event, name="rollout.wave.changed", kind=Kind.STATE, key="wave_id"):
    wave_id: str
    """`<rollout>:<wave>`"""
    rollout: str
    wave: str
    position: int
    phase: WavePhase
    plan_version: int
    audience_size: int
    completed: int
    holds: list[HoldView]
    gates: list[GateView]
    opened_at: datetime | None
    completed_at: datetime | None


class _WaveFact(Event):
    wave_id: str
    rollout: str
    wave: str
    at: datetime
    reason: str = ""


class WaveOpened(_WaveFact, name="rollout.wave.opened", key="wave_id"):
    audience_size: int = 0


class WaveHeld(_WaveFact, name="rollout.wave.held", key="wave_id"):
    hold: HoldView | None = None


class WaveResumed(_WaveFact, name="rollout.wave.resumed", key="wave_id"):
    pass


class WaveCompleted(_WaveFact, name="rollout.wave.completed", key="wave_id"):
    pass


class WaveRolledBack(_WaveFact, name="rollout.wave.rolled_back", key="wave_id"):
    pass


class EnrolmentChanged(Event, name="rollout.enrolment.changed", kind=Kind.STATE, key="enrolment_id"):
    """One person in one wave of one rollout: also how other services learn who belongs to a wave. Reversible."""

    enrolment_id: str
    rollout: str
    wave: str
    person_id: str
    state: Literal["assigned", "invited", "enrolled", "started", "completed", "passed", "failed", "withdrawn"]


class SurveyRequested(Event, name="rollout.survey.requested", key="request_id"):
    """A survey gate wants to know: ask the members of a wave, decide against a threshold, at the latest at `closes_at`."""

    request_id: str
    rollout: str
    wave: str
    gate: str
    instrument: str
    measure: str
    """A measure that the instrument declares, e.g. `ready`: the share of answers that count as yes."""
    threshold: float
    """0 to 1: the share that must be reached."""
    confidence: float = 0.95
    on_undecided: Literal["pass", "fail", "undecided"] = "undecided"
    audience_size: int
    """Members of the wave (`rollout.enrolment.changed`); the campaign launches when all of them are known."""
    closes_at: datetime
    """Business time."""


class SignoffRequested(Event, name="rollout.signoff.requested", key="signoff_id"):
    signoff_id: str
    rollout: str
    wave: str
    gate: str
    role: str
    plan_hash: str
    requested_at: datetime


class SignoffGiven(Event, name="rollout.signoff.given", key="signoff_id"):
    signoff_id: str
    rollout: str
    wave: str
    gate: str
    role: str
    decision: Literal["approve", "approve_with_conditions", "reject", "abstain"]
    plan_hash: str
    given_at: datetime


class NotificationRequested(NotificationRequestedPayload, name="rollout.notification.requested", key="notification_id"):
    pass


class DeliveryUnderstood(DeliveryUnderstoodPayload, name="rollout.delivery.understood", key="delivery_id"):
    pass
