"""Who deserves a word for a month's results, and who is never named for them."""

from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.recognition import BETTER, GOOD, Praise, candidates, earned
from services.tickets.domain.report import ENOUGH, Figures


def named(praise: Praise, now: dict[str, Figures], before: dict[str, Figures] | None = None) -> list[str]:
    return [each.receiver for each in candidates(now, before or {}) if each.praise is praise]


def test_those_above_the_bar_are_in_the_order_of_their_names_and_not_of_their_figures() -> None:
    now = {"zoe": Figures(met=100), "ann": Figures(met=96, breached=4), "bob": Figures(met=94, breached=6)}
    assert named(Praise.ATTAINMENT, now) == ["ann", "zoe"]


def test_few_cases_praise_nobody() -> None:
    assert candidates({"ann": Figures(met=ENOUGH - 1)}, {}) == []
    # Exempted cases say nothing of anybody.
    assert candidates({"ann": Figures(met=ENOUGH - 1, breached=1, exempted=1)}, {}) == []


def test_the_greatest_rise_comes_first_and_needs_enough_cases_in_both_months() -> None:
    now = {name: Figures(met=18, breached=2) for name in ("ann", "bob", "new")}
    before = {
        "ann": Figures(met=14, breached=6),
        "bob": Figures(met=10, breached=10),
        "new": Figures(met=1, breached=ENOUGH - 2),
    }
    assert named(Praise.IMPROVEMENT, now, before) == ["bob", "ann"]


def test_nobody_is_not_somebody() -> None:
    assert candidates({"": Figures(met=50), "team:": Figures(met=50)}, {}) == []


def test_thanks_need_no_figures_and_praise_of_results_does() -> None:
    found = candidates({"ann": Figures(met=50)}, {})
    assert earned(Praise.THANKS, "bob", found)
    assert earned(Praise.ATTAINMENT, "ann", found)
    assert not earned(Praise.ATTAINMENT, "bob", found)
    assert not earned(Praise.IMPROVEMENT, "ann", found)


figures = st.builds(
    lambda met, breached, forgiven: Figures(met=met, breached=breached, exempted=min(breached, forgiven)),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
)
months = st.dictionaries(st.sampled_from(["ann", "bob", "team:network", ""]), figures)


@given(months, months)
def test_nobody_is_ever_named_for_doing_badly(now: dict[str, Figures], before: dict[str, Figures]) -> None:
    for each in candidates(now, before):
        assert each.decided >= ENOUGH
        if each.praise is Praise.ATTAINMENT:
            assert each.attainment >= GOOD
        else:
            assert each.before is not None
            assert each.attainment - each.before >= BETTER
