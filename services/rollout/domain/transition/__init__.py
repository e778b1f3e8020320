"""How a wave moves: the pure step, the orders of people, and the values they speak in."""

from services.rollout.domain.transition.orders import MAY, OrderRefused, Verb, aborted, retried, verbs_for
from services.rollout.domain.transition.step import next_state
from services.rollout.domain.transition.values import (
    OVER,
    PHASES,
    UNDER_WAY,
    Ask,
    Decision,
    Effect,
    Enrol,
    GateRecord,
    LiftHold,
    Phase,
    PlaceHold,
    Promotion,
    TakeMembers,
    Transition,
    Wait,
    WaveFacts,
)

__all__ = [
    "MAY",
    "OVER",
    "PHASES",
    "UNDER_WAY",
    "Ask",
    "Decision",
    "Effect",
    "Enrol",
    "GateRecord",
    "LiftHold",
    "OrderRefused",
    "Phase",
    "PlaceHold",
    "Promotion",
    "TakeMembers",
    "Transition",
    "Verb",
    "Wait",
    "WaveFacts",
    "aborted",
    "next_state",
    "retried",
    "verbs_for",
]
