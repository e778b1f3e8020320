"""Which clocks will be missed, by what work of their kind has taken."""

from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.forecast import ENOUGH, Survival

HOURS = 3600.0
SECONDS = st.floats(min_value=0, max_value=1e7, allow_nan=False)


def test_of_those_that_took_as_long_the_share_that_took_too_long_is_the_chance() -> None:
    """Ten clocks took 1 to 10 hours. After 5 hours six are alike (5 to 10), of which three took 8 hours or more."""
    survival = Survival(hour * HOURS for hour in range(1, 11))
    chance = survival.chance(used=5 * HOURS, target=8 * HOURS)
    assert chance.to_miss == 3 / 6
    assert (chance.alike, chance.enough) == (6, False)


def test_exactly_the_target_is_too_late() -> None:
    assert Survival([8 * HOURS]).chance(used=0, target=8 * HOURS).to_miss == 1
    assert Survival([8 * HOURS - 1]).chance(used=0, target=8 * HOURS).to_miss == 0


def test_where_nobody_ever_took_so_long_nothing_is_said() -> None:
    chance = Survival([1 * HOURS, 2 * HOURS]).chance(used=3 * HOURS, target=8 * HOURS)
    assert (chance.to_miss, chance.alike) == (None, 0)
    assert Survival([]).chance(used=0, target=1).to_miss is None


def test_few_clocks_alike_are_said_to_be_few() -> None:
    assert Survival([1 * HOURS] * ENOUGH).chance(used=0, target=2 * HOURS).enough
    assert not Survival([1 * HOURS] * (ENOUGH - 1)).chance(used=0, target=2 * HOURS).enough


@given(st.lists(SECONDS, max_size=50), SECONDS, SECONDS)
def test_the_chance_is_a_share_and_grows_with_what_is_used_up(elapsed: list[float], used: float, target: float) -> None:
    survival = Survival(elapsed)
    chance = survival.chance(used=used, target=target)
    alike = [each for each in elapsed if each >= used]
    assert chance.alike == len(alike)
    if chance.to_miss is not None:
        assert chance.to_miss == len([each for each in alike if each >= target]) / len(alike)
        later = survival.chance(used=min(used + 1, target) if used < target else used, target=target)
        assert later.to_miss is None or later.to_miss >= chance.to_miss


@given(st.lists(SECONDS, min_size=1, max_size=50), SECONDS)
def test_what_has_used_up_its_target_is_missed_for_certain(elapsed: list[float], target: float) -> None:
    chance = Survival(elapsed).chance(used=target, target=target)
    assert chance.to_miss in (None, 1)
