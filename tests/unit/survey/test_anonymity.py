from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.survey.domain.anonymity import (
    Batching,
    StagedAnswer,
    batching_for,
    draw,
    is_unanimous,
    may_tell,
    seal,
    why_not_anonymous,
)
from services.survey.domain.instrument import Mode, QuestionId

K5 = batching_for(Mode.ANONYMOUS, 5)


def staged(count: int) -> list[StagedAnswer]:
    return [StagedAnswer(invitation_id=f"i{n}", answers={QuestionId("q"): n}) for n in range(count)]


def test_a_batch_leaves_only_when_another_whole_batch_stays() -> None:
    assert [K5.due(n) for n in (0, 5, 9, 10, 11)] == [0, 0, 0, 5, 6]


def test_at_the_close_everything_leaves_unless_so_few_answered_that_nothing_may_be_told() -> None:
    assert K5.due_at_close(staged=7, released=0) == 7
    assert K5.due_at_close(staged=5, released=10) == 5
    assert K5.due_at_close(staged=4, released=0) == 0


def test_identified_answers_count_at_once() -> None:
    assert batching_for(Mode.IDENTIFIED, 1) == Batching(size=1, reserve=0)


@given(st.lists(st.integers(1, 7), max_size=60))
def test_every_batch_that_ever_leaves_has_at_least_k_people(arrivals: list[int]) -> None:
    waiting, released, batches = 0, 0, []
    for arriving in arrivals:
        waiting += arriving
        leaving = K5.due(waiting)
        if leaving:
            batches.append(leaving)
            waiting, released = waiting - leaving, released + leaving
    last = K5.due_at_close(waiting, released)
    if last:
        batches.append(last)
    assert all(batch >= 5 for batch in batches)
    assert sum(batches) == sum(arrivals) or sum(arrivals) < 5


def test_an_anonymous_campaign_needs_twice_k_people_invited() -> None:
    assert why_not_anonymous(10, 5) is None
    assert why_not_anonymous(9, 5) == "An anonymous survey needs at least 10 people invited; here it is 9."


@given(st.integers(0, 40), st.integers(0, 40), st.randoms(use_true_random=False))
def test_drawing_takes_some_of_the_staged_and_invents_none(size: int, count: int, rng: Random) -> None:
    pool = staged(size)
    drawn = draw(pool, count, rng)
    assert len(drawn) == min(size, count)
    assert {row.invitation_id for row in drawn} <= {row.invitation_id for row in pool}
    assert len({row.invitation_id for row in drawn}) == len(drawn)


@given(st.integers(5, 30), st.randoms(use_true_random=False))
def test_sealing_keeps_both_sides_whole(size: int, rng: Random) -> None:
    pool = staged(size)
    batch = seal(pool, rng)
    assert sorted(batch.invitation_ids) == sorted(row.invitation_id for row in pool)
    assert sorted(answers[QuestionId("q")] for answers in batch.answers) == list(range(size))


def test_the_two_sides_of_a_batch_agree_in_position_no_more_often_than_by_chance() -> None:
    rng = Random(7)
    agreeing = 0
    for _ in range(2000):
        batch = seal(staged(5), rng)
        pairs = zip(batch.invitation_ids, batch.answers, strict=True)
        agreeing += sum(int(name[1:]) == answers[QuestionId("q")] for name, answers in pairs)
    assert agreeing == pytest.approx(2000, rel=0.1)  # one in five of 10,000


def test_fewer_than_k_are_not_told_of() -> None:
    assert not may_tell(4, 5)
    assert may_tell(5, 5)


def test_all_alike_is_unanimous_and_nobody_is_not() -> None:
    assert is_unanimous({"1": 0, "2": 6})
    assert not is_unanimous({"1": 1, "2": 6})
    assert not is_unanimous({"1": 0, "2": 0})
