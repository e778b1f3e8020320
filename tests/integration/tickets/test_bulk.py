"""One change to many tickets, each for itself, and the way back."""

from datetime import timedelta
from typing import Any

from sqlalchemy import event

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, MINUTE, TicketsDesk
from tests.integration.tickets.test_merging import merge


async def bulk(desk: TicketsDesk, tickets: list[Any], status: int = 200, **body: Any) -> Any:
    answer = await desk.ask("POST", "/v1/tickets/bulk", json={"tickets": tickets} | body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_every_ticket_is_changed_for_itself_and_says_what_became_of_it(desk: TicketsDesk) -> None:
    open_one, closed, merged, stale, survivor = [await desk.open_ticket(priority="P4") for _ in range(5)]
    await desk.patch(closed, status="closed")
    await merge(desk, merged, survivor)
    named = [str(open_one["number"]), closed["ticket_id"], "3", "4", "77"]
    made = await bulk(desk, named, versions={"4": 9}, change={"team": "network", "assignee": "me", "add_tags": ["x"]})
    told = [(item["ticket"], item["status"], item["code"]) for item in made["items"]]
    assert told == [
        ("1", 200, None),
        (closed["ticket_id"], 409, "ticket_already_closed"),
        ("3", 409, "ticket_merged"),
        ("4", 412, "precondition_failed"),
        ("77", 404, "ticket_not_found"),
    ]
    assert made["changed"] == 1
    changed = await desk.ticket(1)
    assert (changed["team"], changed["assignee"], changed["tags"]) == ("network", "it_agent", ["x"])
    assert (await desk.ticket(stale["number"]))["team"] is None


async def test_a_bulk_answer_meets_every_clock(desk: TicketsDesk) -> None:
    tickets = [await desk.open_ticket() for _ in range(3)]
    desk.clock.advance(10 * MINUTE)
    body: dict[str, Any] = {"comment": {"body": "Fixed for all of you"}, "change": {"status": "solved"}}
    await bulk(desk, [ticket["ticket_id"] for ticket in tickets], **body)
    for ticket in tickets:
        assert {clock["outcome"] for clock in await desk.get(f"/v1/tickets/{ticket['ticket_id']}/clocks")} == {"met"}
        assert len((await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"]) == 1


async def test_a_p1_without_an_impact_is_refused_by_ticket(desk: TicketsDesk) -> None:
    with_impact = await desk.open_ticket(priority="P3")
    without = await desk.open_ticket(priority="P3", impact=None)
    made = await bulk(desk, ["1", "2"], change={"priority": "P1"})
    assert [item["code"] for item in made["items"]] == [None, "impact_missing"]
    assert [(await desk.ticket(number))["priority"] for number in (1, 2)] == ["P1", "P3"]
    assert (with_impact["number"], without["number"]) == (1, 2)


async def test_an_undone_bulk_change_never_happened_except_what_was_changed_again(desk: TicketsDesk) -> None:
    tickets = [await desk.open_ticket(tags=["a"], team="video") for _ in range(3)]
    desk.clock.advance(10 * MINUTE)
    change: dict[str, Any] = {
        "status": "solved",
        "priority": "P2",
        "team": "network",
        "remove_tags": ["a"],
        "attribution": None,
    }
    change |= {"kind": "request"}
    made = await bulk(desk, ["1", "2", "3"], change=change)
    assert {item["version"] for item in made["items"]} == {2}
    await desk.patch(await desk.ticket(2), team="training")
    desk.clock.advance(10 * MINUTE)
    answer = await desk.ask("POST", f"/v1/tickets/bulk/{made['batch_id']}/undo")
    assert answer.json()["changed"] == 3
    for number, team in ((1, "video"), (2, "training"), (3, "video")):
        ticket = await desk.ticket(number)
        assert (ticket["status"], ticket["priority"], ticket["team"], ticket["tags"]) == ("new", "P1", team, ["a"])
        assert (ticket["solved_at"], ticket["kind"]) == (None, "incident")
        resolution = await desk.clock_of(ticket, "resolution")
        assert (resolution["state"], resolution["elapsed_seconds"]) == ("running", 1200)
    assert len(await desk.told("tickets.ticket.reopened")) == 3
    again = await desk.ask("POST", f"/v1/tickets/bulk/{made['batch_id']}/undo")
    assert again.json()["changed"] == 0
    assert (await desk.ask("POST", "/v1/tickets/bulk/nothing/undo")).status_code == 404
    assert len(tickets) == 3


async def test_undoing_a_bulk_solve_breaches_nothing_before_it_is_undone(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    made = await bulk(desk, ["1"], change={"status": "solved"})
    desk.clock.advance(timedelta(hours=6))
    await desk.ask("POST", f"/v1/tickets/bulk/{made['batch_id']}/undo")
    breaches = await desk.told("tickets.clock.breached")
    assert {(each["breached_at"], each["cause"]) for each in breaches} == {("2026-11-23T15:00:00Z", "retracted")}


async def test_an_empty_or_too_long_order_is_refused(desk: TicketsDesk) -> None:
    for body in (
        {"tickets": [], "change": {"team": "x"}},
        {"tickets": ["1"] * 501, "change": {"team": "x"}},
        {"tickets": ["1"]},
        {"tickets": ["1"], "change": {"mood": "bad"}},
    ):
        assert (await desk.ask("POST", "/v1/tickets/bulk", json=body)).status_code == 422
    answer = await desk.ask("POST", "/v1/tickets/bulk", Role.MANAGER, json={"tickets": ["1"], "change": {"team": "x"}})
    assert answer.status_code == 403


async def test_many_tickets_cost_hardly_more_statements_than_few(desk: TicketsDesk) -> None:
    numbers = [str((await desk.open_ticket(priority="P4"))["number"]) for _ in range(40)]
    desk.clock.advance(HOUR)
    counts = []
    for named in (numbers[:2], numbers):
        statements: list[str] = []

        def count(*args: Any, into: list[str] = statements) -> None:
            into.append(args[2])

        event.listen(desk.database.writer.sync_engine, "before_cursor_execute", count)
        await bulk(desk, named, change={"team": f"team {len(named)}", "status": "open"})
        event.remove(desk.database.writer.sync_engine, "before_cursor_execute", count)
        counts.append(len(statements))
    assert counts[1] <= counts[0] + 4, counts
