"""What a person's facts about one course add up to.

The fold is a pure function of the set of facts: their order of arrival and their repetition do not matter. Facts are ordered by
the source's own time; one without a time stands where it was received. Two facts with one key are one fact, and so are two with
the same content at the same source time (a vendor that sends again under a new id).

Three things are kept apart, because vendors report them apart: whether the person is enrolled, how far they came, and whether
they passed. Only facts about the course as a whole say that it is completed; a module or an attempt shows at most that someone
has started; a programme says nothing about one of its courses.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Where a person stands with a course."""

    NONE = "none"
    ENROLLED = "enrolled"
    STARTED = "started"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One canonical learning fact as stored. `type`, `level` and `state` are the words of `shared.events.facts`."""

    key: str
    type: str
    state: str
    received_at: datetime
    occurred_at: datetime | None = None
    level: str | None = None
    module: str | None = None
    score: float | None = None
    voids: str | None = None
    """For `voided`: the key of the fact that is taken back; without it the person's record is taken back as a whole."""

    @property
    def at(self) -> datetime:
        """What orders it: the source's time, else the time it was received."""
        return self.occurred_at or self.received_at

    @property
    def about_course(self) -> bool:
        """True for a statement about the course as a whole."""
        return self.level == "course" or (self.level is None and self.module is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a person stands with a course. `since_at`: since when; `completed_at` only while completed or passed."""

    standing: Standing = Standing.NONE
    since_at: datetime | None = None
    completed_at: datetime | None = None
    score: float | None = None
    suspended: bool = False
    """The source has paused the enrolment; what was reached stays reached."""


NOTHING = Progress()

# At one instant the later of these wins: what takes a success back beats the success, and learning beats un-enrolling
# (several systems un-enrol people in the very second in which they complete).
_RANK = {
    "unknown": 0,
    "enrolled": 1,
    "suspended": 2,
    "withdrawn": 3,
    "in_progress": 4,
    "completed": 5,
    "passed": 6,
    "failed": 7,
    "not_completed": 8,
    "voided": 9,
}
_LEARNING = frozenset({"in_progress", "completed", "passed", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """The three dimensions while folding."""

    enrolled: bool = False
    suspended: bool = False
    withdrawn: bool = False
    started: bool = False
    completed: bool = False
    verdict: str | None = None  # passed | failed
    score: float | None = None

    @property
    def standing(self) -> Standing:
        if self.withdrawn:
            return Standing.WITHDRAWN
        if self.verdict is not None:
            return Standing(self.verdict)
        if self.completed:
            return Standing.COMPLETED
        if self.started:
            return Standing.STARTED
        return Standing.ENROLLED if self.enrolled else Standing.NONE


@dataclass(slots=True)
class _Group:
    """Facts that are one and the same under different keys."""

    fact: Fact
    keys: set[str] = field(default_factory=set)


def fold(facts: Iterable[Fact], *, voided: Collection[str] = ()) -> Progress:
    """The progress that these facts of one person and one course show. `voided`: keys taken back from elsewhere."""
    record = _Record()
    since_at: datetime | None = None
    completed_at: datetime | None = None
    for fact in distinct(facts, voided=voided):
        before, record = record.standing, _apply(record, fact)
        if record.standing is not before:
            since_at = fact.at
        done = record.standing in (Standing.COMPLETED, Standing.PASSED)
        was_done = before in (Standing.COMPLETED, Standing.PASSED)
        completed_at = (completed_at if was_done else fact.at) if done else None
    return Progress(
        standing=record.standing,
        since_at=since_at,
        completed_at=completed_at,
        score=record.score,
        suspended=record.suspended and record.standing is not Standing.WITHDRAWN,
    )


def distinct(facts: Iterable[Fact], *, voided: Collection[str] = ()) -> list[Fact]:
    """The facts that count, each once, in the order in which they happened."""
    by_key: dict[str, Fact] = {}
    taken_back = set(voided)
    for fact in facts:
        if fact.state == "voided" and fact.voids is not None:
            taken_back.add(fact.voids)
            continue
        held = by_key.get(fact.key)
        if held is None or _order(fact) < _order(held):
            by_key[fact.key] = fact
    groups: dict[tuple[object, ...], _Group] = {}
    for fact in by_key.values():
        group = groups.setdefault(_content(fact), _Group(fact))
        group.keys.add(fact.key)
        group.fact = min(group.fact, fact, key=_order)
    counted = [group.fact for group in groups.values() if not group.keys & taken_back]
    return sorted(counted, key=_order)


def _content(fact: Fact) -> tuple[object, ...]:
    """Equal for one fact sent under several keys. Without a source time nobody can tell, so the key stays part of it."""
    what = (fact.type, fact.level, fact.module, fact.state, fact.score)
    return (*what, fact.occurred_at) if fact.occurred_at is not None else (*what, None, fact.key)


def _order(fact: Fact) -> tuple[object, ...]:
    """Total: two facts that compare equal are the same fact, so arrival cannot show."""
    score = -1.0 if fact.score is None else fact.score
    received = fact.received_at if fact.occurred_at is None else fact.occurred_at
    details = (fact.type, fact.level or "", fact.module or "", score, fact.key, received, fact.received_at)
    return (fact.at, _RANK.get(fact.state, 0), *details)


def _apply(record: _Record, fact: Fact) -> _Record:
    if not fact.about_course:
        return _apply_part(record, fact)
    if fact.score is not None:
        record = replace(record, score=fact.score)
    state = fact.state
    if state in _LEARNING:
        return _apply_learning(replace(record, enrolled=True, withdrawn=False, started=True), state)
    if state == "enrolled":
        return replace(record, enrolled=True, suspended=False, withdrawn=False)
    if state == "suspended":
        return replace(record, enrolled=True, suspended=True, withdrawn=False)
    if state == "withdrawn":
        return replace(record, withdrawn=True, suspended=False)
    if state in ("not_completed", "voided"):
        return replace(record, completed=False, verdict=None, score=None)
    if fact.type == "grade" and fact.score is not None:
        return replace(record, started=True)
    return record  # `unknown`: kept with the vendor's word, means nothing here


def _apply_part(record: _Record, fact: Fact) -> _Record:
    """A module or an attempt: shows that someone is at work, never that the course is done."""
    if fact.level == "program" or fact.state not in _LEARNING:
        return record
    return replace(record, enrolled=True, withdrawn=False, started=True)


def _apply_learning(record: _Record, state: str) -> _Record:
    if state == "passed":
        return replace(record, verdict="passed")
    if state == "failed":
        return replace(record, verdict="failed", completed=False)
    if state == "completed":
        # Completing again after a failure is a new try that went well; completing does not take a pass away.
        return replace(record, completed=True, verdict=None if record.verdict == "failed" else record.verdict)
    return record
