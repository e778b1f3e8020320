"""Business hours: opened outside them, and on the two days a year on which the clocks are changed."""

import pytest

from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.semantics.case import (
    OFFICE,
    Case,
    adds_up,
    calendar,
    drawn,
    fri,
    go,
    mon,
    next_mon,
    promise,
    rule,
    same_for_all,
    sat,
    settle,
    tue,
)


async def test_a_ticket_opened_on_saturday_starts_then_and_counts_from_monday_morning(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, sat("12:00"))
    clock = await case.clock("first_response", at=sat("18:00"))
    assert (clock["started_at"], clock["counting_since"]) == (sat("12:00"), next_mon("09:00"))
    assert (clock["elapsed_seconds"], clock["due_at"]) == (0, next_mon("10:00"))
    clock = await case.clock("first_response", at=next_mon("09:30"))
    assert drawn(clock) == [
        ("closed", sat("12:00"), next_mon("09:00")),
        ("running", next_mon("09:00"), next_mon("09:30")),
    ]
    assert await case.due("resolution") == next_mon("13:00")


async def test_opened_at_the_very_minute_of_closing_it_counts_from_the_next_morning(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("17:00"))
    clock = await case.clock("first_response")
    assert (clock["counting_since"], clock["due_at"]) == (tue("09:00"), tue("10:00"))


async def test_nothing_is_breached_at_the_creation_of_a_ticket_outside_hours(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, fri("20:00"))
    assert await settle(desk) == 0
    assert await settle(desk, next_mon("09:59:59.999999")) == 0
    await settle(desk, next_mon("10:00"))
    assert await case.breaches() == [("first_response", 1, next_mon("10:00"), "elapsed")]


async def test_a_lunch_break_is_not_counted_and_several_windows_a_day_are(desk: TicketsDesk) -> None:
    hours = {day: ["09:00-12:00", "13:00-17:00"] for day in OFFICE}
    await promise(desk, rule("all", same_for_all({"first_response": 60}), calendar=calendar(hours)))
    case = await Case.opened(desk, mon("11:30"))
    assert await case.due("first_response") == mon("13:30")
    at_lunch = await Case.opened(desk, mon("12:30"))
    assert await at_lunch.due("first_response") == mon("14:00")


async def test_a_shift_over_midnight_counts_as_one(desk: TicketsDesk) -> None:
    await promise(
        desk, rule("all", same_for_all({"first_response": 120}), calendar=calendar({"friday": ["22:00-06:00"]}))
    )
    case = await Case.opened(desk, fri("23:00"))
    assert await case.due("first_response") == sat("01:00")


async def test_hours_are_those_of_the_desks_zone_west_and_east_of_greenwich(desk: TicketsDesk) -> None:
    for zone, opens in (("America/New_York", "14:00"), ("Asia/Kolkata", "03:30")):
        await promise(desk, rule("all", same_for_all({"first_response": 60}), calendar=calendar(zone=zone)))
        case = await Case.opened(desk, sat("12:00"))
        assert (await case.clock("first_response"))["counting_since"] == next_mon(opens)


SUNDAY = "sunday"


@pytest.mark.parametrize(
    ("zone", "hours", "opened_at", "minutes", "since", "due_at"),
    [
        pytest.param(
            "Europe/Berlin", {SUNDAY: ["00:00-24:00"]}, "2027-03-27T23:00:00Z", 23 * 60, "2027-03-27T23:00:00Z",
            "2027-03-28T22:00:00Z", id="a 24 h window of the day that clocks go forward lasts 23 h",
        ),
        pytest.param(
            "Europe/Berlin", {SUNDAY: ["00:00-24:00"]}, "2027-03-27T23:00:00Z", 24 * 60, "2027-03-27T23:00:00Z",
            "2027-04-03T23:00:00Z", id="the missing hour is counted on the next Sunday",
        ),
        pytest.param(
            "Europe/Berlin", {SUNDAY: ["00:00-24:00"]}, "2027-10-30T22:00:00Z", 25 * 60, "2027-10-30T22:00:00Z",
            "2027-10-31T23:00:00Z", id="a 24 h window of the day that clocks go back lasts 25 h",
        ),
        pytest.param(
            "Europe/Berlin", {SUNDAY: ["02:30-04:00"]}, "2027-03-27T20:00:00Z", 30, "2027-03-28T01:30:00Z",
            "2027-03-28T02:00:00Z", id="an opening in the gap moves forward by the gap's hour",
        ),
        pytest.param(
            "Australia/Lord_Howe", {SUNDAY: ["02:15-03:00"]}, "2027-10-01T20:00:00Z", 15, "2027-10-02T15:45:00Z",
            "2027-10-02T16:00:00Z", id="on Lord Howe the gap is half an hour and so is the move",
        ),
        pytest.param(
            "Europe/Berlin", {SUNDAY: ["02:30-04:00"]}, "2027-10-30T20:00:00Z", 150, "2027-10-31T00:30:00Z",
            "2027-10-31T03:00:00Z", id="a time that exists twice is its first occurrence",
        ),
        pytest.param(
            "Europe/Berlin", OFFICE, "2027-03-26T15:30:00Z", 60, "2027-03-26T15:30:00Z",
            "2027-03-29T07:30:00Z", id="nine in the morning stays nine in the morning over the change",
        ),
    ],
)  # fmt: skip
async def test_wall_clock_windows_are_counted_in_utc_on_the_days_of_the_change(
    desk: TicketsDesk, zone: str, hours: dict[str, list[str]], opened_at: str, minutes: int, since: str, due_at: str
) -> None:
    go(desk, opened_at)
    await promise(desk, rule("all", same_for_all({"first_response": minutes}), calendar=calendar(hours, zone)))
    case = await Case.opened(desk, opened_at)
    clock = await case.clock("first_response")
    assert (clock["counting_since"], clock["due_at"]) == (since, due_at)
    await settle(desk, due_at)
    assert await case.breaches() == [("first_response", 1, due_at, "elapsed")]
    assert (await case.clock("first_response"))["elapsed_seconds"] == minutes * 60


async def test_a_clock_is_drawn_as_pieces_that_add_up_to_what_was_counted(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, sat("12:00"))
    await case.set(next_mon("09:30"), status="pending")
    await case.set(next_mon("10:30"), status="open")
    await case.set(next_mon("11:00"), status="solved")
    await case.set(next_mon("12:00"), status="open")
    clock = await case.clock("resolution", at=next_mon("12:30"))
    assert drawn(clock) == [
        ("closed", sat("12:00"), next_mon("09:00")),
        ("running", next_mon("09:00"), next_mon("09:30")),
        ("paused", next_mon("09:30"), next_mon("10:30")),
        ("running", next_mon("10:30"), next_mon("11:00")),
        ("settled", next_mon("11:00"), next_mon("12:00")),
        ("running", next_mon("12:00"), next_mon("12:30")),
    ]
    assert adds_up(clock, next_mon("12:30"))
    assert (clock["elapsed_seconds"], clock["due_at"]) == (90 * 60, next_mon("15:00"))
