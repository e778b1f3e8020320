"""Tickets that belong together: merged into one another, or waiting for a major incident."""

from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.semantics.case import Case, drawn, fri, mon, settle


async def merged(case: Case, into: Case, at: str) -> None:
    await case.act(at, "merge", {"into": into.ticket_id, "reason": "The same outage"})


async def test_a_merged_tickets_clocks_are_cancelled_and_never_breach(desk: TicketsDesk) -> None:
    survivor = await Case.opened(desk, mon("09:00"))
    source = await Case.opened(desk, mon("09:30"))
    await merged(source, survivor, mon("09:40"))
    states = {(clock["state"], clock["cancelled_because"]) for clock in await source.clocks()}
    assert states == {("cancelled", "merged")}
    assert {clock["settled_at"] for clock in await source.clocks()} == {mon("09:40")}
    await settle(desk, fri("12:00"))
    assert await source.breaches() == []
    assert [each[2] for each in await survivor.breaches()] == [mon("10:00"), mon("13:00")]


async def test_the_survivor_of_a_merge_keeps_the_earliest_start(desk: TicketsDesk) -> None:
    source = await Case.opened(desk, mon("09:00"))
    survivor = await Case.opened(desk, mon("09:30"))
    assert await survivor.due("first_response") == mon("10:30")
    await merged(source, survivor, mon("09:40"))
    clock = await survivor.clock("first_response")
    assert (clock["started_at"], clock["due_at"]) == (mon("09:00"), mon("10:00"))
    assert await survivor.due("resolution") == mon("13:00")


async def test_a_merge_into_an_older_ticket_leaves_its_start(desk: TicketsDesk) -> None:
    survivor = await Case.opened(desk, mon("09:00"))
    source = await Case.opened(desk, mon("09:30"))
    await merged(source, survivor, mon("09:40"))
    assert await survivor.due("first_response") == mon("10:00")


async def test_what_a_merge_uses_up_is_breached_at_the_merge(desk: TicketsDesk) -> None:
    source = await Case.opened(desk, mon("09:00"), priority="P3")
    survivor = await Case.opened(desk, mon("10:30"))
    await merged(source, survivor, mon("10:45"))
    assert await survivor.breaches() == [("first_response", 1, mon("10:45"), "merged")]
    assert await source.breaches() == []


async def test_a_merged_ticket_is_out_of_the_figures(desk: TicketsDesk) -> None:
    survivor = await Case.opened(desk, mon("09:00"))
    source = await Case.opened(desk, mon("09:30"))
    await merged(source, survivor, mon("09:40"))
    await survivor.answer(mon("09:45"))
    await survivor.set(mon("09:50"), status="solved")
    await settle(desk, fri("12:00"))
    told = [each for each in await desk.told("tickets.clock.settled") if each["outcome"] != "cancelled"]
    assert {each["ticket_id"] for each in told} == {survivor.ticket_id}
    report = await desk.get("/v1/reports/attainment?from=2026-11-01&to=2026-12-01&by=target")
    assert (report["whole"]["decided"], report["whole"]["met"]) == (2, 2)


async def test_a_breach_from_before_the_merge_stays_with_the_merged_ticket(desk: TicketsDesk) -> None:
    source = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:00"))
    survivor = await Case.opened(desk, mon("10:10"), priority="P3")
    await merged(source, survivor, mon("10:20"))
    assert (await source.clock("first_response"))["breached_at"] == mon("10:00")
    assert await source.withdrawn() == []


async def test_a_child_of_a_major_incident_waits_with_its_resolution_but_not_with_its_response(
    desk: TicketsDesk,
) -> None:
    parent = await Case.major(desk, mon("09:00"))
    child = await Case.opened(desk, mon("09:00"))
    await child.link(mon("09:20"), "parent", parent)
    resolution = await child.clock("resolution", at=mon("09:30"))
    assert (resolution["state"], resolution["due_at"]) == ("paused", None)
    assert drawn(resolution)[-1] == ("paused", mon("09:20"), mon("09:30"))
    assert await child.due("first_response") == mon("10:00")


async def test_a_child_is_solved_with_its_parent_and_at_the_same_instant(desk: TicketsDesk) -> None:
    parent = await Case.major(desk, mon("09:00"))
    child = await Case.opened(desk, mon("09:00"))
    await child.link(mon("09:20"), "parent", parent)
    await parent.set(mon("12:00"), status="solved")
    await settle(desk)
    ticket, resolution = await child.ticket(), await child.clock("resolution")
    assert (ticket["status"], ticket["solved_at"]) == ("solved", mon("12:00"))
    assert (resolution["outcome"], resolution["elapsed_seconds"]) == ("met", 20 * 60)
