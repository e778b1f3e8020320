"""Rollouts as trees. Times are RFC 3339 in UTC."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.rollout.domain.hold import Hold
from services.rollout.domain.rollout import Rollout, Wave
from services.rollout.ports.rollouts import TimelineEntry
from services.rollout.usecases.views import RolloutView, WaveView


class WaitOut(BaseModel):
    """One thing a wave waits for; `until` where time alone ends it."""

    sentence: str
    until: AwareDatetime | None


class GateOut(BaseModel):
    """A gate as last looked at."""

    gate: str
    kind: str
    stage: Literal["entry", "background", "exit"]
    assessment: Literal["passed", "failed", "insufficient", "inconclusive", "error"]
    sentence: str
    actual: float | None
    threshold: float | None
    evidence: list[dict[str, Any]]
    next_look_at: AwareDatetime | None
    bad_since: AwareDatetime | None
    cleared_at: AwareDatetime | None


class HoldOut(BaseModel):
    """A hold in force. `may_lift`: whether the one who asks may lift it."""

    hold_id: str
    owner: Literal["gate", "training", "it_lead", "system", "freeze"]
    reason: str
    next_step: str
    lifted_by: str
    placed_at: AwareDatetime
    placed_by: str
    expires_at: AwareDatetime | None
    gate: str | None
    pause: bool
    may_lift: bool

    @classmethod
    def of(cls, hold: Hold, *, may_lift: bool) -> "HoldOut":
        return cls(
            hold_id=hold.id,
            owner=hold.owner,
            reason=hold.reason,
            next_step=hold.next_step,
            lifted_by=hold.lifted_by,
            placed_at=hold.placed_at,
            placed_by=hold.placed_by,
            expires_at=hold.expires_at,
            gate=hold.gate,
            pause=hold.pause,
            may_lift=may_lift,
        )


class CountsOut(BaseModel):
    """Members by their present state; `push_failed` counts apart from that."""

    model_config = ConfigDict(from_attributes=True)
    members: int
    assigned: int
    invited: int
    enrolled: int
    started: int
    completed: int
    passed: int
    failed: int
    withdrawn: int
    push_failed: int


class WaveBrief(BaseModel):
    """A wave in one line."""

    wave: str
    title: str
    phase: str
    since: AwareDatetime
    audience_size: int
    completed: int
    waits_for: str

    @classmethod
    def of(cls, wave: Wave) -> "WaveBrief":
        return cls(
            wave=wave.name,
            title=wave.title,
            phase=wave.phase,
            since=wave.since,
            audience_size=wave.audience_size,
            completed=wave.completed,
            waits_for=wave.waits_for,
        )


class WaveOut(WaveBrief):
    """A wave with everything around it. `audience_size` and `completed` are of now, gates as of `looked_at`."""

    wave_id: str
    position: int
    after: list[str]
    source: str | None
    course_id: str | None
    opened_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    planned_at: AwareDatetime | None
    earliest_at: AwareDatetime | None
    bake_seconds: float
    baking_since: AwareDatetime | None
    looked_at: AwareDatetime | None
    next_look_at: AwareDatetime | None
    counts: CountsOut
    waits: list[WaitOut]
    gates: list[GateOut]
    holds: list[HoldOut]
    verbs: list[str]
    version: int

    @classmethod
    def of_view(cls, view: WaveView) -> "WaveOut":
        wave = view.wave
        brief = WaveBrief.of(wave).model_dump() | {
            "audience_size": view.counts.members,
            "completed": view.counts.done,
        }
        return cls(
            **brief,
            wave_id=wave.id,
            position=wave.position,
            after=list(view.planned.after),
            source=wave.source,
            course_id=wave.course_id,
            opened_at=wave.opened_at,
            completed_at=wave.completed_at,
            planned_at=view.planned_at,
            earliest_at=view.earliest_at,
            bake_seconds=view.planned.bake_for.total_seconds(),
            baking_since=wave.baking_since,
            looked_at=wave.looked_at,
            next_look_at=wave.next_look_at,
            counts=CountsOut.model_validate(view.counts),
            waits=[WaitOut(sentence=wait.sentence, until=wait.until) for wait in wave.waits],
            gates=_gates(wave),
            holds=[HoldOut.of(hold, may_lift=hold.id in view.liftable) for hold in view.holds],
            verbs=list(view.verbs),
            version=wave.version,
        )


def _gates(wave: Wave) -> list[GateOut]:
    found = []
    for gate in wave.gates:
        record = wave.records.get(gate.gate)
        found.append(
            GateOut.model_validate(
                {
                    "gate": gate.gate,
                    "kind": gate.kind,
                    "stage": gate.stage,
                    "assessment": gate.assessment.value,
                    "sentence": gate.sentence,
                    "actual": gate.actual,
                    "threshold": gate.threshold,
                    "evidence": [dict(row) for row in gate.evidence],
                    "next_look_at": gate.next_look_at,
                    "bad_since": record.bad_since if record else None,
                    "cleared_at": record.cleared_at if record else None,
                }
            )
        )
    return found


class ContactOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    email: str


class RolloutBrief(BaseModel):
    """A rollout in one line per wave."""

    name: str
    title: str
    plan_version: int
    waves: list[WaveBrief]

    @classmethod
    def of(cls, rollout: Rollout, waves: list[Wave]) -> "RolloutBrief":
        return cls(
            name=rollout.name,
            title=rollout.title,
            plan_version=rollout.plan_version,
            waves=[WaveBrief.of(wave) for wave in waves],
        )


class RolloutOut(BaseModel):
    """The whole tree. `now` is business time; `stands` sums the waves up in one word."""

    name: str
    title: str
    stands: Literal["waiting", "under_way", "holding", "completed", "stopped"]
    zone: str
    plan_version: int
    plan_hash: str
    applied_at: AwareDatetime
    applied_by: str
    notice_ends_at: AwareDatetime
    go_to: ContactOut | None
    deputy: ContactOut | None
    courses: dict[str, str]
    systems: list[str]
    now: AwareDatetime
    waves: list[WaveOut]

    @classmethod
    def of(cls, view: RolloutView) -> "RolloutOut":
        rollout, plan = view.rollout, view.applied.plan
        return cls(
            name=rollout.name,
            title=rollout.title,
            stands=_stands([wave.wave.phase for wave in view.waves]),
            zone=plan.zone,
            plan_version=rollout.plan_version,
            plan_hash=rollout.plan_hash,
            applied_at=view.applied.applied_at,
            applied_by=view.applied.applied_by,
            notice_ends_at=rollout.notice_from_at + plan.notice_for,
            go_to=ContactOut.model_validate(plan.go_to) if plan.go_to else None,
            deputy=ContactOut.model_validate(plan.deputy) if plan.deputy else None,
            courses=dict(plan.courses),
            systems=list(plan.systems),
            now=view.now,
            waves=[WaveOut.of_view(wave) for wave in view.waves],
        )


def _stands(phases: list[str]) -> Literal["waiting", "under_way", "holding", "completed", "stopped"]:
    if any(phase in ("aborted", "rolled_back") for phase in phases):
        return "stopped"
    if "holding" in phases:
        return "holding"
    if all(phase == "completed" for phase in phases):
        return "completed"
    return "under_way" if any(phase in ("open", "baking", "completed") for phase in phases) else "waiting"


class TimelineOut(BaseModel):
    """Something that happened. Transitions carry the inputs they were decided on."""

    position: int
    wave: str | None
    at: AwareDatetime
    kind: str
    actor: str
    sentence: str
    evidence: dict[str, Any]

    @classmethod
    def of(cls, entry: TimelineEntry) -> "TimelineOut":
        return cls(
            position=entry.position,
            wave=entry.wave,
            at=entry.at,
            kind=entry.kind,
            actor=entry.actor,
            sentence=entry.sentence,
            evidence=dict(entry.evidence),
        )
