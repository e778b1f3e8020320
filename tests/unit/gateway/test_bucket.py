"""Rate limits."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.bucket import Allowance, Bucket, take

ALLOWANCE = Allowance(burst=3, rate_per_second=0.5)


def test_a_burst_passes_and_the_next_request_is_told_when_to_come_back() -> None:
    bucket: Bucket | None = None
    for remaining in (2, 1, 0):
        taken = take(bucket, ALLOWANCE, 100.0)
        assert taken.allowed
        assert taken.remaining == remaining
        bucket = taken.bucket
    refused = take(bucket, ALLOWANCE, 100.0)
    assert not refused.allowed
    assert refused.retry_after_seconds == 2
    assert take(refused.bucket, ALLOWANCE, 102.0).allowed


def test_a_clock_that_runs_backwards_gives_nothing_away() -> None:
    bucket = take(None, ALLOWANCE, 100.0).bucket
    earlier = take(bucket, ALLOWANCE, 50.0)
    assert earlier.bucket.at_seconds == 100.0
    assert earlier.remaining == 1


@given(
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
    st.integers(1, 20),
    st.floats(0.1, 10),
)
def test_over_any_span_no_more_pass_than_the_burst_and_the_rate_allow(
    pauses: list[float], burst: int, rate: float
) -> None:
    allowance = Allowance(burst=burst, rate_per_second=rate)
    bucket: Bucket | None = None
    now, passed = 0.0, 0
    for pause in pauses:
        now += pause
        taken = take(bucket, allowance, now)
        bucket = taken.bucket
        passed += taken.allowed
        assert taken.remaining >= 0
        assert taken.allowed or taken.retry_after_seconds >= 1
    assert passed <= burst + now * rate + 1e-6


@given(st.integers(1, 5), st.floats(0.05, 10))
def test_who_waits_as_long_as_told_is_let_in(burst: int, rate: float) -> None:
    allowance = Allowance(burst=burst, rate_per_second=rate)
    bucket: Bucket | None = None
    taken = take(bucket, allowance, 0.0)
    while taken.allowed:
        taken = take(taken.bucket, allowance, 0.0)
    assert take(taken.bucket, allowance, float(taken.retry_after_seconds)).allowed
