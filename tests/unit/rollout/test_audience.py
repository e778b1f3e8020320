"""Audience filters, and who is in which wave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.assignment import Audience, assign, point, takes
from services.rollout.domain.audience import FilterProblem, PersonRecord, parse_filter

ADA = PersonRecord(
    id="1", email="ada@example.test", region="North", department="IT", tags=("vpn", "pilot"), champion=True
)
BO = PersonRecord(id="2", region="South", department="Sales")


@pytest.mark.parametrize(
    ("source", "ada", "bo"),
    [
        ("true", True, True),
        ("false", False, False),
        ('region == "North"', True, False),
        ("region != 'North'", False, True),
        ('department in ["IT", "Legal"]', True, False),
        ('not department in ["IT"]', False, True),
        ('department not in ["IT"]', False, True),
        ('"vpn" in tags', True, False),
        ('not "vpn" in tags and champion', False, False),
        ("champion", True, False),
        ("email == null", False, True),
        ("email != null and true", True, False),
        ('region == "South" or champion and department == "IT"', True, True),
        ('(region == "South" or champion) and department == "IT"', True, False),
        ('not (region == "North" or region == "South")', False, False),
        ('region == "a \\"quoted\\" one"', False, False),
        ("not not champion", True, False),
    ],
)
def test_filters_mean_what_they_say(source: str, ada: bool, bo: bool) -> None:
    test = parse_filter(source)
    assert (test(ADA), test(BO)) == (ada, bo)


@pytest.mark.parametrize(
    ("source", "position", "words"),
    [
        ("", 1, "empty"),
        ("regin == 'x'", 1, "not known of people"),
        ("region = 'x'", 8, "no meaning"),
        ("region == North", 11, "Expected text or null"),
        ("region == text", 11, "Expected text or null"),
        ("region == 'x' region", 15, "not expected"),
        ("region in ['x'", 15, "Expected"),
        ("(champion", 10, "Expected )"),
        ("tags == 'x'", 1, 'Write "text" in tags'),
        ("'x' in region", 8, "Only tags"),
        ("region == 'x", 11, "no meaning"),
        ("__import__('os')", 1, "not known of people"),
        ("champion and", 13, "Expected a test"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(source: str, position: int, words: str) -> None:
    with pytest.raises(FilterProblem, match="at character") as caught:
        parse_filter(source)
    assert caught.value.position == position
    assert words in str(caught.value)


def test_deep_and_long_filters_are_refused_and_not_followed() -> None:
    with pytest.raises(FilterProblem, match="nested"):
        parse_filter("(" * 500 + "true" + ")" * 500)
    with pytest.raises(FilterProblem, match="nested"):
        parse_filter("not " * 500 + "true")
    with pytest.raises(FilterProblem, match="longer"):
        parse_filter("true or " * 2000 + "true")


@given(st.text())
def test_any_text_is_read_or_refused(source: str) -> None:
    place = 1
    try:
        parse_filter(source)(ADA)
    except FilterProblem as problem:
        place = problem.position
    assert 1 <= place <= len(source) + 1


def test_members_and_exclusions_go_by_id_or_address() -> None:
    audience = Audience(filter='region == "North"', members=("2",), exclude=("ADA@example.test",))
    taken = takes(audience, "salt")
    assert (taken(ADA), taken(BO)) == (False, True)


def test_nobody_who_left_is_in_an_audience() -> None:
    assert not takes(Audience(filter="true", members=("9",)), "salt")(PersonRecord(id="9", active=False))


people = st.lists(st.integers(0, 10_000), unique=True, max_size=60).map(
    lambda ids: [PersonRecord(id=str(n), region="North" if n % 2 else "South") for n in ids]
)
WAVES = [
    ("pilot", Audience(filter='region == "North"', percentage=20)),
    ("north", Audience(filter='region == "North"')),
    ("rest", Audience(filter="true")),
]


@given(people)
def test_everybody_is_in_exactly_one_wave_whatever_the_order_they_come_in(everybody: list[PersonRecord]) -> None:
    assigned = assign(WAVES, everybody, salt="s", placed={})
    places = sorted(person for members in assigned.values() for person in members)
    assert places == sorted(person.id for person in everybody)
    backwards = assign(WAVES, list(reversed(everybody)), salt="s", placed={})
    assert {wave: set(ids) for wave, ids in assigned.items()} == {wave: set(ids) for wave, ids in backwards.items()}


@given(people, st.integers(0, 59))
def test_who_has_a_place_keeps_it_and_newcomers_move_nobody(everybody: list[PersonRecord], first: int) -> None:
    early = assign(WAVES, everybody[:first], salt="s", placed={})
    placed = {person: wave for wave, ids in early.items() for person in ids}
    late = assign(WAVES, everybody, salt="s", placed=placed)
    assert not placed.keys() & {person for ids in late.values() for person in ids}
    assert assign(WAVES, everybody, salt="s", placed={}) == {
        wave: [p.id for p in everybody if p.id in {*early[wave], *late[wave]}] for wave in early
    }


@given(st.text(), st.floats(0, 100), st.floats(0, 100))
def test_a_larger_percentage_takes_everybody_a_smaller_one_took(person_id: str, one: float, other: float) -> None:
    person = PersonRecord(id=person_id)
    small, large = sorted((one, other))
    if takes(Audience(filter="true", percentage=small), "s")(person):
        assert takes(Audience(filter="true", percentage=large), "s")(person)
    assert 0 <= point("s", person_id) < 100


def test_percentages_take_about_that_share() -> None:
    everybody = [PersonRecord(id=f"person-{n}") for n in range(10_000)]
    taken = sum(map(takes(Audience(filter="true", percentage=10), "a salt"), everybody))
    assert 900 < taken < 1100  # three standard deviations are 90
