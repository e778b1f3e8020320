"""The seven targets: what starts each, what ends it, and who counts as having answered."""

from typing import Any

from shared.auth import Role
from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.semantics.case import Case, fri, go, mon, promise, rule, same_for_all, settle


async def test_a_public_reply_by_a_person_who_is_not_the_requester_is_a_response(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:20"))
    clock = await case.clock("first_response")
    assert (clock["outcome"], clock["settled_at"], clock["elapsed_seconds"]) == ("met", mon("09:20"), 1200)


async def test_a_note_a_robot_and_the_requester_are_no_response(desk: TicketsDesk) -> None:
    words: list[tuple[Role, str | None, dict[str, Any]]] = [
        (Role.IT_AGENT, None, {"public": False}),
        (Role.INTEGRATION, None, {"body": "Your ticket was received."}),
        (Role.INTEGRATION, None, {"body": "Out of office", "author_role": "bot"}),
        (Role.MANAGER, "ADA@example.com", {"body": "Me too"}),
        (Role.IT_AGENT, "ada@example.com", {"body": "Talking to myself"}),
    ]
    for role, email, fields in words:
        case = await Case.opened(desk, mon("09:00"))
        await case.write_as(mon("09:20"), role, email, **fields)
        clock = await case.clock("first_response")
        assert (clock["state"], clock["due_at"]) == ("running", mon("10:00")), (role, fields)


async def test_an_answer_taken_back_in_time_is_waited_for_as_if_it_had_never_been(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    comment = await case.answer(mon("09:20"))
    await case.act(mon("09:40"), f"comments/{comment['comment_id']}/retract", {"reason": "wrong ticket"})
    clock = await case.clock("first_response")
    assert (clock["state"], clock["due_at"], clock["elapsed_seconds"]) == ("running", mon("10:00"), 2400)
    await settle(desk, mon("10:00"))
    assert await case.breaches() == [("first_response", 1, mon("10:00"), "elapsed")]


async def test_an_answer_taken_back_too_late_breaches_at_that_instant_and_not_before(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    comment = await case.answer(mon("09:20"))
    await case.act(mon("10:30"), f"comments/{comment['comment_id']}/retract", {"reason": "wrong ticket"})
    assert await case.breaches() == [("first_response", 1, mon("10:30"), "retracted")]


async def test_an_answer_taken_back_after_another_one_leaves_the_other_one(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    comment = await case.answer(mon("09:20"))
    await case.answer(mon("09:50"))
    await case.act(mon("10:30"), f"comments/{comment['comment_id']}/retract", {"reason": "wrong ticket"})
    clock = await case.clock("first_response")
    assert (clock["outcome"], clock["settled_at"]) == ("met", mon("09:50"))
    assert await case.breaches() == []


async def test_the_next_response_is_due_by_the_oldest_question_that_nobody_answered(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"first_response": 60, "next_response": 30})))
    case = await Case.opened(desk, mon("09:00"))
    await case.ask(mon("09:05"))
    await case.answer(mon("09:10"))
    assert await case.names() == [("first_response", 1)]
    await case.ask(mon("09:20"))
    await case.ask(mon("09:40"))
    assert await case.due("next_response") == mon("09:50")
    await case.answer(mon("09:45"))
    assert (await case.clock("next_response"))["outcome"] == "met"
    await case.ask(mon("10:00"))
    await settle(desk, mon("11:00"))
    assert await case.breaches() == [("next_response", 2, mon("10:30"), "elapsed")]


async def test_the_update_target_is_armed_only_after_the_first_response(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"first_response": 240, "periodic_update": 60})))
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:30"))
    assert (await case.names(), await case.breaches()) == ([("first_response", 1)], [])
    await case.answer(mon("10:30"))
    clock = await case.clock("periodic_update")
    assert (clock["started_at"], clock["due_at"]) == (mon("10:30"), mon("11:30"))


async def test_each_public_answer_ends_an_update_cycle_and_begins_the_next(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"first_response": 60, "periodic_update": 60})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:10"))
    await case.answer(mon("09:30"), public=False)
    await case.answer(mon("09:40"))
    first, second = await case.clock("periodic_update", 1), await case.clock("periodic_update", 2)
    assert (first["outcome"], first["settled_at"]) == ("met", mon("09:40"))
    assert (second["started_at"], second["due_at"]) == (mon("09:40"), mon("10:40"))
    await case.set(mon("10:00"), status="solved")
    await settle(desk, fri("12:00"))
    assert {clock["outcome"] for clock in await case.clocks()} == {"met"}


async def test_agent_work_counts_only_while_the_desk_can_work(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"agent_work": 120, "requester_wait": 120})))
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:30"), status="pending")
    await case.set(mon("10:00"), status="on_hold")
    await case.set(mon("10:30"), status="open")
    work = await case.clock("agent_work", at=mon("10:40"))
    assert (work["elapsed_seconds"], work["due_at"]) == (40 * 60, mon("12:00"))


async def test_the_requester_waits_while_the_desk_waits_for_somebody_else(desk: TicketsDesk) -> None:
    await promise(desk, rule("all", same_for_all({"agent_work": 120, "requester_wait": 120})))
    case = await Case.opened(desk, mon("09:00"))
    await case.set(mon("09:30"), status="pending")
    await case.set(mon("10:00"), status="on_hold")
    wait = await case.clock("requester_wait", at=mon("10:30"))
    assert (wait["state"], wait["elapsed_seconds"], wait["due_at"]) == ("running", 60 * 60, mon("11:30"))


async def test_each_teams_holding_of_a_ticket_is_a_cycle_of_its_own(desk: TicketsDesk) -> None:
    for team in ("network", "servers"):
        go(desk, mon("09:00"))
        body: dict[str, Any] = {"email": f"{team}@example.com", "lead": None, "members": []}
        answer = await desk.ask("PUT", f"/v1/teams/{team}", Role.IT_LEAD, json=body)
        assert answer.status_code < 300, answer.text
    await promise(desk, rule("all", same_for_all({"resolution": 480}), ola_minutes={"network": 60, "*": 120}))
    case = await Case.opened(desk, mon("09:00"), team="network")
    await case.set(mon("09:40"), team="servers")
    first, second = await case.clock("ola", 1), await case.clock("ola", 2)
    assert (first["team"], first["outcome"], first["elapsed_seconds"]) == ("network", "met", 2400)
    assert (second["team"], second["started_at"], second["due_at"]) == ("servers", mon("09:40"), mon("11:40"))
    assert (await case.clock("resolution"))["cycle"] == 1
    await settle(desk, mon("11:40"))
    assert await case.breaches() == [("ola", 2, mon("11:40"), "elapsed")]
