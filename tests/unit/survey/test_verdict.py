from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from services.survey.domain.explanation import explain
from services.survey.domain.verdict import (
    Basis,
    Outcome,
    Question,
    certain_verdict,
    deadline_verdict,
    lower_bound,
    needed,
    tail_at_least,
    tail_at_most,
)


def ask(population: int, threshold: float = 0.7, **more: object) -> Question:
    return Question(population=population, threshold=threshold, **more)  # type: ignore[arg-type]


# facts/survey.md 5.6: one-sided 95 % lower bound of M.
@pytest.mark.parametrize(
    ("yes", "answered", "population", "bound"),
    [
        (8, 10, 20, 12),
        (18, 20, 40, 31),
        (18, 20, 200, 146),
        (40, 50, 200, 140),
        (45, 50, 60, 52),
        (150, 200, 1000, 701),
    ],
)
def test_the_hypergeometric_bound_agrees_with_the_published_oracle(
    yes: int, answered: int, population: int, bound: int
) -> None:
    assert lower_bound(yes, answered, population) == bound


# facts/survey.md 5.6: smallest number of yes that clears 70 % of 60 people (one-sided 95 %).
@pytest.mark.parametrize(
    ("answered", "smallest"), [(8, 8), (10, 10), (12, 11), (15, 14), (20, 17), (25, 21), (30, 24), (40, 31), (50, 37)]
)
def test_the_smallest_passing_count_agrees_with_the_published_oracle(answered: int, smallest: int) -> None:
    passing = [k for k in range(answered + 1) if deadline_verdict(ask(60), yes=k, answered=answered).outcome == "pass"]
    assert passing[0] == smallest
    assert passing == list(range(smallest, answered + 1))


def test_five_answers_of_sixty_can_never_pass() -> None:
    assert deadline_verdict(ask(60), yes=5, answered=5).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("threshold", "population", "target"),
    [(0.7, 10, 7), (0.7, 40, 28), (0.1, 30, 3), (1.0, 40, 40), (0.66, 3, 2), (0.0, 5, 0)],
)
def test_the_target_is_exact_for_the_decimal_that_was_written(threshold: float, population: int, target: int) -> None:
    assert needed(threshold, population) == target


def test_a_pass_is_certain_as_soon_as_enough_have_said_yes() -> None:
    assert certain_verdict(ask(40), yes=27, answered=30) is None
    verdict = certain_verdict(ask(40), yes=28, answered=30)
    assert verdict is not None
    assert (verdict.outcome, verdict.basis) == (Outcome.PASS, Basis.CERTAIN)


def test_a_fail_is_certain_as_soon_as_too_few_are_left() -> None:
    assert certain_verdict(ask(40), yes=8, answered=20) is None
    verdict = certain_verdict(ask(40), yes=8, answered=21)
    assert verdict is not None
    assert (verdict.outcome, verdict.basis) == (Outcome.FAIL, Basis.CERTAIN)


def test_fewer_answers_than_k_decide_nothing() -> None:
    question = ask(4, at_least=5)
    assert certain_verdict(question, yes=4, answered=4) is None
    assert deadline_verdict(question, yes=4, answered=4).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize("policy", list(Outcome))
def test_what_the_test_leaves_open_the_declared_policy_decides(policy: Outcome) -> None:
    verdict = deadline_verdict(ask(60, on_undecided=policy), yes=14, answered=20)
    assert verdict.outcome is policy
    assert verdict.basis is Basis.DEADLINE
    assert verdict.by_policy is (policy is not Outcome.UNDECIDED)


def test_silence_never_passes_whatever_the_policy() -> None:
    verdict = deadline_verdict(ask(60, on_undecided=Outcome.PASS, at_least=5), yes=0, answered=0)
    assert verdict.outcome is Outcome.UNDECIDED
    assert deadline_verdict(ask(60, on_undecided=Outcome.FAIL, at_least=5), yes=0, answered=0).outcome is Outcome.FAIL


def test_large_audiences_agree_with_scipy() -> None:
    for yes, answered, marked, population in [(690, 1000, 140_000, 200_000), (705, 1000, 700_000, 1_000_000)]:
        ours = tail_at_least(yes, answered, marked, population)
        assert float(ours) == pytest.approx(hypergeom.sf(yes - 1, population, marked, answered), rel=1e-6)


populations = st.integers(1, 400).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n), st.integers(0, n))
)


@given(populations)
def test_tails_agree_with_scipy(drawn: tuple[int, int, int, int]) -> None:
    population, marked, answered, yes = drawn
    yes = min(yes, answered)
    assert float(tail_at_least(yes, answered, marked, population)) == pytest.approx(
        hypergeom.sf(yes - 1, population, marked, answered), abs=1e-9
    )
    assert float(tail_at_most(yes, answered, marked, population)) == pytest.approx(
        hypergeom.cdf(yes, population, marked, answered), abs=1e-9
    )


@given(st.integers(1, 120), st.data())
def test_a_certain_verdict_never_turns_however_the_others_answer(population: int, data: st.DataObject) -> None:
    answered = data.draw(st.integers(0, population))
    yes = data.draw(st.integers(0, answered))
    question = ask(population, data.draw(st.sampled_from([0.5, 0.66, 0.7, 0.8, 1.0])))
    verdict = certain_verdict(question, yes=yes, answered=answered)
    if verdict is None:
        return
    for later_yes in (yes, yes + population - answered):
        final = certain_verdict(question, yes=later_yes, answered=population)
        assert final is not None
        assert final.outcome is verdict.outcome


@given(st.integers(1, 60))
def test_everybody_answered_is_always_certain(population: int) -> None:
    for yes in range(population + 1):
        assert certain_verdict(ask(population), yes=yes, answered=population) is not None


@given(st.integers(20, 60), st.data())
def test_the_chance_of_a_false_pass_is_at_most_alpha(population: int, data: st.DataObject) -> None:
    question = ask(population)
    truth = needed(question.threshold, population) - 1  # the closest truth at which passing would be wrong
    answered = data.draw(st.integers(1, population))
    possible = range(max(0, answered + truth - population), min(answered, truth) + 1)
    wrong = sum(
        hypergeom.pmf(k, population, truth, answered)
        for k in possible
        if deadline_verdict(question, yes=k, answered=answered).outcome is Outcome.PASS
    )
    assert wrong <= 0.05 + 1e-9


def test_exact_tails_are_fractions_and_not_floats() -> None:
    assert tail_at_least(1, 1, 1, 3) == Fraction(1, 3)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        lower_bound(3, 2, 10)


def test_each_verdict_is_explained_in_a_sentence() -> None:
    def told(question: Question, yes: int, answered: int) -> str:
        return explain(question, deadline_verdict(question, yes=yes, answered=answered), yes=yes, answered=answered)

    assert told(ask(40), 28, 30) == (
        "28 of 30 counted answers are a yes; 28 of 40 are needed, and no answer still out can change that."
    )
    assert "can no longer be reached" in told(ask(40), 2, 30)
    assert told(ask(60), 17, 20) == (
        "17 of 20 counted answers are a yes; an exact test at 95 % confidence rules out that fewer than 42 of 60 would say yes."
    )
    assert "as many as 42 of 60" in told(ask(60), 9, 20)
    assert told(ask(60, on_undecided=Outcome.FAIL), 14, 20).endswith("declared beforehand that this counts as a fail.")
    assert told(ask(60, at_least=5), 0, 0).startswith("Fewer than 5 people answered")
    assert told(ask(60, at_least=5), 20, 20).startswith("At least 90 % of 20 counted answers")
    assert told(ask(60, at_least=5), 0, 20).startswith("At most 10 % of 20 counted answers")
