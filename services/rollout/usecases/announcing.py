"""What others are told of a wave."""

from collections.abc import Sequence
from datetime import datetime

from services.rollout.domain.assessment import GateAssessment
from services.rollout.domain.hold import Hold
from services.rollout.domain.rollout import Wave
from services.rollout.domain.transition import Transition
from services.rollout.ports import RolloutUnit
from shared.events.rollout import (
    GateView,
    HoldView,
    WaveChanged,
    WaveCompleted,
    WaveHeld,
    WaveOpened,
    WaveResumed,
    WaveRolledBack,
)


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        hold_id=hold.id,
        owner=hold.owner,
        reason=hold.reason,
        next_step=hold.next_step,
        lifted_by=hold.lifted_by,
        placed_at=hold.placed_at,
        expires_at=hold.expires_at,
        gate=hold.gate,
    )


def gate_view(gate: GateAssessment) -> GateView:
    return GateView.model_validate(
        {
            "gate": gate.gate,
            "kind": gate.kind,
            "stage": gate.stage,
            "assessment": gate.assessment.value,
            "sentence": gate.sentence,
            "evidence": [dict(row) for row in gate.evidence],
            "next_look_at": gate.next_look_at,
        }
    )


def announce_wave(unit: RolloutUnit, wave: Wave, holds: Sequence[Hold], *, plan_version: int) -> None:
    """The wave's snapshot, under its own version."""
    unit.record(
        WaveChanged(
            wave_id=wave.id,
            rollout=wave.rollout,
            wave=wave.name,
            position=wave.position,
            phase=wave.phase,
            plan_version=plan_version,
            audience_size=wave.audience_size,
            completed=wave.completed,
            holds=[hold_view(hold) for hold in holds],
            gates=[gate_view(gate) for gate in wave.gates],
            opened_at=wave.opened_at,
            completed_at=wave.completed_at,
        ),
        aggregate_version=wave.version,
    )


def announce_hold(unit: RolloutUnit, wave: Wave, hold: Hold, now: datetime) -> None:
    unit.record(
        WaveHeld(
            wave_id=wave.id,
            rollout=wave.rollout,
            wave=wave.name,
            at=now,
            reason=hold.reason,
            hold=hold_view(hold),
        )
    )


def announce_transition(unit: RolloutUnit, wave: Wave, transition: Transition, now: datetime) -> None:
    """The fact that goes with a transition, where there is one. Holds tell of themselves."""
    named = {"wave_id": wave.id, "rollout": wave.rollout, "wave": wave.name, "at": now, "reason": transition.reason}
    if transition.source == "holding" and transition.target == "open":
        unit.record(WaveResumed.model_validate(named))
    elif transition.target == "open" and transition.source == "waiting":
        unit.record(WaveOpened.model_validate(named | {"audience_size": wave.audience_size}))
    elif transition.target == "completed":
        unit.record(WaveCompleted.model_validate(named))
    elif transition.target == "rolled_back":
        unit.record(WaveRolledBack.model_validate(named))
