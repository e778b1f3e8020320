"""What a person may order of a wave in which phase, as pure functions. Everything else is `next_state`'s business."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from services.rollout.domain.hold import Hold
from services.rollout.domain.transition.values import OVER, UNDER_WAY, Phase, Transition

Verb: TypeAlias = Literal["promote", "pause", "resume", "hold", "lift", "abort", "retry"]

_TRAINING: Final = frozenset({"training", "admin"})
_HOLDERS: Final = frozenset({"training", "it_lead", "admin"})
MAY: Final[Mapping[Verb, frozenset[str]]] = {
    "promote": _TRAINING,
    "pause": _HOLDERS,
    "resume": _HOLDERS,
    "hold": _HOLDERS,
    "lift": _HOLDERS,
    "abort": _TRAINING,
    "retry": _TRAINING,
}


class OrderRefused(ValueError):
    """The wave is in no phase for it; the message says so in a sentence."""


def aborted(phase: Phase, *, roll_back: bool, by: str, reason: str) -> Transition:
    """Stop a wave for good (until a retry). A wave that never opened has nothing to roll back."""
    if phase in OVER:
        raise OrderRefused(f"The wave is {_said(phase)}; there is nothing to abort.")
    if roll_back and phase not in UNDER_WAY:
        raise OrderRefused("The wave has not opened, so there is nothing to roll back; abort it without.")
    word = "rolled it back" if roll_back else "aborted it"
    return Transition(source=phase, target="rolled_back" if roll_back else "aborted", reason=f"{by} {word}: {reason}")


def retried(
    phase: Phase, *, asked_again: Collection[str], enrolled_again: int = 0, by: str, reason: str
) -> Transition | None:
    """Begin an aborted wave again; or ask again what was answered no, enrol again who was refused (None: it stays)."""
    if phase in ("aborted", "rolled_back"):
        return Transition(source=phase, target="pending", reason=f"{by} retries it: {reason}")
    if not asked_again and not enrolled_again:
        raise OrderRefused(
            f"The wave is {_said(phase)}, no survey or sign-off of it was answered no and the LMS refused nobody:"
            " nothing to retry."
        )
    return None


def verbs_for(phase: Phase, holds: Sequence[Hold], roles: Collection[str], *, refusals: bool) -> list[Verb]:
    """What somebody with these roles could do with the wave now, in the order a person would look for it.

    `refusals`: a survey or sign-off was answered no, or the LMS refused somebody.
    """
    able: list[Verb] = []
    if phase not in OVER:
        able = ["promote", "pause", "hold", "abort"]
        if any(hold.pause and hold.liftable_by(roles) for hold in holds):
            able = ["promote", "resume", "hold", "abort"]
        if any(hold.liftable_by(roles) for hold in holds):
            able.insert(3, "lift")
    if phase in ("aborted", "rolled_back") or (phase not in OVER and refusals):
        able.append("retry")
    return [verb for verb in able if MAY[verb] & set(roles)]


def _said(phase: Phase) -> str:
    return phase.replace("_", " ")
