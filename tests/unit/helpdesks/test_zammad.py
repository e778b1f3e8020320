"""Where a simulated Zammad behaves as nobody would expect, because Zammad does."""

from datetime import timedelta

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.zammad import Zammad

SEARCH = "/api/v1/tickets/search"
ALL_OF_THEM = {"query": "updated_at:[* TO *]", "sort_by": "updated_at", "order_by": "asc", "expand": "true"}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Zammad:
    return Zammad(clock)


async def test_a_search_finds_a_change_only_when_the_index_has_it(desk: Zammad, clock: HandClock) -> None:
    desk.index_lag = timedelta(seconds=20)
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    assert await asking.json("GET", SEARCH, params=ALL_OF_THEM) == []
    clock.go(seconds=21)
    assert [str(each["id"]) for each in await asking.json("GET", SEARCH, params=ALL_OF_THEM)] == [ticket]


async def test_a_search_shows_ten_unless_asked_for_more_and_numbers_unless_asked_for_names(desk: Zammad) -> None:
    for number in range(12):
        desk.open_ticket(requester="ann@example.test", subject=str(number))
    asking = Asking(desk)
    assert len(await asking.json("GET", SEARCH, params=ALL_OF_THEM)) == 10
    bare = await asking.json("GET", SEARCH, params={"query": "*", "per_page": 100})
    assert (bare["tickets_count"], bare["assets"]["Ticket"]["101"]["state_id"]) == (12, 1)


async def test_a_pending_ticket_needs_a_time_that_is_still_to_come(desk: Zammad) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    asking, path = Asking(desk), f"/api/v1/tickets/{ticket}"
    for until in ({}, {"pending_time": "2020-01-01T00:00:00Z"}):
        assert (await asking("PUT", path, json={"state": "pending reminder", **until})).status_code == 422
    await asking.json("PUT", path, json={"state": "pending reminder", "pending_time": "2099-01-01T00:00:00Z"})
    assert desk.state(ticket).status == "pending"


async def test_what_was_asked_is_the_first_article(desk: Zammad) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound", description="Since today")
    (article,) = await Asking(desk).json("GET", f"/api/v1/ticket_articles/by_ticket/{ticket}")
    assert (article["body"], article["sender"]) == ("Since today", "Customer")
    assert desk.state(ticket).comments == ()


def test_a_destroyed_ticket_runs_no_trigger(desk: Zammad) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.take_webhooks()
    desk.delete(ticket)
    assert desk.take_webhooks() == []
