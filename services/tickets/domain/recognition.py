"""Thanks that figures bear out: who kept their promises, and who got better. Never who did worst.

Only above a minimum number, so that luck is not praised; in the order of names where several kept theirs, because those above
the bar are not to be ranked against each other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tickets.domain.report import ENOUGH, Figures

GOOD = 0.95
"""Adjusted attainment from which on somebody kept their promises."""
BETTER = 0.10
"""Rise of adjusted attainment, against the month before, from which on somebody got better."""
TEAM = "team:"


class Praise(StrEnum):
    """`thanks` are words alone; the other two have to be borne out by the month's results."""

    ATTAINMENT = "attainment"
    IMPROVEMENT = "improvement"
    THANKS = "thanks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody whose month deserves a word. `attainment` is adjusted, 0 to 1; `before` that of the month before, if enough."""

    praise: Praise
    receiver: str
    decided: int
    attainment: float
    before: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """`receiver` is an agent as tickets name them, or `team:<name>`, in lower case. `told` are `person`, `lead`, `manager`."""

    recognition_id: str
    praise: Praise
    receiver: str
    person_id: str | None
    month: str
    message: str
    told: tuple[str, ...]
    given_at: datetime
    given_by: str


def candidates(now: Mapping[str, Figures], before: Mapping[str, Figures]) -> list[Candidate]:
    """Who kept their promises, by name; then who got better, the most first. Figures by receiver; nobody unnamed."""
    good = [each for each in _decided(now, before) if each.attainment >= GOOD]
    better = [
        each for each in _decided(now, before) if each.before is not None and each.attainment - each.before >= BETTER
    ]
    ranked = sorted(better, key=lambda each: (-(each.attainment - (each.before or 0.0)), each.receiver))
    return [
        *(_as(each, Praise.ATTAINMENT) for each in sorted(good, key=lambda each: each.receiver)),
        *(_as(each, Praise.IMPROVEMENT) for each in ranked),
    ]


def earned(praise: Praise, receiver: str, found: list[Candidate]) -> bool:
    """Whether the month bears the praise out."""
    return praise is Praise.THANKS or any(each.praise is praise and each.receiver == receiver for each in found)


def _decided(now: Mapping[str, Figures], before: Mapping[str, Figures]) -> Iterator[Candidate]:
    for receiver, figures in now.items():
        attainment = figures.adjusted
        if not receiver.removeprefix(TEAM) or attainment is None or figures.decided - figures.exempted < ENOUGH:
            continue
        earlier = before.get(receiver, Figures())
        enough = earlier.decided - earlier.exempted >= ENOUGH
        yield Candidate(
            praise=Praise.THANKS,
            receiver=receiver,
            decided=figures.decided,
            attainment=attainment,
            before=earlier.adjusted if enough else None,
        )


def _as(candidate: Candidate, praise: Praise) -> Candidate:
    return Candidate(
        praise=praise,
        receiver=candidate.receiver,
        decided=candidate.decided,
        attainment=candidate.attainment,
        before=candidate.before,
    )
