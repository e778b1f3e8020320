"""One person in one wave of one rollout: what we want for them, what the learning system has been told, and how they stand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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


AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""`due_at` of what waits for nothing but its turn."""
PENDING = frozenset({Push.ENROL, Push.UNENROL})


def member_state(wanted: Wanted, standing: Standing) -> MemberState:
    """How a member is shown. A wave taken back withdraws those who have not started; what was reached is kept."""
    if wanted is Wanted.WITHDRAWN and standing in (Standing.NONE, Standing.ENROLLED):
        return MemberState.WITHDRAWN
    if standing is Standing.NONE:
        return MemberState.ASSIGNED if wanted is Wanted.NOTHING else MemberState.INVITED
    return MemberState(standing.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person's place in a wave. `version` moves with `state`, for that is what is published."""

    id: str
    rollout: str
    wave: str
    person_id: str
    source: str | None = None
    course_id: str | None = None
    state: MemberState = MemberState.ASSIGNED
    wanted: Wanted = Wanted.NOTHING
    push: Push = Push.NONE
    attempts: int = 0
    """How often the system was told what `push` says; counted before it is told, so that a crash cannot hide it."""
    pushed: bool = False
    """We enrolled this person ourselves (and so may un-enrol them)."""
    error: str | None = None
    due_at: datetime | None = None
    """Real time; set exactly while `push` is to be told."""
    version: int = 1


def invited(member: Member, standing: Standing, *, source: str, course_id: str) -> Member:
    """The wave has opened: the system is to be told of this member, unless it knows them already.

    Asking twice changes nothing; one whose enrolment failed is left for `tried_again`.
    """
    push, attempts = member.push, member.attempts
    known = standing not in (Standing.NONE, Standing.WITHDRAWN)
    if push in (Push.NONE, Push.UNENROL, Push.UNENROLLED):
        push, attempts = (Push.ENROLLED if known and push is Push.NONE else Push.ENROL), 0
    return _shown(
        replace(
            member,
            wanted=Wanted.ENROLLED,
            source=source,
            course_id=course_id,
            push=push,
            attempts=attempts,
            due_at=(member.due_at or AT_ONCE) if push in PENDING else None,
        ),
        standing,
    )


def taken_back(member: Member, standing: Standing) -> Member:
    """The wave is taken back: whoever has not started is un-enrolled if it was us who enrolled them."""
    if standing not in (Standing.NONE, Standing.ENROLLED, Standing.WITHDRAWN):
        return member if member.push is not Push.ENROL else replace(member, push=Push.NONE, due_at=None)
    known = (member.push is Push.ENROLLED and member.pushed) or (member.push is Push.ENROL and member.attempts > 0)
    push = Push.UNENROL if known or member.push is Push.UNENROL else Push.NONE
    attempts = member.attempts if member.push is Push.UNENROL else 0
    taken = replace(
        member,
        wanted=Wanted.WITHDRAWN,
        push=push,
        attempts=attempts,
        due_at=AT_ONCE if push in PENDING else None,
        error=None,
    )
    return _shown(taken, standing)


def tried_again(member: Member) -> Member:
    """Somebody asked to try once more whoever could not be enrolled."""
    if member.push is not Push.FAILED or member.wanted is not Wanted.ENROLLED:
        return member
    return replace(member, push=Push.ENROL, attempts=0, due_at=AT_ONCE, error=None)


def told(member: Member, *, sent: Push, ours: bool) -> Member:
    """The system was told `sent` of this member, and it was read back. `ours`: it did not know them before.

    If the wave was taken back meanwhile, what was just done is still to be undone.
    """
    if sent is Push.UNENROL:
        done = member.push is Push.UNENROL
        return replace(member, push=Push.UNENROLLED, pushed=False, due_at=None, error=None) if done else member
    if member.push is Push.ENROL:
        return replace(member, push=Push.ENROLLED, pushed=ours or member.pushed, due_at=None, error=None)
    return replace(member, pushed=ours or member.pushed)


def refused(member: Member, *, sent: Push, error: str) -> Member:
    """The system will not have this person: listed with its reason; the rest of the wave goes on."""
    if member.push is not sent:
        return member
    push = Push.FAILED if sent is Push.ENROL else Push.UNENROLLED
    return replace(member, push=push, due_at=None, error=error[:500])


def put_off(member: Member, *, sent: Push, until: datetime, error: str | None = None) -> Member:
    """Nothing came of it this time; to be told again at `until`, unless that was often enough."""
    if member.push is not sent:
        return member
    return replace(member, due_at=until, error=error[:500] if error else member.error)


def standing_now(member: Member, standing: Standing) -> Member:
    """The member after new facts."""
    return _shown(member, standing)


def _shown(member: Member, standing: Standing) -> Member:
    state = member_state(member.wanted, standing)
    return member if state is member.state else replace(member, state=state, version=member.version + 1)


COUNTERS = (*(state.value for state in MemberState), "push_failed")
"""The counters of a wave: every member stands in exactly one state; `push_failed` counts apart from that."""


def count_changes(changes: Iterable[tuple[Member | None, Member]]) -> dict[tuple[str, str], dict[str, int]]:
    """By how much each wave's counters move for these (before, after) pairs; None before: a new member.

    Zeroes are left out; waves come in order, so that locks are taken in one order.
    """
    moves: dict[tuple[str, str], Counter[str]] = {}
    for before, after in changes:
        counter = moves.setdefault((after.rollout, after.wave), Counter())
        if before is not None:
            counter[before.state.value] -= 1
            counter["push_failed"] -= before.push is Push.FAILED
        counter[after.state.value] += 1
        counter["push_failed"] += after.push is Push.FAILED
    return {
        wave: {name: by for name, by in sorted(counter.items()) if by}
        for wave, counter in sorted(moves.items())
        if any(counter.values())
    }
