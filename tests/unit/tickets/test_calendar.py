"""Business time: what each rule of calendars says. `tests/oracle` compares all of them with the minutes on the wall."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets.domain.calendar import (
    BEGINNING,
    MINUTES_PER_DAY,
    Calendar,
    CalendarInvalid,
    Closure,
    Hours,
    NeverDue,
    Window,
)

MINUTE = timedelta(minutes=1)
OFFICE = (Window(opens=9 * 60, closes=17 * 60),)
SPLIT = (Window(opens=8 * 60, closes=12 * 60), Window(opens=13 * 60, closes=17 * 60 + 30))
ALL_DAY = (Window(opens=0, closes=MINUTES_PER_DAY),)
NIGHT = (Window(opens=0, closes=150), Window(opens=150, closes=4 * 60), Window(opens=23 * 60, closes=MINUTES_PER_DAY))
CLOSED: tuple[Window, ...] = ()

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "UTC")


def instant(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar(
    zone: str = "UTC", *, days: tuple[Window, ...] = OFFICE, holidays: frozenset[date] = frozenset()
) -> Calendar:
    return Calendar(zone=zone, week=(days,) * 5 + (CLOSED,) * 2, holidays=holidays)


WEEKS = [
    (OFFICE,) * 5 + (CLOSED,) * 2,
    (SPLIT,) * 6 + (CLOSED,),
    (ALL_DAY,) * 7,
    (NIGHT,) * 7,
    ((Window(opens=90, closes=125), Window(opens=125, closes=200)),) * 7,
]


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    week=st.sampled_from(WEEKS),
    start=st.integers(0, 12 * 366 * 86_400_000_000).map(lambda us: instant("2019-01-01") + timedelta(microseconds=us)),
    needed=st.timedeltas(timedelta(microseconds=1), timedelta(days=500)),
)
def test_what_is_due_after_a_span_has_had_exactly_that_span_of_open_time(
    zone: str, week: tuple[tuple[Window, ...], ...], start: datetime, needed: timedelta
) -> None:
    hours = Calendar(zone=zone, week=week)
    due = hours.after(start, needed)
    assert hours.open_between(start, due) == needed
    assert hours.open_between(start, due - timedelta(microseconds=1)) == needed - timedelta(microseconds=1)


def test_a_day_of_24_hours_lasts_23_when_clocks_go_forward_and_25_when_they_go_back() -> None:
    hours = Calendar(zone="Europe/Berlin", week=(ALL_DAY,) * 7)
    spring, autumn = instant("2026-03-29", "Europe/Berlin"), instant("2026-10-25", "Europe/Berlin")
    assert hours.open_between(spring, instant("2026-03-30", "Europe/Berlin")) == timedelta(hours=23)
    assert hours.open_between(autumn, instant("2026-10-26", "Europe/Berlin")) == timedelta(hours=25)


def test_an_opening_inside_a_gap_moves_forward_by_the_gaps_length() -> None:
    early = (Window(opens=150, closes=5 * 60),)
    berlin = Calendar(zone="Europe/Berlin", week=(early,) * 7)
    assert berlin.next_open(instant("2026-03-29T00:00", "Europe/Berlin")) == instant(
        "2026-03-29T03:30", "Europe/Berlin"
    )
    # Lord Howe: 02:00 to 02:30 does not exist, so 02:15 is 02:45.
    howe = Calendar(zone="Australia/Lord_Howe", week=((Window(opens=135, closes=300),),) * 7)
    midnight = instant("2026-10-04T00:00", "Australia/Lord_Howe")
    assert howe.next_open(midnight) == instant("2026-10-04T02:45", "Australia/Lord_Howe")


def test_a_time_that_exists_twice_is_its_first_occurrence() -> None:
    hours = Calendar(zone="Europe/Berlin", week=((Window(opens=150, closes=240),),) * 7)
    midnight = instant("2026-10-25T00:00", "Europe/Berlin")
    assert hours.next_open(midnight) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert hours.open_between(midnight, midnight + timedelta(days=1)) == timedelta(hours=2, minutes=30)


def test_what_a_gap_pushes_into_the_next_window_counts_once() -> None:
    windows = (Window(opens=60, closes=150), Window(opens=180, closes=240))
    hours = Calendar(zone="Europe/Berlin", week=(windows,) * 7)
    midnight = instant("2026-03-29T00:00", "Europe/Berlin")
    # 01:00-02:00, then 03:00-04:00 of which 02:30's stand-in 03:30 ends a part.
    assert hours.open_between(midnight, midnight + timedelta(hours=10)) == timedelta(hours=2)


def test_a_whole_day_that_a_zone_skipped_is_not_counted_twice() -> None:
    apia = Calendar(zone="Pacific/Apia", week=(OFFICE,) * 7)
    thursday = instant("2011-12-29T00:00", "Pacific/Apia")
    assert apia.open_between(thursday, instant("2012-01-01T00:00", "Pacific/Apia")) == timedelta(hours=16)


def test_a_holiday_is_closed_in_the_calendars_own_zone() -> None:
    hours = calendar("Pacific/Auckland", holidays=frozenset({date(2026, 11, 23)}))
    opened = instant("2026-11-23T10:00", "Pacific/Auckland")
    assert hours.next_open(opened) == instant("2026-11-24T09:00", "Pacific/Auckland")


def test_a_span_that_ends_with_the_day_is_due_at_closing_and_not_at_the_next_opening() -> None:
    assert calendar().after(instant("2026-11-20T09:00"), timedelta(hours=8)) == instant("2026-11-20T17:00")


def test_a_ticket_opened_outside_hours_counts_from_the_next_opening() -> None:
    friday_evening = instant("2026-11-20T18:30")
    assert calendar().next_open(friday_evening) == instant("2026-11-23T09:00")
    assert calendar().after(friday_evening, timedelta(hours=1)) == instant("2026-11-23T10:00")


@pytest.mark.parametrize(
    ("zone", "week"),
    [
        ("Mars/Olympus", (OFFICE,) * 7),
        ("../etc/passwd", (OFFICE,) * 7),
        ("Europe", (OFFICE,) * 7),
        ("UTC", (OFFICE,) * 6),
        ("UTC", (CLOSED,) * 7),
        ("UTC", ((Window(opens=600, closes=600),),) * 7),
        ("UTC", ((Window(opens=600, closes=2881),),) * 7),
        ("UTC", ((Window(opens=1440, closes=1500),),) * 7),
        ("UTC", ((Window(opens=600, closes=700), Window(opens=690, closes=800)),) * 7),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(zone: str, week: tuple[tuple[Window, ...], ...]) -> None:
    with pytest.raises(CalendarInvalid):
        Calendar(zone=zone, week=week)


def test_a_target_that_never_comes_together_is_an_error_and_not_a_hang() -> None:
    rare = Calendar(zone="UTC", week=((Window(opens=0, closes=1),), *(CLOSED,) * 6))
    with pytest.raises(NeverDue):
        rare.after(instant("2026-01-01"), timedelta(days=365))


NIGHTS = (Window(opens=22 * 60, closes=30 * 60),)
THURSDAY = date(2026, 12, 24)


def test_a_shift_over_midnight_is_one_stretch_and_ends_on_the_next_day() -> None:
    nights = Calendar(zone="UTC", week=(NIGHTS,) * 7)
    evening = instant("2026-11-23T22:00")
    assert list(nights.openings(evening, evening + timedelta(hours=12))) == [(evening, evening + timedelta(hours=8))]
    assert nights.after(evening, timedelta(hours=9)) == instant("2026-11-24T23:00")
    assert nights.next_open(instant("2026-11-24T05:59")) == instant("2026-11-24T05:59")


def test_a_holiday_opens_no_window_and_ends_one_of_the_evening_before() -> None:
    nights = Calendar(zone="UTC", week=(NIGHTS,) * 7, holidays=frozenset({date(2026, 12, 25)}))
    openings = list(nights.openings(instant("2026-12-24T12:00"), instant("2026-12-27T00:00")))
    assert openings == [
        (instant("2026-12-24T22:00"), instant("2026-12-25T00:00")),
        (instant("2026-12-26T22:00"), instant("2026-12-27T00:00")),
    ]


def test_a_dated_shift_replaces_the_week_and_lifts_a_holiday() -> None:
    early = ((THURSDAY, (Window(opens=540, closes=720),)), (date(2026, 12, 23), ()))
    hours = Calendar(zone="UTC", week=(OFFICE,) * 7, holidays=frozenset({THURSDAY}), shifts=early)
    assert list(hours.openings(instant("2026-12-23T00:00"), instant("2026-12-25T00:00"))) == [
        (instant("2026-12-24T09:00"), instant("2026-12-24T12:00"))
    ]


def test_a_closure_takes_a_part_of_a_day_whatever_else_is_said() -> None:
    shut = (Closure(on=THURSDAY, opens=12 * 60, closes=14 * 60), Closure(on=THURSDAY, opens=13 * 60, closes=15 * 60))
    hours = Calendar(zone="UTC", week=(OFFICE,) * 7, closures=shut)
    nine = instant("2026-12-24T09:00")
    assert hours.open_between(nine, nine + timedelta(days=1)) == timedelta(hours=5)
    assert hours.after(nine, timedelta(hours=4)) == instant("2026-12-24T16:00")


def test_closures_and_shifts_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(CalendarInvalid):
        Calendar(zone="UTC", week=(OFFICE,) * 7, closures=(Closure(on=THURSDAY, opens=700, closes=700),))
    with pytest.raises(CalendarInvalid):
        Calendar(zone="UTC", week=(OFFICE,) * 7, shifts=((THURSDAY, ()), (THURSDAY, OFFICE)))


def test_calendars_that_say_the_same_are_laid_out_once_whatever_they_are_called() -> None:
    one, other = (Calendar(name=name, zone="UTC", week=(OFFICE,) * 7) for name in ("a", "b"))
    assert one != other
    assert one._timetable is other._timetable


def test_a_calendar_with_dated_shifts_only_opens_on_those_and_never_after() -> None:
    fair = Calendar(zone="UTC", week=(CLOSED,) * 7, shifts=((THURSDAY, OFFICE),))
    assert fair.next_open(instant("2026-01-01")) == instant("2026-12-24T09:00")
    with pytest.raises(NeverDue):
        fair.next_open(instant("2026-12-24T17:00"))
    with pytest.raises(NeverDue):
        fair.after(instant("2026-01-01"), timedelta(hours=8, microseconds=1))


def test_what_lies_before_the_first_question_is_laid_out_when_it_is_asked_for() -> None:
    hours = calendar("America/New_York")
    later = hours.open_between(instant("2026-11-23"), instant("2026-11-28"))
    assert hours.open_between(instant("2011-01-03"), instant("2011-01-08")) == later == timedelta(hours=40)
    whole = hours.open_between(instant("2011-01-01"), instant("2027-01-01"))
    parts = [hours.open_between(instant(f"{year}-01-01"), instant(f"{year + 1}-01-01")) for year in range(2011, 2027)]
    assert sum(parts, timedelta(0)) == whole


def test_hours_change_at_an_instant_and_need_a_calendar_from_the_beginning() -> None:
    noon = instant("2026-11-23T12:00")
    always = Calendar(zone="UTC", week=(ALL_DAY,) * 7)
    hours = Hours(pieces=((BEGINNING, calendar()), (noon, always)))
    assert hours.open_between(noon - timedelta(hours=12), noon + timedelta(hours=12)) == timedelta(hours=15)
    assert hours.after(instant("2026-11-23T09:00"), timedelta(hours=10)) == instant("2026-11-23T19:00")
    assert Hours.of(always).pieces == ((BEGINNING, always),)
    for pieces in ((), ((noon, always),), ((BEGINNING, always), (noon, always), (noon, always))):
        with pytest.raises(CalendarInvalid):
            Hours(pieces=pieces)


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Pacific/Chatham"])
def test_a_night_over_the_turn_of_the_year_counts_whole_west_and_east_of_greenwich(zone: str) -> None:
    nights = Calendar(zone=zone, week=(NIGHTS,) * 7)
    evening = instant("2026-12-31T22:00", zone)
    fresh = Calendar(zone=zone, week=(NIGHTS,) * 7, holidays=frozenset({date(2020, 1, 1)}))
    for hours in (nights, fresh):
        assert hours.open_between(evening + timedelta(hours=7), evening + timedelta(hours=24)) == timedelta(hours=1)
        assert hours.open_between(evening - timedelta(hours=1), evening + timedelta(hours=9)) == timedelta(hours=8)
        assert hours.after(evening, timedelta(hours=8)) == evening + timedelta(hours=8)
