"""Major incidents: their children wait, are solved and come back with them, and hear what is said."""

from datetime import timedelta
from typing import Any

from services.tickets.usecases import incidents
from tests.integration.tickets.desk import HOUR, MINUTE, TicketsDesk
from tests.integration.tickets.test_merging import link


async def family(desk: TicketsDesk, children: int = 2, *, major: bool = True) -> tuple[Any, list[Any]]:
    """A P4 parent and its P1 children."""
    parent = await desk.open_ticket(subject="The player is down", priority="P4")
    if major:
        parent = await desk.patch(parent, major=True)
    made = [await desk.open_ticket(subject=f"Child {number}") for number in range(children)]
    for child in made:
        await link(desk, child, "parent", parent)
    return await desk.ticket(parent["number"]), [await desk.ticket(child["number"]) for child in made]


async def again(desk: TicketsDesk, tickets: list[Any]) -> list[Any]:
    return [await desk.ticket(ticket["number"]) for ticket in tickets]


async def test_children_wait_for_a_major_incident_but_are_answered_all_the_same(desk: TicketsDesk) -> None:
    _, [child, _] = await family(desk)
    assert child["waits_for"] == "parent"
    states = {clock["target"]: (clock["state"], clock["due_at"]) for clock in child["clocks"]}
    assert states["resolution"] == ("paused", None)
    assert states["first_response"] == ("running", "2026-11-23T10:00:00Z")
    desk.clock.advance(timedelta(days=2))
    await desk.run_due()
    assert {each["target"] for each in await desk.told("tickets.clock.breached")} == {"first_response"}


async def test_children_of_any_other_ticket_do_not_wait(desk: TicketsDesk) -> None:
    parent, children = await family(desk, major=False)
    assert [child["waits_for"] for child in children] == [None, None]
    await desk.patch(parent, status="solved")
    await desk.run_workers()
    assert [child["status"] for child in await again(desk, children)] == ["new", "new"]


async def test_a_ticket_made_a_major_incident_takes_its_children_along_and_lets_them_go(desk: TicketsDesk) -> None:
    parent, children = await family(desk, major=False)
    desk.clock.advance(10 * MINUTE)
    parent = await desk.patch(parent, major=True)
    await desk.run_workers()
    assert [child["waits_for"] for child in await again(desk, children)] == ["parent", "parent"]
    desk.clock.advance(HOUR)
    await desk.patch(parent, major=False)
    await desk.run_workers()
    [child, _] = await again(desk, children)
    assert child["waits_for"] is None
    clock = await desk.clock_of(child, "resolution")
    assert (clock["elapsed_seconds"], clock["due_at"]) == (600, "2026-11-23T14:00:00Z")


async def test_children_are_solved_with_the_incident_at_its_very_instant(desk: TicketsDesk) -> None:
    parent, children = await family(desk)
    desk.clock.advance(20 * MINUTE)
    await desk.patch(parent, status="solved")
    desk.clock.advance(5 * HOUR)
    assert await desk.run_workers() > 0
    for child in await again(desk, children):
        assert (child["status"], child["solved_at"], child["waits_for"]) == ("solved", "2026-11-23T09:20:00Z", None)
    history = (await desk.get(f"/v1/tickets/{children[0]['ticket_id']}/history"))["items"]
    [entry] = [entry for entry in history if entry["kind"] == "status"]
    assert (entry["at"], entry["detail"]["parent"], entry["actor"]) == ("2026-11-23T09:20:00Z", 1, "it_agent")


async def test_reopening_the_incident_reopens_what_it_solved_and_nothing_else(desk: TicketsDesk) -> None:
    parent, children = await family(desk, 3)
    await desk.patch(await desk.patch(children[0], status="open"), status="solved")
    await desk.patch(children[1], status="open")
    parent = await desk.patch(parent, status="solved")
    await desk.run_workers()
    desk.clock.advance(HOUR)
    await desk.patch(parent, status="open")
    await desk.run_workers()
    found = await again(desk, children)
    assert [child["status"] for child in found] == ["solved", "open", "open"]
    assert [child["waits_for"] for child in found] == [None, "parent", "parent"]


async def test_what_somebody_decided_about_a_child_meanwhile_stands(desk: TicketsDesk) -> None:
    parent, [child, _] = await family(desk)
    desk.clock.advance(10 * MINUTE)
    await desk.patch(parent, status="solved")
    desk.clock.advance(10 * MINUTE)
    await desk.patch(child, status="pending")
    await desk.run_workers()
    assert (await desk.ticket(child["number"]))["status"] == "pending"


async def test_what_is_said_on_the_incident_can_answer_its_children(desk: TicketsDesk) -> None:
    parent, children = await family(desk)
    desk.clock.advance(10 * MINUTE)
    path = f"/v1/tickets/{parent['ticket_id']}/comments"
    await desk.ask("POST", path, json={"body": "We are on it", "notify_children": True})
    await desk.ask("POST", path, json={"body": "For this one"})
    desk.clock.advance(HOUR)
    await desk.run_workers()
    for child in children:
        [said] = (await desk.get(f"/v1/tickets/{child['ticket_id']}/comments"))["items"]
        assert (said["body"], said["at"]) == ("We are on it", "2026-11-23T09:10:00Z")
        assert (await desk.clock_of(child))["settled_at"] == "2026-11-23T09:10:00Z"
    assert await desk.told("tickets.clock.breached") == []


async def test_a_child_that_is_let_go_waits_no_more(desk: TicketsDesk) -> None:
    parent, [child, _] = await family(desk)
    desk.clock.advance(HOUR)
    free = await link(desk, child, "parent", parent, method="DELETE")
    assert (free["parent_id"], free["waits_for"]) == (None, None)
    assert (await desk.clock_of(child, "resolution"))["elapsed_seconds"] == 0


async def test_many_children_are_many_short_transactions_in_the_order_of_events(desk: TicketsDesk) -> None:
    async def carry_on() -> bool:
        async with desk.database.unit() as unit:
            return await incidents.carry_on(unit, desk.clock.now(), at_once=2)

    parent, children = await family(desk, 5)
    parent = await desk.patch(parent, status="solved")
    parent = await desk.patch(parent, status="open")
    await desk.patch(parent, status="solved")
    assert await carry_on()
    assert [child["status"] for child in await again(desk, children)].count("solved") == 2
    steps = 1
    while await carry_on():
        steps += 1
    assert steps == 9
    assert {child["status"] for child in await again(desk, children)} == {"solved"}
    assert await desk.run_workers() == 0
