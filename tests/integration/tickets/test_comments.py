"""What is written on tickets: with a status, changed, made internal, taken back."""

from datetime import timedelta
from typing import Any

from services.tickets.domain.moment import in_order
from shared.auth import Role
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, comment_fact, source, ticket_fact


async def say(desk: TicketsDesk, ticket: Any, body: str = "On it", role: Role = Role.IT_AGENT, **fields: Any) -> Any:
    email = fields.pop("email", None)
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    answer = await desk.ask("POST", path, role, json={"body": body} | fields, email=email)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def change(desk: TicketsDesk, comment: Any, **fields: Any) -> Any:
    path = f"/v1/tickets/{comment['ticket_id']}/comments/{comment['comment_id']}"
    answer = await desk.ask("PATCH", path, json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def retract(desk: TicketsDesk, comment: Any, reason: str = "Wrong ticket") -> Any:
    path = f"/v1/tickets/{comment['ticket_id']}/comments/{comment['comment_id']}/retract"
    return await desk.ask("POST", path, json={"reason": reason})


async def test_answered_and_solved_is_one_act_of_one_instant(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(20 * MINUTE)
    await say(desk, ticket, "Restart the player", status="solved")
    solved = await desk.ticket()
    assert (solved["status"], solved["solved_at"]) == ("solved", "2026-11-23T09:20:00Z")
    first, resolution = [await desk.clock_of(ticket, target) for target in ("first_response", "resolution")]
    assert [clock["outcome"] for clock in (first, resolution)] == ["met", "met"]
    assert first["settled_at"] == resolution["settled_at"] == "2026-11-23T09:20:00Z"


async def test_who_asks_sets_no_status_and_writes_nothing_internal(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    for field in ({"status": "solved"}, {"public": False}, {"notify_children": True}):
        answer = await desk.ask("POST", path, Role.MANAGER, json={"body": "x"} | field)
        assert answer.status_code == 403


async def test_a_word_of_the_requester_brings_a_waiting_ticket_back_to_the_desk(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    await say(desk, ticket, "Which browser?", status="pending")
    desk.clock.advance(HOUR)
    await say(desk, ticket, "Firefox", Role.MANAGER, email="ada@example.com")
    assert (await desk.ticket())["status"] == "open"
    resolution = await desk.clock_of(ticket, "resolution")
    assert (resolution["state"], resolution["elapsed_seconds"]) == ("running", 0)


async def test_thanks_on_a_solved_ticket_leave_it_solved(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    await say(desk, ticket, "Fixed", status="solved")
    desk.clock.advance(MINUTE)
    await say(desk, ticket, "Thank you", Role.MANAGER, email="ada@example.com")
    assert (await desk.ticket())["status"] == "solved"
    assert {clock["state"] for clock in (await desk.ticket())["clocks"]} == {"settled"}


async def test_an_answer_that_is_taken_back_was_never_given(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(10 * MINUTE)
    comment = await say(desk, ticket)
    assert (await desk.clock_of(ticket))["outcome"] == "met"
    desk.clock.advance(10 * MINUTE)
    answer = await retract(desk, comment)
    assert answer.json()["retracted_at"] == "2026-11-23T09:20:00Z"
    clock = await desk.clock_of(ticket)
    assert (clock["state"], clock["elapsed_seconds"], clock["due_at"]) == ("running", 1200, "2026-11-23T10:00:00Z")
    assert (await retract(desk, comment)).json()["code"] == "comment_retracted"
    path = f"/v1/tickets/{ticket['ticket_id']}"
    assert (await desk.ask("GET", f"{path}/comments", Role.VIEWER)).json()["items"] == []
    [seen] = (await desk.ask("GET", f"{path}/comments")).json()["items"]
    assert (seen["body"], seen["retracted_by"]) == ("On it", "it_agent")
    entry = (await desk.get(f"{path}/history"))["items"][-1]
    assert (entry["kind"], entry["detail"]["reason"]) == ("comment_retracted", "Wrong ticket")


async def test_a_late_retraction_breaches_when_it_is_made_and_not_before(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(10 * MINUTE)
    comment = await say(desk, ticket)
    desk.clock.advance(timedelta(hours=3))
    await retract(desk, comment)
    [breached] = await desk.told("tickets.clock.breached")
    assert (breached["breached_at"], breached["cause"]) == ("2026-11-23T12:10:00Z", "retracted")


async def test_an_answer_made_internal_answers_nobody_and_made_public_answers_from_then_on(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(10 * MINUTE)
    comment = await say(desk, ticket)
    await change(desk, comment, public=False)
    assert (await desk.clock_of(ticket))["state"] == "running"
    desk.clock.advance(10 * MINUTE)
    await change(desk, comment, public=True)
    clock = await desk.clock_of(ticket)
    assert (clock["outcome"], clock["settled_at"]) == ("met", "2026-11-23T09:20:00Z")


async def test_what_a_comment_said_before_is_kept(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    comment = await say(desk, ticket, "Tpyo")
    desk.clock.advance(MINUTE)
    changed = await change(desk, comment, body="Typo")
    assert (changed["body"], changed["edited_at"]) == ("Typo", "2026-11-23T09:01:00Z")
    assert await change(desk, comment, body="Typo") == changed
    path = f"/v1/tickets/{ticket['ticket_id']}/comments/{comment['comment_id']}/edits"
    [edit] = (await desk.ask("GET", path)).json()["items"]
    assert (edit["body"], edit["edited_by"]) == ("Tpyo", "it_agent")
    assert (await desk.clock_of(ticket))["settled_at"] == "2026-11-23T09:00:00Z"


async def test_a_comment_deleted_at_the_helpdesk_answers_nobody(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    said = comment_fact(START + 10 * MINUTE)
    desk.clock.advance(12 * MINUTE)
    await desk.deliver(ticket_fact(START), said)
    ticket = await desk.ticket()
    assert (await desk.clock_of(ticket))["outcome"] == "met"
    desk.clock.advance(8 * MINUTE)
    gone = said | {"type": "deleted", "occurred_at": "2026-11-23T09:20:00Z"}
    await desk.deliver(gone)
    await desk.deliver(gone)
    clock = await desk.clock_of(ticket)
    assert (clock["state"], clock["due_at"]) == ("running", "2026-11-23T10:00:00Z")
    assert (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"] == []


async def test_a_comment_that_was_deleted_before_it_was_told_never_comes_back(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    said = comment_fact(START + 10 * MINUTE)
    desk.clock.advance(30 * MINUTE)
    await desk.deliver(ticket_fact(START))
    await desk.deliver(said | {"type": "deleted", "occurred_at": "2026-11-23T09:20:00Z"})
    await desk.deliver(said)
    ticket = await desk.ticket()
    assert (await desk.ask("GET", f"/v1/tickets/{ticket['ticket_id']}/comments")).json()["items"] == []
    assert (await desk.clock_of(ticket))["state"] == "running"


async def test_a_remote_answer_made_internal_later_is_taken_back(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(30 * MINUTE)
    said = comment_fact(START + 10 * MINUTE)
    await desk.deliver(ticket_fact(START), said)
    changed = {**said["comment"], "public": False, "body": "For us only"}
    await desk.deliver(said | {"comment": changed, "occurred_at": "2026-11-23T09:20:00Z"})
    ticket = await desk.ticket()
    assert (await desk.clock_of(ticket))["state"] == "running"
    [comment] = (await desk.ask("GET", f"/v1/tickets/{ticket['ticket_id']}/comments")).json()["items"]
    assert (comment["public"], comment["body"], comment["edited_at"]) == (
        False,
        "For us only",
        "2026-11-23T09:20:00Z",
    )


async def test_a_second_question_waits_for_a_second_answer(desk: TicketsDesk) -> None:
    """The requester's word is on record as one, so that policies that promise a next response can count it."""
    ticket = await desk.open_ticket()
    desk.clock.advance(MINUTE)
    await say(desk, ticket)
    desk.clock.advance(MINUTE)
    await say(desk, ticket, "And on my phone?", Role.MANAGER, email="ada@example.com")
    async with desk.database.unit() as unit:
        dossier = (await unit.tickets.load([ticket["ticket_id"]]))[0]
    assert [moment.kind.value for moment in in_order(dossier.moments)] == ["opened", "answered", "asked"]
