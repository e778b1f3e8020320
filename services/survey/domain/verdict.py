"""When a survey may decide a gate.

The audience is a finite list of N people of whom M would say yes; the question is whether M reaches ceil(threshold * N).
A verdict names its basis: `certain` (no answer still out could change it) or `deadline` (one exact hypergeometric test
when the survey closes, which takes those who answered for a random part of the audience). A point estimate never decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, comb, exp, fsum, lgamma

LARGEST_EXACT_POPULATION = 5_000
"""Up to here tail probabilities are exact integers; above, logarithms of the gamma function (relative error below 1e-8)."""


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNDECIDED = "undecided"


class Basis(StrEnum):
    CERTAIN = "certain"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be decided, declared before the first answer. `threshold` and `confidence` are between 0 and 1."""

    population: int
    threshold: float
    confidence: float = 0.95
    on_undecided: Outcome = Outcome.UNDECIDED
    at_least: int = 1
    """Fewer answers than this say nothing: k where answers are confidential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    outcome: Outcome
    basis: Basis
    by_policy: bool = False
    """The test left it open and the policy declared beforehand decided."""


def needed(threshold: float, population: int) -> int:
    """How many must say yes. Exact for the decimal that was written: 0.7 of 10 is 7, though 0.7 * 10 in floats is more."""
    return ceil(Fraction(str(threshold)) * population)


def certain_verdict(question: Question, *, yes: int, answered: int) -> Verdict | None:
    """The verdict that no answer still out could change, or None."""
    _check(yes, answered, question.population)
    if answered < question.at_least:
        return None
    target = needed(question.threshold, question.population)
    if yes >= target:
        return Verdict(outcome=Outcome.PASS, basis=Basis.CERTAIN)
    if yes + (question.population - answered) < target:
        return Verdict(outcome=Outcome.FAIL, basis=Basis.CERTAIN)
    return None


def deadline_verdict(question: Question, *, yes: int, answered: int) -> Verdict:
    """The verdict at the close: certain if it can be, else one-sided exact tests at 1 - confidence, else the policy."""
    certain = certain_verdict(question, yes=yes, answered=answered)
    if certain is not None:
        return certain
    if answered >= question.at_least:
        target = needed(question.threshold, question.population)
        alpha = 1 - Fraction(str(question.confidence))
        # Reject "one short of the target" by answers that are too good for it, or "just at it" by answers too bad for it.
        if tail_at_least(yes, answered, target - 1, question.population) <= alpha:
            return Verdict(outcome=Outcome.PASS, basis=Basis.DEADLINE)
        if tail_at_most(yes, answered, target, question.population) <= alpha:
            return Verdict(outcome=Outcome.FAIL, basis=Basis.DEADLINE)
    elif question.on_undecided is Outcome.PASS:
        return Verdict(outcome=Outcome.UNDECIDED, basis=Basis.DEADLINE)  # silence never passes, whatever the policy
    decided = question.on_undecided is not Outcome.UNDECIDED
    return Verdict(outcome=question.on_undecided, basis=Basis.DEADLINE, by_policy=decided)


def lower_bound(yes: int, answered: int, population: int, *, confidence: float = 0.95) -> int:
    """Exact one-sided lower bound of M: the smallest number of yes in the audience that the answers do not refute."""
    _check(yes, answered, population)
    alpha = 1 - Fraction(str(confidence))
    low, high = yes, population - (answered - yes)
    while low < high:  # the tail grows with M
        middle = (low + high) // 2
        if tail_at_least(yes, answered, middle, population) > alpha:
            high = middle
        else:
            low = middle + 1
    return low


def tail_at_least(yes: int, answered: int, marked: int, population: int) -> Fraction | float:
    """P(X >= yes) when `answered` are drawn without replacement from `population`, of whom `marked` would say yes."""
    first = max(yes, answered + marked - population, 0)
    return _tail(first, min(answered, marked), answered, marked, population)


def tail_at_most(yes: int, answered: int, marked: int, population: int) -> Fraction | float:
    """P(X <= yes), as above. By symmetry the chance of at least `answered - yes` noes."""
    return tail_at_least(answered - yes, answered, population - marked, population)


def _tail(first: int, last: int, answered: int, marked: int, population: int) -> Fraction | float:
    if not 0 <= marked <= population:
        return 0.0
    if first > last:
        return 0.0
    if population <= LARGEST_EXACT_POPULATION:
        return Fraction(sum(_exact_terms(first, last, answered, marked, population)), comb(population, answered))
    return min(1.0, fsum(_float_terms(first, last, answered, marked, population)))


def _exact_terms(first: int, last: int, answered: int, marked: int, population: int) -> Iterator[int]:
    unmarked = population - marked
    term = comb(marked, first) * comb(unmarked, answered - first)
    for x in range(first, last + 1):
        yield term
        term = term * (marked - x) * (answered - x) // ((x + 1) * (unmarked - answered + x + 1))


def _float_terms(first: int, last: int, answered: int, marked: int, population: int) -> Iterator[float]:
    total = _log_comb(population, answered)
    unmarked = population - marked
    for x in range(first, last + 1):
        yield exp(_log_comb(marked, x) + _log_comb(unmarked, answered - x) - total)


def _log_comb(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _check(yes: int, answered: int, population: int) -> None:
    if not 0 <= yes <= answered <= population:
        raise ValueError(f"{yes} yes of {answered} answers of {population} people cannot be")
