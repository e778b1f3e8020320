"""A real Request Tracker and the tickets service keep the same tickets, both ways."""

from collections.abc import AsyncIterator, Callable

import pytest

from services.tickets.domain.sync import Owner, WriteState
from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.sync.real import RealHelpdesk
from tests.rt.server import REQUESTER_ADDRESS, RequestTracker


@pytest.fixture
async def real(request_tracker: RequestTracker, service_database: Callable[[str], str]) -> AsyncIterator[RealHelpdesk]:
    """The tickets service by the real clock, connected to the real Request Tracker."""
    here = TicketsDesk(service_database("tickets"))
    made = RealHelpdesk(here, "rt", request_tracker.base_url, {"kind": "token", "secret": request_tracker.token})
    await made.connect(settings={"queue": "General"}, ownership={"priority": Owner.REMOTE}, exports=("training",))
    yield made
    await here.stop()


async def test_a_ticket_of_theirs_is_here_once_and_an_answer_there_stops_the_clock_here(
    real: RealHelpdesk, request_tracker: RequestTracker
) -> None:
    key = await request_tracker.requester.create("Cannot enrol", "The button is grey", Requestor=REQUESTER_ADDRESS)
    await real.poll()
    await real.poll()
    (ticket,) = await real.tickets()
    assert (ticket.external_id, ticket.subject) == (key, "Cannot enrol")
    clock = await real.here.clock_of({"ticket_id": ticket.ticket_id})
    assert clock["state"] in ("running", "paused")
    await request_tracker.agent.reply(key, "We look into it: ü €")
    await real.poll()
    clock = await real.here.clock_of({"ticket_id": ticket.ticket_id})
    assert clock["state"] == "settled"
    await request_tracker.agent.set_status(key, "resolved")
    await real.poll()
    assert [each.status for each in await real.tickets()] == ["solved"]
    resolution = await real.here.clock_of({"ticket_id": ticket.ticket_id}, "resolution")
    assert resolution["state"] == "settled"


async def test_a_ticket_of_ours_is_there_once_with_what_is_said_and_done_here(
    real: RealHelpdesk, request_tracker: RequestTracker
) -> None:
    opened = await real.here.open_ticket(
        subject="Video stalls", priority="P2", team="training", description="Every minute"
    )
    await real.settle()
    (ticket,) = await real.tickets()
    assert ticket.external_id is not None
    await real.say(opened["ticket_id"], "Please restart it, naïvely 😀")
    await real.change(opened["ticket_id"], status="solved")
    await real.settle()
    await real.poll()
    assert [each.problem for each in await real.orders(WriteState.REFUSED)] == []
    seen = await request_tracker.agent.get(f"/ticket/{ticket.external_id}")
    assert (seen["Subject"], seen["Status"]) == ("Video stalls", "resolved")
    history = await request_tracker.agent.get(f"/ticket/{ticket.external_id}/history", fields="Type")
    assert [each["Type"] for each in history["items"]].count("Correspond") == 1
    assert len(await real.words(opened["ticket_id"])) == 1
    found = await request_tracker.agent.get("/tickets", query="Subject = 'Video stalls'")
    assert len(found["items"]) == 1


async def test_a_conflict_goes_by_the_rule(real: RealHelpdesk, request_tracker: RequestTracker) -> None:
    key = await request_tracker.requester.create("No sound", "None at all", Requestor=REQUESTER_ADDRESS)
    await real.poll()
    (ticket,) = await real.tickets()
    await real.change(ticket.ticket_id, priority="P1", impact="Nobody can be certified")
    await request_tracker.agent.set_priority(key, 50)
    await real.read(key)
    await real.settle()
    await real.poll()
    (ticket,) = await real.tickets()
    (conflict,) = await real.conflicts()
    seen = await request_tracker.agent.get(f"/ticket/{key}")
    assert ticket.priority == conflict.theirs
    assert int(seen["Priority"]) == 50
    assert (conflict.field, conflict.ours, conflict.kept) == ("priority", "P1", "theirs")
