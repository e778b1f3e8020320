from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import BusinessClock, FixedClock, new_id, parse_instant, render_instant

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_business_time_is_real_time_until_a_demo_steps_it() -> None:
    real = FixedClock(AT)
    business = BusinessClock(real, demo=True)
    assert business.now() == AT
    business.step_to_offset(timedelta(days=14))
    real.advance(timedelta(seconds=1))
    assert business.now() == AT + timedelta(days=14, seconds=1)


def test_business_time_cannot_be_stepped_outside_a_demo() -> None:
    with pytest.raises(RuntimeError, match="GLIDEPATH_DEMO"):
        BusinessClock(FixedClock(AT)).step_to_offset(timedelta(hours=1))


def test_business_time_never_runs_backwards() -> None:
    business = BusinessClock(FixedClock(AT), demo=True)
    assert business.step_to_offset(timedelta(hours=2))
    assert not business.step_to_offset(timedelta(hours=1))
    assert business.offset == timedelta(hours=2)


@pytest.mark.parametrize("text", ["2026-03-02T09:00:00", "yesterday", "", "2026-13-01T00:00:00Z"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time zone|isoformat|month"):
        parse_instant(text)


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=10, minutes=30)))))
def test_an_instant_survives_being_written_and_read(at: datetime) -> None:
    assert parse_instant(render_instant(at)) == at


def test_ids_sort_by_their_creation_and_are_version_7() -> None:
    first, second = new_id(), new_id()
    assert first[:8] <= second[:8]
    assert first[14] == "7"
    assert first[19] in "89ab"
    assert first != second
