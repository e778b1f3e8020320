"""What all simulated helpdesks do alike: faults, people's acts, webhooks that the gateway lets in and the vendor file reads."""

from typing import Any

import httpx
import pytest

from services.gateway.domain.signatures import Verified, verify
from shared.mapping import load_vendor
from tests.support.helpdesks import ALL, Refusal, RemoteComment, SimulatedDesk
from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.zendesk import Zendesk
from tests.support.vendors import understood


def busy_desk(make: type[SimulatedDesk]) -> tuple[SimulatedDesk, str]:
    """A helpdesk where a ticket was opened, answered, escalated and solved."""
    clock = HandClock()
    desk = make(clock)
    ticket = desk.open_ticket(
        requester="ann@example.test", subject="No sound", description="Since today", priority="P3"
    )
    clock.go(minutes=2)
    desk.reply(ticket, "Which room?", by="agent")
    clock.go(minutes=2)
    desk.reply(ticket, "The blue one", by="requester")
    if desk.internal_comments:
        clock.go(minutes=2)
        desk.reply(ticket, "A cable", by="agent", public=False)
    clock.go(minutes=2)
    desk.set_priority(ticket, "P1")
    clock.go(minutes=2)
    desk.set_status(ticket, "solved")
    return desk, ticket


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_people_do_there_is_so_there(name: str) -> None:
    desk, ticket = busy_desk(ALL[name])
    state = desk.state(ticket)
    urgent, solved = desk.our_priority(desk.priorities["P1"]), desk.our_status(desk.statuses["solved"])
    assert (state.subject, state.status, state.priority) == ("No sound", solved, urgent)
    said = [("Which room?", True), ("The blue one", True), ("A cable", False)][: 3 if desk.internal_comments else 2]
    assert state.comments == tuple(RemoteComment(body, public, False) for body, public in said)
    assert desk.ticket_ids() == [ticket]
    desk.delete(ticket)
    assert desk.ticket_ids() == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_webhook_passes_the_gateways_own_check_and_means_something(name: str) -> None:
    desk, ticket = busy_desk(ALL[name])
    desk.delete(ticket)
    vendor = load_vendor(desk.vendor) if desk.sends_webhooks else None
    sent = desk.take_webhooks()
    assert desk.take_webhooks() == []
    if vendor is None:
        assert sent == []
        return
    facts: list[Any] = []
    for webhook in sent:
        headers = {header.lower(): value for header, value in webhook.headers.items()}
        assert any(
            isinstance(verify(scheme, [desk.secret], headers, webhook.body, desk.clock()), Verified)
            for scheme in vendor.verify
        )
        kept = {header: headers[header] for header in vendor.kept_headers if header in headers}
        found = understood(desk.vendor, webhook.body, headers=kept, content_type=webhook.content_type)
        assert found.problems == []
        facts += found.facts
    assert {fact.ticket.id for fact in facts if fact.type != "ignored"} == {ticket}
    assert desk.our_status(desk.statuses["solved"]) in [fact.status for fact in facts if fact.type == "ticket"]
    said = {fact.dedupe_key: fact.comment.body for fact in facts if fact.type == "comment"}
    expected = ["Which room?", "The blue one", *(["A cable"] if desk.internal_comments else [])]
    assert [*said.values()][-3:] == (expected if desk.webhooks_bring_comments else [])


@pytest.mark.parametrize("name", sorted(ALL))
async def test_nobody_is_let_in_without_the_credential(name: str) -> None:
    desk = ALL[name](HandClock())
    check = load_vendor(desk.vendor).calls if desk.vendor_file is None else desk.vendor_file.calls
    assert check is not None
    assert check.check is not None
    path = check.check.steps[0].request[1].fill({"settings": desk.settings})
    asking = Asking(desk)
    assert (await asking("GET", path)).status_code == 200
    refused = await asking("GET", path, headers={"authorization": "Bearer wrong"})
    assert refused.status_code in (401, 403)


async def test_faults_come_in_their_order_and_are_over_then() -> None:
    desk = Zendesk(HandClock())
    asking = Asking(desk)
    desk.faults.drop_requests = 1
    desk.faults.refuse_next = [Refusal(429, {"Retry-After": "7"})]
    desk.faults.half_answers = 1
    with pytest.raises(httpx.ConnectError):
        await asking("GET", "/api/v2/users/me.json")
    told = await asking("GET", "/api/v2/users/me.json")
    assert (told.status_code, told.headers["retry-after"]) == (429, "7")
    with pytest.raises(ValueError, match="line 1 column"):
        (await asking("GET", "/api/v2/users/me.json")).json()
    assert (await asking("GET", "/api/v2/users/me.json")).json()["user"]["email"]
    assert (asking.transport.attempts, len(asking.transport.requests)) == (4, 2)


async def test_a_lost_answer_was_carried_out_and_faults_can_be_kept_to_what_writes() -> None:
    desk = Zendesk(HandClock())
    asking = Asking(desk)
    desk.faults.lose_answers, desk.faults.methods = 1, frozenset({"POST"})
    assert (await asking("GET", "/api/v2/users/me.json")).is_success
    with pytest.raises(httpx.ReadTimeout):
        await asking("POST", "/api/v2/tickets.json", json={"ticket": {"subject": "Once", "comment": {"body": "Once"}}})
    assert len(desk.ticket_ids()) == 1
