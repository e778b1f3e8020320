"""The timeline's entries, and the way back: what a decision was made of can be read and decided again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.rollout.domain.assessment import GateAssessment
from services.rollout.domain.hold import Hold
from services.rollout.domain.plan import Plan
from services.rollout.domain.rollout import Rollout
from services.rollout.domain.transition import Decision, LiftHold, PlaceHold, WaveFacts, next_state
from services.rollout.ports.rollouts import TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that the state machine is told. Kept with every decision that changed something."""

    plan_version: int
    facts: WaveFacts
    assessments: tuple[GateAssessment, ...]
    holds: tuple[Hold, ...]
    zone: str
    now: datetime


_INPUTS: TypeAdapter[Inputs] = TypeAdapter(Inputs)
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


def decision_entry(rollout: Rollout, wave: str, inputs: Inputs, decision: Decision, *, actor: str) -> TimelineEntry:
    """A decision of the state machine as a row of the timeline."""
    moved, sentence = decision.transition, "Looked at."
    kind = "decision"
    if moved is not None:
        kind, sentence = "transition", f"{moved.source} → {moved.target}: {moved.reason}"
    elif any(isinstance(effect, PlaceHold) for effect in decision.effects):
        kind, sentence = "held", next(e.reason for e in decision.effects if isinstance(e, PlaceHold))
    elif any(isinstance(effect, LiftHold) for effect in decision.effects):
        kind, sentence = "lifted", next(e.reason for e in decision.effects if isinstance(e, LiftHold))
    return TimelineEntry(
        rollout=rollout.name,
        wave=wave,
        at=inputs.now,
        kind=kind,
        actor=actor,
        sentence=sentence,
        evidence={
            "inputs": _INPUTS.dump_python(inputs, mode="json"),
            "decision": _DECISION.dump_python(decision, mode="json"),
        },
    )


def decide_again(entry: TimelineEntry, plan: Plan) -> tuple[Decision, Decision]:
    """(as recorded, as the state machine decides now) for an entry that carries its inputs. They must be equal."""
    recorded: Mapping[str, Any] = entry.evidence
    inputs = _INPUTS.validate_python(recorded["inputs"])
    assert entry.wave is not None
    again = next_state(
        plan.wave(entry.wave), inputs.facts, inputs.assessments, inputs.holds, zone=inputs.zone, now=inputs.now
    )
    return _DECISION.validate_python(recorded["decision"]), again
