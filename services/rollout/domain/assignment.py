"""Who is in which wave: deterministic, so that a restart or a second look never moves anybody.

A person's place is a hash of the rollout's salt and their id; a percentage takes those below it. Everyone goes to the first wave
(in the plan's order) whose audience takes them. What was stored stays; only people without a place get one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.rollout.domain.audience import PersonRecord, Predicate, parse_filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """(`filter`, thinned to `percentage` of 100, plus `members`) minus `exclude`. Members and exclusions: ids or e-mails."""

    filter: str | None = None
    members: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exclude_filter: str | None = None
    percentage: float = 100.0


def point(salt: str, person_id: str) -> float:
    """Where a person stands in a rollout, uniform in [0, 100): 53 bits of SHA-256."""
    digest = hashlib.sha256(f"{salt}\x00{person_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) * (100 / 2**53)


def takes(audience: Audience, salt: str) -> Predicate:
    """The audience as a test of one person. Somebody who is not active is in no audience."""
    wanted = parse_filter(audience.filter) if audience.filter is not None else None
    unwanted = parse_filter(audience.exclude_filter) if audience.exclude_filter is not None else None
    members, excluded = _names(audience.members), _names(audience.exclude)

    if wanted is not None and unwanted is None and not members and not excluded and audience.percentage >= 100:
        # The common case, asked a million times in a preview: nothing but the filter.
        return lambda person: person.active and wanted(person)

    def taken(person: PersonRecord) -> bool:
        if not person.active or _named(person, excluded) or (unwanted is not None and unwanted(person)):
            return False
        if _named(person, members):
            return True
        if wanted is None or not wanted(person):
            return False
        return audience.percentage >= 100 or point(salt, person.id) < audience.percentage

    return taken


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _named(person: PersonRecord, names: frozenset[str]) -> bool:
    return bool(names) and (
        person.id.casefold() in names or (person.email is not None and person.email.casefold() in names)
    )


def assign(
    waves: Sequence[tuple[str, Audience]], people: Iterable[PersonRecord], *, salt: str, placed: Mapping[str, str]
) -> dict[str, list[str]]:
    """Wave -> ids of people without a place (`placed`: person id -> wave) whose first matching wave it is, in given order."""
    tests = [(name, takes(audience, salt)) for name, audience in waves]
    assigned: dict[str, list[str]] = {name: [] for name, _ in waves}
    for person in people:
        if person.id in placed:
            continue
        wave = next((name for name, taken in tests if taken(person)), None)
        if wave is not None:
            assigned[wave].append(person.id)
    return assigned
