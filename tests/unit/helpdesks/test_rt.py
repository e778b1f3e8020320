"""Where a simulated Request Tracker behaves as nobody would expect, because a real one was seen to."""

from typing import Any

import pytest

from tests.support.helpdesks.asking import Asking as PlainAsking
from tests.support.helpdesks.asking import HandClock
from tests.support.helpdesks.rt import RequestTracker

BASE = "/REST/2.0"


class Asking(PlainAsking):
    async def __call__(self, method: str, path: str, **more: Any) -> Any:
        return await super().__call__(method, f"{BASE}{path}", **more)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> RequestTracker:
    return RequestTracker(clock)


async def found(asking: Asking, query: str, **more: Any) -> list[str]:
    page = await asking.json("GET", "/tickets", params={"query": query, **more})
    return [item["id"] for item in page["items"]]


async def test_answers_are_in_utc_and_queries_in_the_zone_of_whoever_asks(desk: RequestTracker) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    (item,) = (await asking.json("GET", "/tickets", params={"query": "id > 0", "fields": "LastUpdated"}))["items"]
    assert item["LastUpdated"] == "2026-03-02T09:30:00Z"
    assert await found(asking, "LastUpdated >= '2026-03-02 04:30:00'") == [ticket]
    assert await found(asking, "LastUpdated >= '2026-03-02 04:30:01'") == []
    assert await found(asking, "LastUpdated >= '2026-03-02 09:30:00 UTC'") == []
    assert await found(asking, "LastUpdated >= '60 seconds ago'") == [ticket]


async def test_a_time_that_cannot_be_read_is_1970_and_an_unknown_field_is_an_error(desk: RequestTracker) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    assert await found(asking, "LastUpdated >= 'rubbish'") == [ticket]
    assert (await asking("GET", "/tickets", params={"query": "Bogus = 1"})).status_code == 400
    assert (await asking("GET", "/tickets", params={"query": "id"})).status_code == 400


async def test_a_list_tells_ids_only_unless_it_is_asked_for_more_and_at_most_a_hundred(desk: RequestTracker) -> None:
    for number in range(103):
        desk.open_ticket(requester="ann@example.test", subject=str(number))
    asking = Asking(desk)
    page = await asking.json("GET", "/tickets", params={"query": "id > 0", "per_page": 500})
    assert (len(page["items"]), page["total"], page["pages"]) == (100, 103, 2)
    assert sorted(page["items"][0]) == ["_url", "id", "type"]
    assert len(await found(asking, "id > 0")) == 20


async def test_a_refused_change_is_a_sentence_in_an_answer_of_200(desk: RequestTracker) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    answer = await asking("PUT", f"/ticket/{ticket}", json={"Status": "nonsense", "Subject": "Still no sound"})
    assert (answer.status_code, len(answer.json())) == (200, 2)
    assert (desk.state(ticket).status, desk.state(ticket).subject) == ("new", "Still no sound")


@pytest.mark.parametrize(("status", "code"), [("open", 201), ("resolved", 201), ("stalled", 400)])
async def test_a_ticket_can_begin_in_some_states_only(desk: RequestTracker, status: str, code: int) -> None:
    ticket = {"Queue": "General", "Subject": "No sound", "Status": status}
    assert (await Asking(desk)("POST", "/ticket", json=ticket)).status_code == code


async def test_a_reply_opens_what_was_finished_and_a_note_does_not(desk: RequestTracker) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.set_status(ticket, "solved")
    said = {"Content": "A note", "ContentType": "text/plain"}
    await asking.json("POST", f"/ticket/{ticket}/comment", json=said)
    assert desk.state(ticket).status == "solved"
    answer = await asking("POST", f"/ticket/{ticket}/correspond", json=said)
    assert answer.headers["location"].startswith("/REST/2.0/transaction/")
    assert desk.state(ticket).status == "open"
    await asking.json("POST", f"/ticket/{ticket}/correspond", json={**said, "Status": "resolved"})
    assert desk.state(ticket).status == "solved"


async def test_a_message_to_nowhere_is_a_bad_request_and_not_a_missing_ticket(desk: RequestTracker) -> None:
    said = {"Content": "Hello", "ContentType": "text/plain"}
    assert (await Asking(desk)("POST", "/ticket/7/correspond", json=said)).status_code == 400
    assert (await Asking(desk)("GET", "/ticket/7")).status_code == 404


async def test_a_deleted_ticket_is_found_by_no_search_and_still_shown(desk: RequestTracker) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.delete(ticket)
    assert await found(asking, "id > 0") == []
    assert (await asking.json("GET", f"/ticket/{ticket}"))["Status"] == "deleted"
