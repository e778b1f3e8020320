"""Which wave a ticket counts for, and the rule that said so.

Membership of a wave alone never attributes: the tags must name the wave, or the course or a system of the rollout must be
mentioned. The desk can set it by hand, and nothing overrides the hand.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Rule(StrEnum):
    HAND = "hand"
    TAG = "tag"
    COURSE = "course"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The wave a ticket counts for."""

    rollout: str
    wave: str
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rollout is about, from its plan: courses as source -> course id, and systems by name."""

    rollout: str
    courses: Mapping[str, str]
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The requester belongs to a wave, which was open in `[opened_at, completed_at)`."""

    rollout: str
    wave: str
    opened_at: datetime
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a ticket says about itself. `course` and `system` are the form's own fields, `text` what was written."""

    tags: tuple[str, ...]
    text: str
    course: str | None
    system: str | None
    opened_at: datetime


def attribute(evidence: Evidence, subjects: Iterable[Subject], memberships: Iterable[Membership]) -> Attribution | None:
    """By tag, else by course, else by system; the wave opened last wins where a requester is in several."""
    memberships = sorted(memberships, key=lambda m: (m.opened_at, m.rollout, m.wave), reverse=True)
    current = [m for m in memberships if _open_at(m, evidence.opened_at)]
    by_tag = _by_tag(evidence.tags, current)
    if by_tag is not None:
        return by_tag
    about = {subject.rollout: subject for subject in subjects}
    for rule, mentions in ((Rule.COURSE, _mentions_course), (Rule.SYSTEM, _mentions_system)):
        for membership in current:
            subject = about.get(membership.rollout)
            if subject is not None and mentions(evidence, subject):
                return Attribution(rollout=membership.rollout, wave=membership.wave, rule=rule)
    return None


def _open_at(membership: Membership, at: datetime) -> bool:
    return membership.opened_at <= at and (membership.completed_at is None or at < membership.completed_at)


def _by_tag(tags: tuple[str, ...], current: list[Membership]) -> Attribution | None:
    rollout, wave = _tagged(tags, "rollout"), _tagged(tags, "wave")
    if rollout is None:
        return None
    if wave is None:
        wave = next((m.wave for m in current if m.rollout.casefold() == rollout.casefold()), None)
    return None if wave is None else Attribution(rollout=rollout, wave=wave, rule=Rule.TAG)


def _tagged(tags: tuple[str, ...], name: str) -> str | None:
    """The value of the tag `name:value`; None without one, or when two contradict each other."""
    values = {tag.partition(":")[2].strip() for tag in tags if tag.partition(":")[0].strip().casefold() == name}
    values.discard("")
    return values.pop() if len(values) == 1 else None


def _mentions_course(evidence: Evidence, subject: Subject) -> bool:
    tagged = _tagged(evidence.tags, "course")
    for course in subject.courses.values():
        if course in (evidence.course, tagged):
            return True
        # A bare number means nothing in a text; "course 42" and Moodle's own address do.
        before = r"course[\s:#=]*(?:id[\s:#=]*|/view\.php\?id=)?" if course.isdigit() else ""
        if _says(evidence.text, before + re.escape(course)):
            return True
    return False


def _mentions_system(evidence: Evidence, subject: Subject) -> bool:
    stated = {value.casefold() for value in (evidence.system, _tagged(evidence.tags, "system")) if value}
    return any(system.casefold() in stated or _says(evidence.text, re.escape(system)) for system in subject.systems)


def _says(text: str, pattern: str) -> bool:
    """As a word of its own, in any case."""
    return re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE) is not None
