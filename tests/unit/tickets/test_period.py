"""Periods of days in a zone, and the whole UTC days inside them."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.period import LONGEST_DAYS, PeriodInvalid, month_of, period_of, previous_month

DAY = timedelta(days=1)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Niue"]


def test_a_period_of_utc_days_has_no_edges() -> None:
    period = period_of(date(2026, 11, 1), date(2026, 12, 1), ZoneInfo("UTC"))
    assert (period.first_day, period.end_day, period.edges) == (date(2026, 11, 1), date(2026, 12, 1), [])


def test_a_day_of_a_zone_that_holds_no_whole_utc_day_is_all_edges() -> None:
    period = period_of(date(2026, 11, 23), date(2026, 11, 24), ZoneInfo("Europe/Berlin"))
    assert period.end_day <= period.first_day
    assert sum((end - start for start, end in period.edges), timedelta(0)) == DAY


def test_the_day_on_which_clocks_go_back_has_twenty_five_hours() -> None:
    period = period_of(date(2026, 10, 25), date(2026, 10, 26), ZoneInfo("Europe/Berlin"))
    assert period.ended_at - period.began_at == timedelta(hours=25)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, LONGEST_DAYS), st.sampled_from(ZONES))
def test_whole_days_and_edges_make_up_the_period_without_gap_or_overlap(from_on: date, days: int, zone: str) -> None:
    period = period_of(from_on, from_on + days * DAY, ZoneInfo(zone))
    first = datetime.combine(period.first_day, datetime.min.time(), UTC)
    end = datetime.combine(period.end_day, datetime.min.time(), UTC)
    pieces = list(period.edges)
    if first < end:
        pieces = sorted([*pieces, (first, end)])
    assert pieces[0][0] == period.began_at
    assert pieces[-1][1] == period.ended_at
    assert all(before[1] == after[0] for before, after in itertools.pairwise(pieces))


@pytest.mark.parametrize(
    ("from_on", "to_on", "says"),
    [
        (date(2026, 11, 2), date(2026, 11, 2), "day after the last"),
        (date(2026, 11, 2), date(2026, 11, 1), "day after the last"),
        (date(2026, 1, 1), date(2028, 1, 1), "at most 366"),
        (date(1, 1, 1), date(1, 1, 2), "outside the years"),
    ],
)
def test_a_period_that_makes_no_sense_says_what_would(from_on: date, to_on: date, says: str) -> None:
    with pytest.raises(PeriodInvalid, match=says):
        period_of(from_on, to_on, ZoneInfo("Europe/Berlin"))


def test_a_month_is_written_like_2026_11() -> None:
    november = month_of("2026-11")
    assert (november.began_at, november.ended_at) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert previous_month("2026-01") == "2025-12"
    for wrong in ("2026-13", "2026-00", "26-01", "2026-1", "x", "0001-01", "9999-12"):
        with pytest.raises(PeriodInvalid):
            month_of(wrong)
