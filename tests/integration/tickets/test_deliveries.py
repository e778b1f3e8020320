"""What helpdesks deliver: each fact once, at its own time, whatever is doubled, late or out of order."""

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from shared.errors import TemporaryFailure
from tests.integration.tickets.desk import (
    HOUR,
    MINUTE,
    START,
    TicketsDesk,
    comment_fact,
    enrolment,
    person,
    plan,
    source,
    ticket_fact,
    wave,
)

FIXTURES = Path(__file__).parents[4] / "shared" / "fixtures"


async def only_ticket(desk: TicketsDesk) -> Any:
    [ticket] = (await desk.get("/v1/tickets"))["items"]
    return ticket


async def test_a_delivery_makes_a_ticket_and_the_gateway_is_told_what_it_meant(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(5 * MINUTE)
    delivery_id = await desk.deliver(ticket_fact(START, tags=["rollout:safety-video", "wave:north"]))
    ticket = await only_ticket(desk)
    assert (ticket["source"], ticket["external_id"], ticket["external_key"]) == ("desk", "42", "#42")
    assert (ticket["status"], ticket["priority"], ticket["opened_at"]) == ("open", "P1", "2026-11-23T09:00:00Z")
    assert ticket["requester"]["email"] == "ada@example.com"
    assert ticket["attribution"] == {"rollout": "safety-video", "wave": "north", "rule": "tag"}
    assert (await desk.clock_of(ticket))["due_at"] == "2026-11-23T10:00:00Z"
    [understood] = await desk.told("tickets.delivery.understood")
    assert (understood["delivery_id"], understood["outcome"]) == (delivery_id, "applied")
    assert understood["facts"][0]["ticket"] == {"id": "42", "key": "#42"}


async def test_the_same_fact_delivered_again_changes_nothing(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    facts = [ticket_fact(START, dedupe_key="a"), comment_fact(START + 10 * MINUTE)]
    desk.clock.advance(HOUR / 2)
    for _ in range(3):
        await desk.deliver(*facts)
    ticket = await only_ticket(desk)
    assert ticket["version"] == 1
    path = f"/v1/tickets/{ticket['ticket_id']}"
    assert len((await desk.get(f"{path}/comments"))["items"]) == 1
    assert len(await desk.told("tickets.ticket.changed")) == 1
    assert len(await desk.told("tickets.delivery.understood")) == 3


async def test_a_comment_counts_once_even_under_another_key(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(HOUR / 2)
    said = comment_fact(START + 10 * MINUTE)
    await desk.deliver(ticket_fact(START), said | {"dedupe_key": "webhook"})
    await desk.deliver(said | {"dedupe_key": "poll", "status": "pending"})
    ticket = await only_ticket(desk)
    assert len((await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"]) == 1
    assert ticket["status"] == "pending"


STORY = [
    ticket_fact(START, status="new"),
    ticket_fact(START + 10 * MINUTE, status="open", priority="P2", tags=["late"]),
    ticket_fact(START + 20 * MINUTE, status="pending"),
    comment_fact(START + 30 * MINUTE),
    ticket_fact(START + 40 * MINUTE, status="open", subject="Video still stalls"),
    ticket_fact(START + 50 * MINUTE, status="solved"),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 5, 0, 4, 1, 2), (2, 0, 1, 5, 4, 3)])
async def test_the_order_of_arrival_does_not_matter(desk: TicketsDesk, order: tuple[int, ...]) -> None:
    await desk.hand_in(source())
    desk.clock.advance(55 * MINUTE)
    for index in order:
        await desk.deliver(STORY[index])
        await desk.deliver(STORY[index])
    ticket = await only_ticket(desk)
    assert (ticket["status"], ticket["priority"], ticket["subject"]) == ("solved", "P1", "Video stalls")
    assert (ticket["solved_at"], ticket["tags"]) == ("2026-11-23T09:50:00Z", ["late"])
    first, resolution = [await desk.clock_of(ticket, target) for target in ("first_response", "resolution")]
    assert (first["outcome"], first["settled_at"], first["elapsed_seconds"]) == ("met", "2026-11-23T09:30:00Z", 1200)
    assert (resolution["outcome"], resolution["elapsed_seconds"]) == ("met", 1800)
    assert await desk.told("tickets.clock.breached") == []


async def test_all_orders_of_an_answer_and_two_statuses_end_alike(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(59 * MINUTE)
    facts = [STORY[0], STORY[3], STORY[5]]
    endings = set()
    for number, order in enumerate(itertools.permutations(facts)):
        for fact in order:
            await desk.deliver(fact | {"ticket": {"id": f"t{number}"}})
        [*_, told] = await desk.told("tickets.ticket.changed")
        endings.add(json.dumps([(c["target"], c["state"], c["settled_at"]) for c in told["clocks"]]))
    assert len(endings) == 1


async def test_a_late_answer_from_before_the_due_time_leaves_no_breach(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(65 * MINUTE)
    await desk.deliver(comment_fact(START + 55 * MINUTE))
    await desk.run_due()
    assert await desk.told("tickets.clock.breached") == []
    clock = await desk.clock_of(await only_ticket(desk))
    assert (clock["outcome"], clock["settled_at"]) == ("met", "2026-11-23T09:55:00Z")


async def test_a_breach_that_was_told_is_withdrawn_by_an_earlier_answer(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(61 * MINUTE)
    await desk.run_due()
    await desk.deliver(comment_fact(START + 55 * MINUTE))
    [breached] = await desk.told("tickets.clock.breached")
    [withdrawn] = await desk.told("tickets.clock.breach_withdrawn")
    assert (withdrawn["clock_id"], withdrawn["breached_at"]) == (breached["clock_id"], "2026-11-23T10:00:00Z")
    assert withdrawn["withdrawn_at"] == "2026-11-23T10:01:00Z"
    ticket = await only_ticket(desk)
    assert (await desk.clock_of(ticket))["outcome"] == "met"
    kinds = [entry["kind"] for entry in (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/history"))["items"]]
    assert kinds.count("breached") == kinds.count("breach_withdrawn") == 1


async def test_an_answer_after_the_due_time_is_too_late_even_if_it_comes_before_the_timer(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(65 * MINUTE)
    await desk.deliver(comment_fact(START + 62 * MINUTE))
    await desk.run_due()
    [breached] = await desk.told("tickets.clock.breached")
    assert (breached["breached_at"], breached["detected_at"]) == ("2026-11-23T10:00:00Z", "2026-11-23T10:05:00Z")


async def test_a_remote_time_in_the_future_counts_as_now_and_both_are_kept(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(30 * MINUTE)
    await desk.deliver(comment_fact(START + timedelta(days=2)))
    ticket = await only_ticket(desk)
    [comment] = (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"]
    assert comment["at"] == "2026-11-23T09:30:00Z"
    assert (await desk.clock_of(ticket))["settled_at"] == "2026-11-23T09:30:00Z"


async def test_a_fact_without_a_time_is_of_the_time_it_was_received(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(5 * MINUTE)
    fact = ticket_fact(START) | {"occurred_at": None, "created_at": None}
    await desk.deliver(fact)
    await desk.deliver(fact)
    assert (await only_ticket(desk))["opened_at"] == "2026-11-23T09:05:00Z"


WORDS: list[tuple[str, dict[str, Any], bool]] = [
    ("agent", {}, True),
    ("agent", {"public": False}, False),
    ("requester", {}, False),
    ("bot", {}, False),
    ("unknown", {}, True),
    ("unknown", {"author": None}, False),
    ("agent", {"author": {"scheme": "email", "value": "ADA@example.com"}}, False),
]


async def test_only_a_public_word_of_somebody_else_answers(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(30 * MINUTE)
    for number, (role, changes, answers) in enumerate(WORDS):
        ticket = {"ticket": {"id": f"t{number}"}}
        await desk.deliver(ticket_fact(START) | ticket)
        await desk.deliver(comment_fact(START + 10 * MINUTE, role, **changes) | ticket)
        [*_, told] = await desk.told("tickets.ticket.changed")
        states = {clock["target"]: clock["state"] for clock in told["clocks"]}
        assert (states["first_response"] == "settled") is answers, (role, changes)


async def test_unknown_words_and_unknown_people_are_kept_and_no_error(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    odd = ticket_fact(START, status="unknown", vendor_status="Awaiting parts", requester=None, subject=None)
    await desk.deliver(odd)
    ticket = await only_ticket(desk)
    assert (ticket["status"], ticket["vendor_status"]) == ("unknown", "Awaiting parts")
    assert ticket["subject"] == "Ticket #42 of desk"
    assert ticket["requester"]["email"] is None
    await desk.deliver(ticket_fact(START + MINUTE, requester={"scheme": "account", "value": "8447"}))
    await desk.hand_in(person(email=None, desk="8447"))
    assert (await only_ticket(desk))["requester"]["person_id"] == "p-ada"


async def test_one_id_in_two_sources_is_two_tickets(desk: TicketsDesk) -> None:
    await desk.hand_in(source(), source("other"))
    await desk.deliver(ticket_fact(START))
    await desk.deliver(ticket_fact(START), source="other")
    assert len((await desk.get("/v1/tickets"))["items"]) == 2


async def test_a_deleted_ticket_has_no_clocks_that_matter(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(10 * MINUTE)
    await desk.deliver({"type": "deleted", "ticket": {"id": "42"}, "occurred_at": "2026-11-23T09:10:00Z"})
    desk.clock.advance(HOUR)
    await desk.deliver(ticket_fact(START + 5 * MINUTE, status="open"))
    assert await desk.run_due() == 0
    ticket = await only_ticket(desk)
    assert (ticket["status"], ticket["deleted_at"]) == ("closed", "2026-11-23T09:10:00Z")
    assert [each["outcome"] for each in await desk.told("tickets.clock.settled")] == ["cancelled", "cancelled"]


async def test_a_member_of_an_open_wave_who_names_the_system_counts_for_it(desk: TicketsDesk) -> None:
    await desk.hand_in(source(), plan(), wave(), person(), enrolment())
    await desk.deliver(ticket_fact(START, subject="Vidstream does not play"))
    assert (await only_ticket(desk))["attribution"]["rule"] == "system"
    desk.clock.advance(MINUTE)
    await desk.deliver(ticket_fact(START + MINUTE, subject="My keyboard is broken"))
    assert (await only_ticket(desk))["attribution"] is None


async def test_what_cannot_be_understood_is_told_and_changes_nothing(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver_raw("{broken")
    await desk.deliver_raw(json.dumps({"type": "order.paid", "data": {"amount": 1}}))
    quarantined, ignored = await desk.told("tickets.delivery.understood")
    assert (quarantined["outcome"], ignored["outcome"]) == ("quarantined", "ignored")
    assert quarantined["reason"]
    assert ignored["reason"]
    assert (await desk.get("/v1/tickets"))["items"] == []


async def test_a_delivery_of_a_source_that_is_not_known_yet_is_tried_again(desk: TicketsDesk) -> None:
    with pytest.raises(TemporaryFailure):
        await desk.deliver(ticket_fact(START))


async def test_a_large_delivery_is_a_handful_of_statements(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    counts = []
    for size, prefix in ((2, "a"), (200, "b")):
        statements: list[str] = []

        def count(*args: Any, into: list[str] = statements) -> None:
            into.append(args[2])

        event.listen(desk.database.writer.sync_engine, "before_cursor_execute", count)
        facts = [ticket_fact(START, ticket={"id": f"{prefix}{number}"}) for number in range(size)]
        await desk.deliver(*facts)
        event.remove(desk.database.writer.sync_engine, "before_cursor_execute", count)
        counts.append(len(statements))
    small, large = counts
    assert large <= small + 6, counts


@pytest.mark.parametrize("vendor", ["zendesk", "jira", "zammad"])
async def test_real_payloads_become_tickets(desk: TicketsDesk, vendor: str) -> None:
    payloads = [path for path in sorted((FIXTURES / vendor).glob("*.json")) if not path.name.endswith(".meta.json")]
    if not payloads:
        pytest.skip("the folder of real payloads is not beside this checkout")
    await desk.hand_in(source("desk", vendor))
    for path in payloads:
        if path.name.startswith(("rest_", "signature_")):
            continue
        await desk.deliver_raw(path.read_text(), vendor=vendor)
        await desk.deliver_raw(path.read_text(), vendor=vendor)
    outcomes = {each["outcome"] for each in await desk.told("tickets.delivery.understood")}
    assert "applied" in outcomes
    tickets = (await desk.get("/v1/tickets"))["items"]
    assert tickets
    assert len({ticket["external_id"] for ticket in tickets}) == len(tickets)
    await desk.run_due()
    clocks = [clock["clock_id"] for clock in await desk.told("tickets.clock.breached")]
    assert len(set(clocks)) == len(clocks)
