"""Time that does not count: pauses, the time a ticket was solved, and what a breach has to do with either."""

from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.semantics.case import (
    Case,
    adds_up,
    drawn,
    fri,
    mon,
    promise,
    rule,
    same_for_all,
    settle,
    tue,
    wed,
)


async def test_a_pause_is_half_open_and_exact_to_the_microsecond(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:10:00.123457"), status="pending")
    await case.set(mon("09:20:00.654321"), status="open")
    clock = await case.clock("first_response")
    assert clock["due_at"] == mon("10:10:00.530864")
    assert adds_up(clock, mon("09:20:00.654321"))


async def test_pauses_that_overlap_count_once(desk: TicketsDesk) -> None:
    """The ticket waits for its parent from 09:10 to 09:40 and for the requester from 09:20 to 09:30: that is half an hour."""
    parent = await Case.major(desk, mon("09:00"))
    case = await Case.opened(desk, mon("09:00"))
    await case.link(mon("09:10"), "parent", parent)
    await case.set(mon("09:20"), status="pending")
    await case.set(mon("09:30"), status="open")
    assert await case.due("resolution") is None
    await case.unlink(mon("09:40"), "parent", parent)
    clock = await case.clock("resolution", at=mon("09:50"))
    assert drawn(clock) == [
        ("running", mon("09:00"), mon("09:10")),
        ("paused", mon("09:10"), mon("09:40")),
        ("running", mon("09:40"), mon("09:50")),
    ]
    assert (clock["due_at"], await case.due("first_response")) == (mon("13:30"), mon("10:10"))


async def test_waiting_for_the_requester_and_then_for_a_vendor_is_one_pause(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:10"), status="pending")
    await case.set(mon("09:20"), status="on_hold")
    await case.set(mon("09:30"), status="open")
    clock = await case.clock("first_response", at=mon("09:30"))
    assert drawn(clock) == [("running", mon("09:00"), mon("09:10")), ("paused", mon("09:10"), mon("09:30"))]
    assert clock["due_at"] == mon("10:20")


async def test_a_pause_over_night_counts_only_the_business_hours_it_took(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("15:30"))
    await case.set(mon("16:00"), status="pending")
    assert await case.due("first_response") is None
    await case.set(tue("10:00"), status="open")
    assert await case.due("first_response") == tue("10:30")


async def test_after_a_breach_a_pause_stops_the_overdue_time_and_the_breach_stays(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:05"))
    await case.set(mon("10:30"), status="pending")
    for at in (mon("12:00"), mon("16:00")):
        clock = await case.clock("first_response", at=at)
        assert (clock["state"], clock["breached_at"], clock["remaining_seconds"]) == ("paused", mon("10:00"), -1800)
    await case.set(mon("16:00"), status="open")
    assert (await case.clock("first_response", at=mon("16:10")))["remaining_seconds"] == -2400
    assert len([each for each in await case.breaches() if each[0] == "first_response"]) == 1


async def test_what_happens_at_the_due_instant_is_too_late_and_a_microsecond_before_is_not(desk: TicketsDesk) -> None:
    for at, outcome in ((mon("09:59:59.999999"), "met"), (mon("10:00"), "breached")):
        case = await Case.opened(desk, mon("09:00"))
        await case.answer(at)
        clock = await case.clock("first_response")
        assert (clock["outcome"], clock["settled_at"]) == (outcome, at)
        paused = await Case.opened(desk, mon("09:00"))
        await paused.set(at, status="pending")
        assert bool(await paused.breaches()) is (outcome == "breached")


async def test_a_reopened_ticket_goes_on_and_the_solved_time_is_left_out(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:30"), status="solved")
    settled = await case.clock("resolution", at=mon("11:00"))
    assert (settled["outcome"], settled["elapsed_seconds"]) == ("met", 1800)
    await case.set(mon("11:30"), status="open")
    clock = await case.clock("resolution", at=mon("12:00"))
    assert (clock["cycle"], clock["state"], clock["due_at"]) == (1, "running", mon("15:00"))
    assert drawn(clock) == [
        ("running", mon("09:00"), mon("09:30")),
        ("settled", mon("09:30"), mon("11:30")),
        ("running", mon("11:30"), mon("12:00")),
    ]


async def test_a_ticket_reopened_after_the_window_begins_a_new_cycle(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"resolution": 240}), reopen_window_hours=24))
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("10:00"), status="solved")
    await case.set(tue("09:59"), status="open")
    assert await case.names() == [("resolution", 1)]
    assert await case.due("resolution") == tue("12:59")
    await case.set(tue("10:00"), status="solved")
    await case.set(wed("10:00"), status="open")
    old, new = await case.clock("resolution", 1), await case.clock("resolution", 2)
    assert (old["outcome"], old["settled_at"], old["elapsed_seconds"]) == ("met", tue("10:00"), 61 * 60)
    assert (new["started_at"], new["due_at"]) == (wed("10:00"), wed("14:00"))


async def test_a_ticket_reopened_begins_a_new_cycle_at_once_where_the_rule_says_restart(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"resolution": 240}), on_reopen="restart"))
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("10:00"), status="solved")
    await case.set(mon("11:00"), status="open")
    assert (await case.clock("resolution", 1))["settled_at"] == mon("10:00")
    assert await case.due("resolution", 2) == mon("15:00")


async def test_a_reopened_ticket_begins_a_new_cycle_of_the_next_response_where_one_is_promised(
    desk: TicketsDesk,
) -> None:
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 30})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.set(mon("09:30"), status="solved")
    await case.set(mon("11:00"), status="open")
    assert await case.names() == [("first_response", 1), ("next_response", 1)]
    clock = await case.clock("next_response")
    assert (clock["started_at"], clock["due_at"]) == (mon("11:00"), mon("11:30"))


async def test_a_reopened_ticket_begins_a_new_cycle_of_the_first_response_where_no_next_is_promised(
    desk: TicketsDesk,
) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.set(mon("09:30"), status="solved")
    await case.set(mon("11:00"), status="open")
    old, new = await case.clock("first_response", 1), await case.clock("first_response", 2)
    assert (old["outcome"], old["settled_at"]) == ("met", mon("09:10"))
    assert (new["started_at"], new["due_at"]) == (mon("11:00"), mon("12:00"))


async def test_a_first_response_that_was_never_given_goes_on_after_a_reopening(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:30"), status="solved")
    await case.set(mon("11:00"), status="open")
    clock = await case.clock("first_response")
    assert (clock["cycle"], clock["due_at"]) == (1, mon("11:30"))


async def test_thanks_on_a_solved_ticket_starts_no_clock(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 30, "resolution": 240})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.set(mon("09:30"), status="solved")
    await case.ask(mon("10:00"), "Thanks a lot!")
    assert (await case.ticket())["status"] == "solved"
    assert {clock["state"] for clock in await case.clocks()} == {"settled"}
    await settle(desk, fri("12:00"))
    assert await case.breaches() == []


async def test_a_word_on_a_solved_ticket_that_reopens_it_is_waited_for(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 30, "resolution": 240})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.set(mon("09:30"), status="solved")
    await case.ask(mon("10:00"), "It is broken again.")
    await case.set(mon("10:05"), status="open")
    clock = await case.clock("next_response")
    assert (clock["started_at"], clock["due_at"]) == (mon("10:05"), mon("10:35"))
