"""Where a simulated Freshservice behaves as nobody would expect, because Freshservice does."""

import json

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.freshservice import Freshservice

LIST = "/api/v2/tickets"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Freshservice:
    return Freshservice(clock)


async def test_a_list_knows_no_other_order_than_that_of_creation(desk: Freshservice, clock: HandClock) -> None:
    first, second = (desk.open_ticket(requester="ann@example.test", subject=str(n)) for n in range(2))
    clock.go(minutes=1)
    desk.set_status(first, "pending")
    query = {"updated_since": "2026-01-01T00:00:00Z", "order_type": "asc"}
    listed = (await Asking(desk).json("GET", LIST, params=query))["tickets"]
    assert [str(each["id"]) for each in listed] == [first, second]
    assert (await Asking(desk)("GET", LIST, params={**query, "order_by": "updated_at"})).status_code == 400


async def test_tags_are_shown_to_those_who_ask_for_them(desk: Freshservice) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    asking = Asking(desk)
    assert "tags" not in (await asking.json("GET", f"{LIST}/{ticket}"))["ticket"]
    assert (await asking.json("GET", f"{LIST}/{ticket}", params={"include": "tags"}))["ticket"]["tags"] == []


async def test_nothing_is_resolved_without_notes(desk: Freshservice) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    asking = Asking(desk)
    refused = await asking("PUT", f"{LIST}/{ticket}", json={"status": 4})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "resolution_notes")
    await asking.json("PUT", f"{LIST}/{ticket}", json={"status": 4, "resolution_notes": "Plugged in"})
    assert desk.state(ticket).status == "solved"


def test_people_see_a_prefix_before_the_number(desk: Freshservice) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    (sent,) = desk.take_webhooks()
    assert json.loads(sent.body)["ticket"]["id"] == f"INC-{ticket}"
