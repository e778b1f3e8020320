"""Two tickets become one, and two again; tickets that belong together."""

import asyncio
from typing import Any

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, MINUTE, TicketsDesk


async def merge(desk: TicketsDesk, source: Any, into: Any, status: int = 200) -> Any:
    body = {"into": str(into["number"]), "reason": "Same outage"}
    answer = await desk.ask("POST", f"/v1/tickets/{source['ticket_id']}/merge", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def unmerge(desk: TicketsDesk, source: Any, status: int = 200) -> Any:
    answer = await desk.ask("POST", f"/v1/tickets/{source['ticket_id']}/unmerge", json={"reason": "Two things"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def link(desk: TicketsDesk, one: Any, kind: str, other: Any, method: str = "PUT", status: int = 200) -> Any:
    answer = await desk.ask(method, f"/v1/tickets/{one['ticket_id']}/links/{kind}/{other['number']}")
    assert answer.status_code == status, answer.text
    return answer.json()


def states(ticket: Any) -> dict[str, str]:
    return {clock["target"]: clock["state"] for clock in ticket["clocks"]}


async def test_the_survivor_keeps_the_earlier_start_and_the_sources_clocks_are_cancelled(desk: TicketsDesk) -> None:
    source = await desk.open_ticket(tags=["video"])
    desk.clock.advance(30 * MINUTE)
    survivor = await desk.open_ticket(subject="Outage", tags=["major"])
    merged = await merge(desk, source, survivor)
    assert merged["tags"] == ["major", "video"]
    assert [clock["due_at"] for clock in merged["clocks"]] == ["2026-11-23T10:00:00Z", "2026-11-23T13:00:00Z"]
    gone = await desk.ticket(source["number"])
    assert (gone["status"], gone["merged_into"]) == ("closed", survivor["ticket_id"])
    assert set(states(gone).values()) == {"cancelled"}
    assert [each["outcome"] for each in await desk.told("tickets.clock.settled")] == ["cancelled", "cancelled"]
    desk.clock.advance(10 * HOUR)
    await desk.run_due()
    assert {each["ticket_id"] for each in await desk.told("tickets.clock.breached")} == {survivor["ticket_id"]}


async def test_a_target_used_up_by_the_earlier_start_is_breached_at_the_merge(desk: TicketsDesk) -> None:
    source = await desk.open_ticket(priority="P4")
    desk.clock.advance(2 * HOUR)
    survivor = await desk.open_ticket()
    await merge(desk, source, survivor)
    [breached] = await desk.told("tickets.clock.breached")
    assert (breached["target"], breached["cause"], breached["breached_at"]) == (
        "first_response",
        "merged",
        "2026-11-23T11:00:00Z",
    )


async def test_comments_of_the_merged_ticket_are_read_from_the_survivor(desk: TicketsDesk) -> None:
    first, second, third = [await desk.open_ticket(subject=f"Ticket {number}") for number in range(3)]
    for number, ticket in enumerate((first, second, third)):
        desk.clock.advance(MINUTE)
        path = f"/v1/tickets/{ticket['ticket_id']}/comments"
        await desk.ask("POST", path, json={"body": f"word {number}", "public": number != 1})
    await merge(desk, first, second)
    await merge(desk, second, third)
    path = f"/v1/tickets/{third['number']}/comments"
    assert [each["body"] for each in (await desk.ask("GET", path)).json()["items"]] == ["word 0", "word 1", "word 2"]
    assert [each["body"] for each in (await desk.get(path))["items"]] == ["word 0", "word 2"]


async def test_writing_to_a_merged_ticket_names_the_one_that_goes_on(desk: TicketsDesk) -> None:
    first, second, third = [await desk.open_ticket() for _ in range(3)]
    await merge(desk, first, second)
    await merge(desk, second, third)
    path = f"/v1/tickets/{first['ticket_id']}"
    headers = {"If-Match": 'W/"2"'}
    answers = [
        await desk.ask("POST", f"{path}/comments", json={"body": "x"}),
        await desk.ask("PATCH", path, json={"subject": "x"}, headers=headers),
        await desk.ask("POST", f"{path}/merge", json={"into": "3", "reason": "x"}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (409, "ticket_merged")
        assert "ticket 3" in answer.json()["detail"]
    assert (await merge(desk, third, first, status=409))["code"] == "ticket_merged"


async def test_an_undone_merge_was_never_made(desk: TicketsDesk) -> None:
    source = await desk.open_ticket(tags=["video"])
    desk.clock.advance(30 * MINUTE)
    survivor = await desk.open_ticket(subject="Outage", tags=["major"])
    await merge(desk, source, survivor)
    desk.clock.advance(10 * MINUTE)
    back = await unmerge(desk, source)
    assert (back["status"], back["merged_into"], set(states(back).values())) == ("new", None, {"running"})
    assert [clock["due_at"] for clock in back["clocks"]] == [clock["due_at"] for clock in source["clocks"]]
    other = await desk.ticket(survivor["number"])
    assert other["tags"] == ["major"]
    assert [clock["due_at"] for clock in other["clocks"]] == [clock["due_at"] for clock in survivor["clocks"]]
    assert (await unmerge(desk, source, status=409))["code"] == "not_merged"
    for ticket in (source, survivor):
        assert (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/links"))["items"] == []


async def test_what_cannot_be_merged_says_why(desk: TicketsDesk) -> None:
    one, other, child = [await desk.open_ticket() for _ in range(3)]
    assert (await merge(desk, one, one, status=409))["code"] == "not_mergeable"
    await link(desk, child, "parent", one)
    assert "children" in (await merge(desk, one, other, status=409))["detail"]
    await desk.patch(other, status="solved")
    assert "reopen it first" in (await merge(desk, child, other, status=409))["detail"]
    answer = await desk.ask("POST", f"/v1/tickets/{one['number']}/merge", json={"into": "77", "reason": "x"})
    assert answer.json()["code"] == "ticket_not_found"


async def test_links_are_seen_from_both_ends(desk: TicketsDesk) -> None:
    one, other = [await desk.open_ticket(subject=f"Ticket {number}") for number in range(2)]
    await link(desk, one, "duplicate_of", other)
    await link(desk, one, "duplicate_of", other)
    [mine] = (await desk.get(f"/v1/tickets/{one['number']}/links"))["items"]
    [theirs] = (await desk.get(f"/v1/tickets/{other['number']}/links"))["items"]
    assert (mine["kind"], mine["number"], mine["subject"]) == ("duplicate_of", 2, "Ticket 1")
    assert (theirs["kind"], theirs["number"]) == ("duplicated_by", 1)
    await link(desk, other, "duplicated_by", one, method="DELETE")
    assert (await desk.get(f"/v1/tickets/{one['number']}/links"))["items"] == []
    gone = await link(desk, other, "duplicated_by", one, method="DELETE", status=404)
    assert gone["code"] == "link_not_found"
    assert (await link(desk, one, "merged_into", other, status=409))["code"] == "link_not_possible"


async def test_parents_make_no_circle_and_a_ticket_has_one(desk: TicketsDesk) -> None:
    one, two, three = [await desk.open_ticket() for _ in range(3)]
    await link(desk, one, "parent", two)
    assert (await link(desk, three, "child", two))["parent_id"] is None
    assert (await desk.ticket(two["number"]))["parent_id"] == three["ticket_id"]
    for child, parent in ((three, one), (two, one), (one, one)):
        assert (await link(desk, child, "parent", parent, status=409))["code"] == "link_not_possible"
    assert "ticket 2" in (await link(desk, one, "parent", three, status=409))["detail"]


async def test_two_halves_of_a_circle_are_not_made_side_by_side(desk: TicketsDesk) -> None:
    tickets = [await desk.open_ticket() for _ in range(3)]
    pairs = [(tickets[0], tickets[1]), (tickets[1], tickets[2]), (tickets[2], tickets[0])]
    answers = await asyncio.gather(
        *[
            desk.ask("PUT", f"/v1/tickets/{child['ticket_id']}/links/parent/{parent['ticket_id']}")
            for child, parent in pairs
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409]


async def test_managers_do_not_merge(desk: TicketsDesk) -> None:
    one, other = [await desk.open_ticket() for _ in range(2)]
    body = {"into": other["ticket_id"], "reason": "x"}
    answer = await desk.ask("POST", f"/v1/tickets/{one['ticket_id']}/merge", Role.MANAGER, json=body)
    assert answer.status_code == 403
