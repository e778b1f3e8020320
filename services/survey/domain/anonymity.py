"""When answers may leave staging, and what of them may be told.

Answers wait in staging and leave it in release batches of at least k, drawn at random. A batch leaves only when another
whole batch stays behind, so that the last one, at the close, is never smaller than k: otherwise the figures before and
after the close would differ by a handful of people, and subtraction would unmask them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.survey.domain.instrument import Answers, Mode

BANDED_AT = 0.9
"""All of a group answering alike is told as `at least 90 %`: "all five said no" would speak of each of them."""

T = TypeVar("T")


class Shuffler(Protocol):
    """What is needed of `random.SystemRandom`; tests hand in a seeded `random.Random`."""

    def shuffle(self, x: list[T]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """`size` answers leave together, and only while `reserve` stay behind."""

    size: int
    reserve: int

    def due(self, staged: int) -> int:
        """How many of `staged` answers may leave now: none, or at least `size`."""
        spare = staged - self.reserve
        return spare if spare >= self.size else 0

    def due_at_close(self, staged: int, released: int) -> int:
        """How many leave at the close: all, unless so few were ever given that nothing may be told of them."""
        return staged if staged + released >= self.size else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedAnswer:
    invitation_id: str
    answers: Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBatch:
    """The two sides of a batch, each in an order of its own: position says nothing."""

    invitation_ids: tuple[str, ...]
    answers: tuple[Answers, ...]


def batching_for(mode: Mode, k: int) -> Batching:
    """Identified answers count at once; the others wait for company."""
    return Batching(size=1, reserve=0) if mode is Mode.IDENTIFIED else Batching(size=k, reserve=k)


def draw(staged: Sequence[StagedAnswer], count: int, rng: Shuffler) -> list[StagedAnswer]:
    """`count` of the staged answers at random, so that the time of answering does not say which batch one is in."""
    pool = list(staged)
    rng.shuffle(pool)
    return pool[:count]


def seal(batch: Sequence[StagedAnswer], rng: Shuffler) -> SealedBatch:
    """Part a batch into who took part and what was answered, shuffled independently of each other."""
    invitations = [row.invitation_id for row in batch]
    answers = [row.answers for row in batch]
    rng.shuffle(invitations)
    rng.shuffle(answers)
    return SealedBatch(invitation_ids=tuple(invitations), answers=tuple(answers))


def why_not_anonymous(invited: int, k: int) -> str | None:
    """Why calling this campaign anonymous would be a lie, or None."""
    if invited < 2 * k:
        return f"An anonymous survey needs at least {2 * k} people invited; here it is {invited}."
    return None


def may_tell(n: int, k: int) -> bool:
    """Whether figures about `n` people may be told. Withheld looks the same as empty."""
    return n >= k


def is_unanimous(counts: Mapping[str, int]) -> bool:
    """Whether everybody counted chose the same."""
    return sum(1 for count in counts.values() if count) == 1
