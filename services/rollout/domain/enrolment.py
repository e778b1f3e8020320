"""One person in one wave of one rollout: what we want for them, what the learning system has been told, and how they stand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.rollout.domain.completion import Standing


class MemberState(StrEnum):
    """What the outside is told (`rollout.enrolment.changed`). Reversible in every direction."""

    ASSIGNED = "assigned"
    INVITED = "invited"
    ENROLLED = "enrolled"
    STARTED = "started"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


DONE = frozenset({MemberState.COMPLETED, MemberState.PASSED})


class Wanted(StrEnum):
    """What the wave wants for its member."""

    NOTHING = "nothing"  # assigned; the wave has not opened
    ENROLLED = "enrolled"
    WITHDRAWN = "withdrawn"  # the wave was taken back


class Push(StrEnum):
    """What the learning system has been told."""

    NONE = "none"
    ENROL = "enrol"  # to be told
    ENROLLED = "enrolled"  # told, and read back
    UNENROL = "unenrol"  # to be told
    UNENROLLED = "unenrolled"
    FAILED = "failed"  # this person could not be enrolled; listed, and tried again only when asked


PENDING = frozenset({Push.ENROL, Push.UNENROL})


def member_state(wanted: Wanted, standing: Standing) -> MemberState:
    """How a member is shown. A wave taken back withdraws those who are not done; what was reached is kept."""
    done = standing in (Standing.COMPLETED, Standing.PASSED)
    if wanted is Wanted.WITHDRAWN and not done:
        return MemberState.WITHDRAWN
    if standing is Standing.NONE:
        return MemberState.ASSIGNED if wanted is Wanted.NOTHING else MemberState.INVITED
    return MemberState(standing.value)


def push_for(wanted: Wanted, push: Push) -> Push:
    """What the learning system must still be told. Telling it twice is harmless, so a doubtful state is told again."""
    if wanted is Wanted.ENROLLED:
        return Push.ENROLLED if push is Push.ENROLLED else Push.ENROL
    if wanted is Wanted.WITHDRAWN and push not in (Push.NONE, Push.UNENROLLED):
        return Push.UNENROL
    return push


COUNTERS = (*(state.value for state in MemberState), "push_failed")
"""The counters of a wave: every member stands in exactly one state; `push_failed` counts apart from that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """One member's move. `before` is None for a new member."""

    rollout: str
    wave: str
    before: MemberState | None
    after: MemberState
    push_before: Push = Push.NONE
    push_after: Push = Push.NONE


def count_changes(changes: Iterable[MemberChange]) -> dict[tuple[str, str], dict[str, int]]:
    """By how much each wave's counters move, zeros left out, waves in order (so that locks are taken in one order)."""
    moves: dict[tuple[str, str], Counter[str]] = {}
    for change in changes:
        counter = moves.setdefault((change.rollout, change.wave), Counter())
        if change.before is not None:
            counter[change.before.value] -= 1
        counter[change.after.value] += 1
        counter["push_failed"] += (change.push_after is Push.FAILED) - (change.push_before is Push.FAILED)
    return {
        wave: {name: by for name, by in sorted(counter.items()) if by}
        for wave, counter in sorted(moves.items())
        if any(counter.values())
    }
