"""What people complain of elsewhere, tried here. Each test names the thread or the code that it comes from."""

from datetime import timedelta

from shared.auth import Role
from tests.integration.tickets.desk import MINUTE, START, TicketsDesk, comment_fact, source, ticket_fact
from tests.integration.tickets.semantics.case import (
    OFFICE,
    Case,
    calendar,
    fri,
    go,
    mon,
    promise,
    rule,
    same_for_all,
    settle,
    thu,
    tue,
)


async def test_a_late_solution_before_anybody_looked_is_still_a_miss(desk: TicketsDesk) -> None:
    """Chatwoot judges the state at the poll: solved by then is a hit (evaluate_applied_sla_service.rb)."""
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("13:02"))
    await case.set(mon("13:03"), status="solved")
    await settle(desk, mon("13:05"))
    assert [(each[0], each[2]) for each in await case.breaches()] == [
        ("first_response", mon("10:00")),
        ("resolution", mon("13:00")),
    ]
    assert {clock["outcome"] for clock in await case.clocks()} == {"breached"}


async def test_a_late_next_reply_before_anybody_looked_is_still_a_miss(desk: TicketsDesk) -> None:
    """Chatwoot clears `waiting_since` with the reply, so that the next poll finds nothing late."""
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 10})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:01"))
    await case.ask(mon("09:02"))
    await case.answer(mon("09:14"))
    await settle(desk, mon("09:15"))
    assert await case.breaches() == [("next_response", 1, mon("09:12"), "elapsed")]


async def test_a_solved_ticket_waits_for_no_reply(desk: TicketsDesk) -> None:
    """chatwoot#10178: the next response counts on after the conversation was resolved."""
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 30})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.ask(mon("09:20"))
    await case.set(mon("09:30"), status="solved")
    await case.ask(mon("09:40"), "Thanks!")
    await settle(desk, fri("12:00"))
    assert await case.breaches() == []


async def test_a_merged_ticket_does_not_escalate(desk: TicketsDesk) -> None:
    """zammad#904."""
    survivor, source_case = await Case.opened(desk, mon("09:00")), await Case.opened(desk, mon("09:05"))
    await source_case.act(mon("09:10"), "merge", {"into": survivor.ticket_id, "reason": "Twice"})
    await survivor.answer(mon("09:15"))
    await survivor.set(mon("09:20"), status="solved")
    assert await settle(desk, fri("12:00")) == 0
    assert await desk.told("tickets.clock.breached") == []


async def test_lowering_the_priority_does_not_unbreach(desk: TicketsDesk) -> None:
    """Zammad recomputes `escalation_at` from the new SLA and keeps no breach (lib/escalation.rb)."""
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("11:00"))
    await case.set(mon("11:00"), priority="P4")
    await case.answer(mon("11:01"))
    assert (await case.clock("first_response"))["outcome"] == "breached"


async def test_the_holidays_of_a_country_are_holidays_and_nothing_else(desk: TicketsDesk) -> None:
    """zammad#390: the default feed held St. Martin's Day, so six days were counted as four."""
    answer = await desk.ask("PUT", "/v1/calendars/berlin", Role.IT_LEAD, json=calendar(zone="Europe/Berlin"))
    assert answer.status_code < 300, answer.text
    go(desk, "2025-12-01T09:00:00Z")
    wanted = {"country": "DE", "subdivision": "BE", "years": [2026]}
    answer = await desk.ask("POST", "/v1/calendars/berlin/holidays", Role.IT_LEAD, json=wanted)
    assert answer.status_code < 300, answer.text
    made = await desk.get("/v1/calendars/berlin")
    assert sorted(made["calendar"]["holidays"]) == [
        "2026-01-01", "2026-03-08", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25",
        "2026-10-03", "2026-12-25", "2026-12-26",
    ]  # fmt: skip


async def test_many_short_pauses_lose_no_second(desk: TicketsDesk) -> None:
    """Zammad keeps pauses by 'HH:MM': each edge loses up to a minute (TicketBizBreak)."""
    case = await Case.opened(desk, mon("09:00"))
    for minute in range(10):
        await case.set(mon(f"09:{minute:02}:10"), status="pending")
        await case.set(mon(f"09:{minute:02}:40.500000"), status="open")
    clock = await case.clock("first_response")
    assert clock["due_at"] == mon("10:05:05")


async def test_an_update_target_does_not_outlive_the_hand_over(desk: TicketsDesk) -> None:
    """zammad#5624: the target of the old group's SLA persists after the group changed."""
    first = rule("first line", same_for_all({"first_response": 60, "periodic_update": 60}), when={"tags": ["first"]})
    rest = rule("the rest", same_for_all({"first_response": 60}))
    await promise(desk, first, rest)
    case = await Case.opened(desk, mon("09:00"), tags=["first"])
    await case.answer(mon("09:10"))
    await case.set(mon("09:30"), tags=["second"])
    clock = await case.clock("periodic_update")
    assert (clock["state"], clock["cancelled_because"]) == ("cancelled", "policy")
    await settle(desk, fri("12:00"))
    assert await case.breaches() == []


async def test_the_update_target_never_comes_before_the_first_response(desk: TicketsDesk) -> None:
    """zammad#5177: the update time overrules the first response."""
    await promise(desk, rule("all", same_for_all({"first_response": 120, "next_response": 10, "periodic_update": 10})))
    case = await Case.opened(desk, mon("09:00"))
    await case.ask(mon("09:05"))
    await case.ask(mon("09:06"))
    await settle(desk, mon("10:00"))
    assert (await case.names(), await case.breaches()) == ([("first_response", 1)], [])


async def test_what_was_answered_does_not_escalate(desk: TicketsDesk) -> None:
    """zammad#3140."""
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:59:59.999999"))
    await settle(desk, mon("12:00"))
    assert await case.breaches() == []


async def test_the_requesters_note_on_the_web_arms_the_next_response(desk: TicketsDesk) -> None:
    """zammad#1322."""
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 30})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.write_as(mon("09:20"), Role.MANAGER, "ada@example.com", body="And one more thing")
    assert await case.due("next_response") == mon("09:50")


async def test_the_time_to_solve_is_there_when_the_ticket_is_solved(desk: TicketsDesk) -> None:
    """zammad#2579: `close_in_min` is never set."""
    case = await Case.opened(desk, mon("16:00"))
    await case.set(tue("09:30"), status="solved")
    told = [each for each in await desk.told("tickets.clock.settled") if each["target"] == "resolution"]
    assert [(each["settled_at"], each["elapsed_seconds"]) for each in told] == [(tue("09:30"), 90 * 60)]
    assert case.ticket_id == told[0]["ticket_id"]


async def test_a_pause_is_kept_when_what_is_promised_changes(desk: TicketsDesk) -> None:
    """glpi#6902 and #15605: `sla_waiting_duration` is set to nothing when the SLA changes."""
    case = await Case.opened(desk, mon("09:00"), priority="P2")
    await case.set(mon("09:30"), status="pending")
    await case.set(mon("10:30"), status="open")
    await case.set(mon("10:31"), priority="P1")
    assert await case.due("first_response") == mon("11:00")


async def test_the_time_a_ticket_was_solved_is_not_drawn_as_waiting(desk: TicketsDesk) -> None:
    """glpi#23359: after a reopening the solved time is counted as pending."""
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:30"), status="solved")
    await case.set(mon("10:30"), status="open")
    kinds = [each["kind"] for each in (await case.clock("resolution", at=mon("11:00")))["segments"]]
    assert kinds == ["running", "settled", "running"]


async def test_a_ticket_opened_off_hours_is_not_late_at_once(desk: TicketsDesk) -> None:
    """glpi#687 and #15429: opened off hours, there is no delay at all."""
    case = await Case.opened(desk, fri("23:59"))
    await settle(desk, fri("23:59:59"))
    assert (await case.clock("first_response"))["elapsed_seconds"] == 0
    assert await case.breaches() == []


async def test_a_day_that_is_closed_around_lunch_has_the_right_due_time(desk: TicketsDesk) -> None:
    """osTicket#6847: the lunch break breaks the due date."""
    hours = {day: ["08:00-12:30", "13:15-17:45"] for day in OFFICE}
    await promise(desk, rule("all", same_for_all({"resolution": 600}), calendar=calendar(hours)))
    case = await Case.opened(desk, mon("10:00"))
    assert await case.due("resolution") == tue("11:00")


async def test_more_than_a_thousand_at_once_are_all_told_in_order(desk: TicketsDesk) -> None:
    """OTRS and its forks take 1,000 tickets a run, and skip the run when the calendar has just been closed."""
    await desk.hand_in(source())
    for first in range(0, 1_200, 300):
        facts = [
            ticket_fact(START + (number % 60) * MINUTE, ticket={"id": f"t{number}"}, created_at=None)
            for number in range(first, first + 300)
        ]
        desk.clock.at = START + 60 * MINUTE
        await desk.deliver(*facts)
    # Half past ten at night on Thursday: long closed, and all of it is due.
    await settle(desk, thu("22:30"))
    told = [each for each in await desk.told("tickets.clock.breached") if each["target"] == "first_response"]
    assert len({each["clock_id"] for each in told}) == len(told) == 1_200
    instants = [each["breached_at"] for each in told]
    assert instants == sorted(instants)
    assert (instants[0], instants[-1]) == (mon("10:00"), mon("10:59"))


async def test_there_is_a_warning_before_the_breach(desk: TicketsDesk) -> None:
    """CWSlack-SlashCommands#90: the interface says only true or false, so that no warning is possible."""
    case = await Case.opened(desk, mon("09:00"))
    later = await Case.opened(desk, mon("09:30"), priority="P4")
    go(desk, mon("09:45"))
    answer = await desk.get("/v1/clocks/at-risk?within_minutes=30")
    assert [(each["ticket_id"], each["target"], each["due_at"]) for each in answer["items"]] == [
        (case.ticket_id, "first_response", mon("10:00"))
    ]
    assert later.ticket_id != case.ticket_id


async def test_a_reminder_is_repeated_until_somebody_touches_the_ticket(desk: TicketsDesk) -> None:
    """slab#102: reminders until acknowledged; posthog.com#9285: only if untouched."""
    step = {
        "at": "-30m",
        "time": "real",
        "to": "email:lead@example.com",
        "repeat_every_minutes": 10,
        "until": "touched",
    }
    await promise(desk, rule("all", same_for_all({"first_response": 60}), escalations=[step]))
    touched = await Case.opened(desk, mon("09:00"))
    untouched = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("09:30"))
    await settle(desk, mon("09:40"))
    await touched.set(mon("09:45"), assignee="bob")
    await settle(desk, mon("09:50"))
    about = [str(each) for each in await desk.told("tickets.notification.requested")]
    assert sum(touched.ticket_id in each for each in about) == 2
    assert sum(untouched.ticket_id in each for each in about) == 3


async def test_a_comment_that_comes_twice_answers_once(desk: TicketsDesk) -> None:
    """decocms/studio#6238 and django-DefectDojo#2815: a comment of the other desk is doubled."""
    go(desk, mon("09:00"))
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    go(desk, mon("09:30"))
    for key in ("webhook", "poll"):
        await desk.deliver(comment_fact(START + timedelta(minutes=10)) | {"dedupe_key": key})
    [ticket] = (await desk.get("/v1/tickets"))["items"]
    assert len((await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"]) == 1
