"""Gates: their kinds and settings, the evidence they look at, and what the evidence says."""

from services.rollout.domain.gate.assess import assess
from services.rollout.domain.gate.evidence import OpenBreach, OpenTicket, SurveyEvidence, WaveCounts, WaveEvidence
from services.rollout.domain.gate.kinds import (
    STAGES,
    CalendarGate,
    CompletionGate,
    Gate,
    SignoffGate,
    SlaGate,
    Stage,
    SurveyGate,
    TicketsGate,
)

__all__ = [
    "STAGES",
    "CalendarGate",
    "CompletionGate",
    "Gate",
    "OpenBreach",
    "OpenTicket",
    "SignoffGate",
    "SlaGate",
    "Stage",
    "SurveyEvidence",
    "SurveyGate",
    "TicketsGate",
    "WaveCounts",
    "WaveEvidence",
    "assess",
]
