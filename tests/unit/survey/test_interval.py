import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from services.survey.domain.interval import extremes, wilson


# facts/survey.md 5.3: Newcombe 1998a Table I (method 3), and R prop.test.
@pytest.mark.parametrize(
    ("yes", "n", "low", "high", "places"),
    [
        (81, 263, 0.2553, 0.3662, 4),
        (15, 148, 0.0624, 0.1605, 4),
        (0, 20, 0.0, 0.1611, 4),
        (1, 29, 0.0061, 0.1718, 4),
        (3, 10, 0.1077913, 0.6032219, 7),
        (0, 10, 0.0, 0.2775328, 7),
        (10, 10, 0.7224672, 1.0, 7),
    ],
)
def test_wilson_agrees_with_the_published_oracle(yes: int, n: int, low: float, high: float, places: int) -> None:
    interval = wilson(yes, n)
    assert interval is not None
    assert (round(interval.low, places), round(interval.high, places)) == (low, high)


def test_nobody_asked_has_no_interval() -> None:
    assert wilson(0, 0) is None
    assert extremes(0, 0, 0, threshold=0.7) is None


def test_more_yes_than_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson(3, 2)


@given(st.integers(1, 2000), st.data())
def test_wilson_agrees_with_scipy_and_stays_within_bounds(n: int, data: st.DataObject) -> None:
    yes = data.draw(st.integers(0, n))
    confidence = data.draw(st.sampled_from([0.8, 0.9, 0.95, 0.99]))
    ours = wilson(yes, n, confidence=confidence)
    theirs = binomtest(yes, n).proportion_ci(confidence, method="wilson")
    assert ours is not None
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)
    assert 0 <= ours.low <= yes / n <= ours.high <= 1


def test_the_silent_bound_the_share_without_any_assumption() -> None:
    found = extremes(20, 30, 40, threshold=0.7)
    assert found is not None
    assert (found.worst, found.best, found.tipping_point) == (0.5, 0.75, 0.8)


def test_there_is_no_tipping_point_when_the_silent_cannot_change_it() -> None:
    for yes in (28, 2):
        found = extremes(yes, 30, 40, threshold=0.7)
        assert found is not None
        assert found.tipping_point is None
