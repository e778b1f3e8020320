"""What facts add up to, whatever the order of their arrival."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.completion import NOTHING, Fact, Progress, Standing, distinct, fold

DAY = datetime(2031, 3, 3, 8, tzinfo=UTC)


def at(minute: int) -> datetime:
    return DAY + timedelta(minutes=minute)


def fact(minute: int, state: str, **more: object) -> Fact:
    values: dict[str, object] = {
        "key": f"{state}@{minute}",
        "type": "enrolment" if state in ("enrolled", "suspended", "withdrawn") else "completion",
        "level": "course",
        "state": state,
        "occurred_at": at(minute),
        "received_at": at(minute + 500),
    }
    return Fact(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        ([], Standing.NONE),
        ([(1, "enrolled")], Standing.ENROLLED),
        ([(1, "enrolled"), (2, "in_progress")], Standing.STARTED),
        ([(1, "enrolled"), (2, "completed")], Standing.COMPLETED),
        ([(1, "completed")], Standing.COMPLETED),
        ([(1, "completed"), (2, "in_progress")], Standing.COMPLETED),
        ([(1, "completed"), (2, "enrolled")], Standing.COMPLETED),
        ([(1, "completed"), (2, "not_completed")], Standing.STARTED),
        ([(1, "enrolled"), (2, "not_completed")], Standing.ENROLLED),
        ([(1, "completed"), (2, "not_completed"), (3, "completed")], Standing.COMPLETED),
        ([(1, "passed"), (2, "failed")], Standing.FAILED),
        ([(1, "failed"), (2, "passed")], Standing.PASSED),
        ([(1, "passed"), (2, "completed")], Standing.PASSED),
        ([(1, "completed"), (2, "passed")], Standing.PASSED),
        ([(1, "completed"), (2, "failed")], Standing.FAILED),
        ([(1, "failed"), (2, "completed")], Standing.COMPLETED),
        ([(1, "failed"), (1, "completed")], Standing.FAILED),
        ([(1, "completed"), (2, "withdrawn")], Standing.WITHDRAWN),
        ([(1, "completed"), (2, "withdrawn"), (3, "enrolled")], Standing.COMPLETED),
        ([(1, "withdrawn"), (2, "completed")], Standing.COMPLETED),
        ([(1, "withdrawn"), (2, "not_completed")], Standing.WITHDRAWN),
        ([(1, "enrolled"), (2, "suspended")], Standing.ENROLLED),
        ([(1, "completed"), (2, "suspended")], Standing.COMPLETED),
        ([(1, "enrolled"), (2, "unknown")], Standing.ENROLLED),
        ([(1, "passed"), (2, "voided")], Standing.STARTED),
    ],
)
def test_each_story_ends_where_it_should(facts: list[tuple[int, str]], standing: Standing) -> None:
    assert fold(fact(minute, state) for minute, state in facts).standing is standing


def test_a_completed_module_shows_only_that_someone_has_started() -> None:
    story = [
        fact(1, "enrolled"),
        fact(2, "completed", level="module", module="quiz"),
        fact(3, "passed", level="attempt"),
    ]
    assert fold(story).standing is Standing.STARTED


def test_an_uncompleted_module_does_not_take_the_course_back() -> None:
    story = [fact(1, "completed"), fact(2, "not_completed", level="module", module="quiz")]
    assert fold(story) == Progress(standing=Standing.COMPLETED, since_at=at(1), completed_at=at(1))


def test_a_completed_programme_says_nothing_about_its_course() -> None:
    assert fold([fact(1, "completed", level="program")]) == NOTHING


def test_a_fact_without_a_level_is_about_the_course_unless_it_names_a_module() -> None:
    assert fold([fact(1, "completed", level=None)]).standing is Standing.COMPLETED
    assert fold([fact(1, "completed", level=None, module="7")]).standing is Standing.STARTED


def test_a_grade_without_a_verdict_shows_that_someone_has_started() -> None:
    progress = fold([fact(1, "unknown", type="grade", score=0.4)])
    assert (progress.standing, progress.score) == (Standing.STARTED, 0.4)


def test_a_fact_without_a_time_stands_where_it_was_received() -> None:
    timeless = fact(0, "not_completed", key="n", occurred_at=None, received_at=at(5))
    assert fold([fact(1, "completed"), timeless]).standing is Standing.STARTED
    assert fold([fact(6, "completed"), timeless]).standing is Standing.COMPLETED


def test_one_fact_delivered_under_two_ids_counts_once_and_is_voided_under_either() -> None:
    first, second = fact(1, "completed", key="a"), fact(1, "completed", key="b", received_at=at(900))
    assert len(distinct([first, second])) == 1
    assert fold([first, second, fact(2, "voided", voids="b")]) == NOTHING
    assert fold([second, first], voided={"a"}) == NOTHING


def test_a_voided_completion_uncovers_what_was_before_it() -> None:
    story = [fact(1, "enrolled"), fact(2, "in_progress"), fact(3, "passed"), fact(9, "voided", voids="passed@3")]
    assert fold(story) == Progress(standing=Standing.STARTED, since_at=at(2))


def test_completing_again_keeps_the_first_time_of_the_present_completion() -> None:
    story = [
        fact(1, "completed"),
        fact(2, "not_completed"),
        fact(3, "completed"),
        fact(4, "passed"),
        fact(5, "completed"),
    ]
    assert fold(story).completed_at == at(3)


def test_a_suspended_enrolment_is_marked_and_resumed() -> None:
    assert fold([fact(1, "enrolled"), fact(2, "suspended")]).suspended
    assert not fold([fact(1, "enrolled"), fact(2, "suspended"), fact(3, "enrolled")]).suspended


STATES = (
    *("enrolled", "suspended", "withdrawn", "in_progress", "completed"),
    *("passed", "failed", "not_completed", "voided", "unknown"),
)


@st.composite
def any_fact(draw: st.DrawFn) -> Fact:
    index = draw(st.integers(0, 40))
    timed = draw(st.booleans())
    state = draw(st.sampled_from(STATES))
    voids = f"k{draw(st.integers(0, 40))}" if state == "voided" and draw(st.booleans()) else None
    return Fact(
        key=f"k{index}",
        type=draw(st.sampled_from(("enrolment", "completion", "grade"))),
        level=draw(st.sampled_from(("course", "module", "attempt", "program", None))),
        module=draw(st.sampled_from((None, "m1"))),
        state=state,
        score=draw(st.sampled_from((None, 0.5, 1.0))),
        occurred_at=at(draw(st.integers(0, 4))) if timed else None,
        received_at=at(draw(st.integers(0, 6))),
        voids=voids,
    )


@given(facts=st.lists(any_fact(), max_size=12), data=st.data())
def test_the_same_facts_in_any_order_with_any_duplicates_give_the_same_progress(
    facts: list[Fact], data: st.DataObject
) -> None:
    expected = fold(facts)
    doubles = data.draw(st.lists(st.sampled_from(facts), max_size=6)) if facts else []
    shuffled = data.draw(st.permutations([*facts, *doubles]))
    assert fold(shuffled) == expected


@given(facts=st.lists(any_fact(), max_size=12), late=st.integers(1, 600))
def test_sending_timed_facts_again_under_new_ids_changes_nothing(facts: list[Fact], late: int) -> None:
    plain = [replace(each, key=f"{number}", voids=None) for number, each in enumerate(facts)]
    again = [
        replace(each, key=f"again-{each.key}", received_at=each.received_at + timedelta(minutes=late))
        for each in plain
        if each.occurred_at is not None
    ]
    assert fold([*again, *plain]) == fold(plain)


@given(facts=st.lists(any_fact(), max_size=12))
def test_whoever_is_done_has_a_time_of_completion_and_nobody_else(facts: list[Fact]) -> None:
    progress = fold(facts)
    assert (progress.completed_at is not None) == (progress.standing in (Standing.COMPLETED, Standing.PASSED))
