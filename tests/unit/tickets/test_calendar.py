"""Business time against a slow walk that asks every minute whether it counts."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets.domain.calendar import MINUTES_PER_DAY, Calendar, CalendarInvalid, NeverDue, Window

MINUTE = timedelta(minutes=1)
OFFICE = (Window(opens=9 * 60, closes=17 * 60),)
SPLIT = (Window(opens=8 * 60, closes=12 * 60), Window(opens=13 * 60, closes=17 * 60 + 30))
ALL_DAY = (Window(opens=0, closes=MINUTES_PER_DAY),)
NIGHT = (Window(opens=0, closes=150), Window(opens=150, closes=4 * 60), Window(opens=23 * 60, closes=MINUTES_PER_DAY))
CLOSED: tuple[Window, ...] = ()

# Zone and a UTC date near which its clocks change; Lord Howe moves by half an hour, Santiago and Azores at midnight.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 5)),
    ("Atlantic/Azores", date(2026, 10, 25)),
    ("Asia/Kolkata", date(2026, 1, 1)),
    ("UTC", date(2026, 12, 31)),
]


def instant(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar(
    zone: str = "UTC", *, days: tuple[Window, ...] = OFFICE, holidays: frozenset[date] = frozenset()
) -> Calendar:
    return Calendar(zone=zone, week=(days,) * 5 + (CLOSED,) * 2, holidays=holidays)


class MinuteWalk:
    """The oracle: open minutes as a set, made by resolving each window's two ends and walking between them."""

    def __init__(self, hours: Calendar, around: date, days: int) -> None:
        self.open: set[datetime] = set()
        zone = ZoneInfo(hours.zone)
        for offset in range(-days, days + 1):
            on = around + timedelta(days=offset)
            for window in CLOSED if on in hours.holidays else hours.week[on.weekday()]:
                at, end = self.resolve(on, window.opens, zone), self.resolve(on, window.closes, zone)
                while at < end:
                    self.open.add(at)
                    at += MINUTE

    @staticmethod
    def resolve(on: date, minute: int, zone: ZoneInfo) -> datetime:
        """The first UTC minute that shows this wall time; without one, the wall time moved on by the gap's length."""
        wall = datetime.combine(on, time()) + minute * MINUTE
        last_offset = (wall.replace(tzinfo=UTC) - timedelta(days=1)).astimezone(zone).utcoffset()
        assert last_offset is not None
        candidate = wall.replace(tzinfo=UTC) - last_offset - timedelta(hours=2)
        while candidate.astimezone(zone).replace(tzinfo=None) < wall:
            last_offset = candidate.astimezone(zone).utcoffset()
            candidate += MINUTE
        if candidate.astimezone(zone).replace(tzinfo=None) == wall:
            return candidate
        new_offset = candidate.astimezone(zone).utcoffset()
        assert new_offset is not None
        assert last_offset is not None
        gap = new_offset - last_offset
        return (wall + gap).replace(tzinfo=UTC) - new_offset

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        return MINUTE * sum(1 for at in self.open if start <= at < end)

    def after(self, start: datetime, minutes: int) -> datetime:
        return sorted(at for at in self.open if at >= start)[minutes - 1] + MINUTE


WEEKS = [
    (OFFICE,) * 5 + (CLOSED,) * 2,
    (SPLIT,) * 6 + (CLOSED,),
    (ALL_DAY,) * 7,
    (NIGHT,) * 7,
    ((Window(opens=90, closes=125), Window(opens=125, closes=200)),) * 7,
]


@settings(max_examples=50, deadline=None)
@given(
    change=st.sampled_from(CHANGES),
    week=st.sampled_from(WEEKS),
    holiday=st.integers(-2, 2),
    start=st.integers(-3 * 1440, 2 * 1440),
    length=st.integers(0, 3 * 1440),
    needed=st.integers(1, 900),
)
def test_open_time_and_due_times_equal_the_minute_walk(
    change: tuple[str, date], week: tuple[tuple[Window, ...], ...], holiday: int, start: int, length: int, needed: int
) -> None:
    zone, around = change
    hours = Calendar(zone=zone, week=week, holidays=frozenset({around + timedelta(days=holiday)}))
    walk = MinuteWalk(hours, around, days=8)
    begin = datetime(around.year, around.month, around.day, tzinfo=UTC) + start * MINUTE
    end = begin + length * MINUTE
    assert hours.open_between(begin, end) == walk.open_between(begin, end)
    assert hours.after(begin, needed * MINUTE) == walk.after(begin, needed)
    assert sum((closes - opens for opens, closes in hours.openings(begin, end)), timedelta(0)) == walk.open_between(
        begin, end
    )


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(sorted({zone for zone, _ in CHANGES})),
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
