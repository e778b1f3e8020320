"""Closed days out of calendar files: days and parts of days, recurrences within bounds, and hostile files refused."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets.errors import CalendarFileNotUsable, CalendarNotUsable
from services.tickets.usecases.policies.calendar_files import MOST_EVENTS, read_calendar_file
from services.tickets.usecases.policies.holidays import ClosedDays, country_days
from services.tickets.usecases.policies.recurrence import Recurrence, RecurrenceRefused

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 22)


def event(*lines: str, uid: str = "1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def read(*events: str, zone: ZoneInfo = BERLIN) -> ClosedDays:
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y", *events, "END:VCALENDAR", ""])
    return read_calendar_file(text, zone, today=TODAY)


def test_all_day_events_are_holidays_with_their_end_left_out() -> None:
    found = read(
        event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", "SUMMARY:Christmas", "TRANSP:TRANSPARENT")
    )
    assert found.days == {date(2026, 12, day): "Christmas" for day in (24, 25, 26)}
    assert found.parts == {}
    assert read(event("DTSTART;VALUE=DATE:20261224")).days == {date(2026, 12, 24): ""}
    assert read(event("DTSTART;VALUE=DATE:20261224", "DURATION:P2D")).days.keys() == {
        date(2026, 12, 24),
        date(2026, 12, 25),
    }


def test_timed_events_close_parts_of_days_in_the_calendars_zone() -> None:
    found = read(event("DTSTART:20261130T130000Z", "DTEND:20261130T150030Z", "SUMMARY:Staff\\, all"))
    assert found.parts == {date(2026, 11, 30): ["14:00-16:01"]}
    assert found.names == {date(2026, 11, 30): "Staff, all"}
    assert read(event("DTSTART:20261130T140000", "DURATION:PT2H")).parts == {date(2026, 11, 30): ["14:00-16:00"]}
    tokyo = read(event("DTSTART;TZID=Asia/Tokyo:20261130T090000", "DTEND;TZID=Asia/Tokyo:20261130T100000"))
    assert tokyo.parts == {date(2026, 11, 30): ["01:00-02:00"]}


def test_an_event_over_midnight_closes_parts_of_both_days() -> None:
    found = read(event("DTSTART:20261130T220000", "DTEND:20261202T060000", "SUMMARY:Move"))
    assert found.parts == {date(2026, 11, 30): ["22:00-24:00"], date(2026, 12, 2): ["00:00-06:00"]}
    assert found.days == {date(2026, 12, 1): "Move"}


def test_recurrences_exceptions_and_moved_occurrences_are_followed() -> None:
    found = read(
        event(
            "DTSTART;TZID=Europe/Berlin:20261130T140000",
            "DTEND;TZID=Europe/Berlin:20261130T160000",
            "RRULE:FREQ=MONTHLY;BYDAY=-1MO;UNTIL=20270401T000000Z",
            "EXDATE;TZID=Europe/Berlin:20261228T140000",
            "RDATE;TZID=Europe/Berlin:20270105T140000",
        ),
        event(
            "RECURRENCE-ID;TZID=Europe/Berlin:20270125T140000",
            "DTSTART;TZID=Europe/Berlin:20270126T090000",
            "DTEND;TZID=Europe/Berlin:20270126T100000",
        ),
        event("DTSTART;VALUE=DATE:20270301", "STATUS:CANCELLED", uid="2"),
    )
    assert found.parts == {
        date(2026, 11, 30): ["14:00-16:00"],
        date(2027, 1, 5): ["14:00-16:00"],
        date(2027, 1, 26): ["09:00-10:00"],
        date(2027, 2, 22): ["14:00-16:00"],
        date(2027, 3, 29): ["14:00-16:00"],
    }
    assert found.notes == ("1 cancelled events are left out.",)


def test_an_endless_recurrence_is_followed_to_the_horizon_only() -> None:
    found = read(event("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=YEARLY", "SUMMARY:New Year"))
    assert [on.year for on in found.days] == [2025, 2026, 2027, 2028, 2029, 2030, 2031]
    assert found.notes == ("5 days before 2025-01-01 or after 2031-12-31 are left out.",)


def _files() -> list[tuple[str, str]]:
    whole = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{}\nEND:VCALENDAR\n"
    day = "DTSTART;VALUE=DATE:20261224"
    return [
        ("hello", "that can be read"),
        ("", "that can be read"),
        (whole.format(""), "no events"),
        (whole.format(event()), "no start"),
        (whole.format(event("DTSTART;VALUE=DATE:2026122")), "DTSTART"),
        (whole.format(event("DTSTART;TZID=Mars/Olympus:20261130T140000", "DURATION:PT1H")), "Mars/Olympus"),
        (whole.format(event(day, "DTEND:20261224T100000Z")), "not both"),
        (whole.format(event(day, "DTEND;VALUE=DATE:20290101")), "more than a year"),
        (whole.format(event(day, "DTEND;VALUE=DATE:20261201")), "ends before"),
        (whole.format(event("DTSTART:20261130T140000")), "no length"),
        (whole.format(event(day, "RRULE:FREQ=SECONDLY")), "SECONDLY"),
        (whole.format(event(day, "RRULE:FREQ=YEARLY;BYSETPOS=-1;BYDAY=MO")), "BYSETPOS"),
        (
            whole.format("\n".join(event(day, uid=str(each)) for each in range(MOST_EVENTS + 1))),
            "more than 2000 events",
        ),
        (
            whole.format(
                "\n".join(
                    event("DTSTART;VALUE=DATE:19000101", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=str(each))
                    for each in range(20)
                )
            ),
            "too long ago",
        ),
        (
            whole.format(
                "\n".join(
                    event(f"DTSTART;VALUE=DATE:{year}0101", f"DTEND;VALUE=DATE:{year}1231", uid=str(year))
                    for year in range(2025, 2032)
                )
            ),
            "",
        ),
    ]


@pytest.mark.parametrize(("text", "said"), _files()[:-1])
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(CalendarFileNotUsable) as refused:
        read_calendar_file(text, BERLIN, today=TODAY)
    assert said in refused.value.detail
    assert refused.value.errors[0].pointer == "/ics"


def test_a_file_may_close_years_but_no_more_than_there_are_days() -> None:
    assert len(read_calendar_file(_files()[-1][0], BERLIN, today=TODAY).days) == 7 * 364 + 1


RULES = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]).map(lambda each: [each])},
    optional={
        "INTERVAL": st.integers(1, 5).map(lambda each: [each]),
        "COUNT": st.integers(1, 30).map(lambda each: [each]),
        "BYMONTH": st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True),
        "BYMONTHDAY": st.lists(st.sampled_from([1, 5, 15, 28, -1, -3]), min_size=1, max_size=3, unique=True),
        # The other implementation takes a plain weekday beside a numbered one for "both", where RFC 5545 says "either".
        "BYDAY": st.lists(st.sampled_from(["MO", "WE", "SU"]), min_size=1, max_size=2, unique=True)
        | st.lists(st.sampled_from(["1MO", "-1FR"]), min_size=1, max_size=2, unique=True),
    },
)


@settings(max_examples=100, deadline=None)
@given(rule=RULES, start=st.dates(date(2019, 1, 1), date(2026, 12, 31)))
def test_recurrences_are_those_of_another_implementation(rule: dict[str, list[object]], start: date) -> None:
    """The start always counts here, so only starts that the rule itself gives are compared."""
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]

    try:
        recurrence = Recurrence.read(rule)
    except RecurrenceRefused:
        assert any(str(each)[:-2] for each in rule["BYDAY"])
        return
    text = ";".join(f"{name}={','.join(map(str, values))}" for name, values in rule.items())
    last = start + timedelta(days=800)
    other = rrulestr(f"RRULE:{text}", dtstart=datetime.combine(start, datetime.min.time()))
    expected = [
        at.date()
        for at in other.between(
            datetime.combine(start, datetime.min.time()), datetime.combine(last, datetime.min.time()), inc=True
        )
    ]
    if expected and expected[0] == start:
        assert list(recurrence.dates(start, last)) == expected


def test_a_weekday_beside_a_numbered_one_means_either() -> None:
    """RFC 5545, section 3.3.10: BYDAY is a list of days that all count."""
    rule = Recurrence.read({"FREQ": ["MONTHLY"], "BYDAY": ["MO", "1FR"]})
    days = list(rule.dates(date(2026, 11, 2), date(2026, 12, 7)))
    assert [each.day for each in days] == [2, 6, 9, 16, 23, 30, 4, 7]


def test_a_countrys_holidays_are_a_snapshot_that_names_its_library() -> None:
    berlin = country_days("DE", "BE", [2026, 2027])
    assert berlin.days[date(2026, 3, 8)]
    assert date(2026, 3, 8) not in country_days("DE", None, [2026]).days
    assert {on.year for on in berlin.days} == {2026, 2027}
    library = berlin.source["library"]
    assert isinstance(library, str)
    assert library.startswith("holidays 0.")


def test_holidays_that_depend_on_the_moon_are_said_to_be_estimates() -> None:
    assert "estimates" in " ".join(country_days("AE", None, [2029]).notes)
    assert country_days("DE", None, [2199]).notes in ((), ("Nothing is known for 2199.",))


@pytest.mark.parametrize(
    ("country", "subdivision", "pointer"), [("XX", None, "/country"), ("DE", "ZZ", "/subdivision")]
)
def test_a_country_that_is_not_known_is_refused_by_its_place(
    country: str, subdivision: str | None, pointer: str
) -> None:
    with pytest.raises(CalendarNotUsable) as refused:
        country_days(country, subdivision, [2026])
    assert refused.value.errors[0].pointer == pointer
