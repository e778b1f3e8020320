"""Where a simulated Zendesk behaves as nobody would expect, because Zendesk does."""

from typing import Any

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.zendesk import Zendesk

EXPORT = "/api/v2/incremental/tickets/cursor.json"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Zendesk:
    return Zendesk(clock)


async def exported(asking: Asking, **query: Any) -> Any:
    return await asking.json("GET", EXPORT, params=query)


async def test_the_export_leaves_out_the_last_minute_and_its_cursor_goes_on_from_there(
    desk: Zendesk, clock: HandClock
) -> None:
    asking, start = Asking(desk), int(clock().timestamp()) - 3600
    first = desk.open_ticket(requester="ann@example.test", subject="One")
    assert (await exported(asking, start_time=start))["tickets"] == []
    clock.go(seconds=61)
    second = desk.open_ticket(requester="ann@example.test", subject="Two")
    page = await exported(asking, start_time=start)
    assert ([str(t["id"]) for t in page["tickets"]], page["end_of_stream"]) == ([first], True)
    clock.go(seconds=61)
    desk.delete(second)
    clock.go(seconds=61)
    later = await exported(asking, cursor=page["after_cursor"])
    assert [(str(t["id"]), t["status"]) for t in later["tickets"]] == [(second, "deleted")]


async def test_tickets_of_one_second_are_cut_between_pages_by_their_id(desk: Zendesk, clock: HandClock) -> None:
    tickets = [desk.open_ticket(requester="ann@example.test", subject=str(n)) for n in range(5)]
    clock.go(minutes=2)
    asking, seen = Asking(desk), []
    query: dict[str, Any] = {"start_time": int(clock().timestamp()) - 600, "per_page": 2}
    while True:
        page = await exported(asking, **query)
        seen += [str(t["id"]) for t in page["tickets"]]
        query = {"cursor": page["after_cursor"], "per_page": 2}
        if page["end_of_stream"]:
            break
    assert seen == tickets


async def test_a_start_less_than_a_minute_ago_is_refused(desk: Zendesk, clock: HandClock) -> None:
    assert (await Asking(desk)("GET", EXPORT, params={"start_time": int(clock().timestamp())})).status_code == 400


async def test_one_key_makes_one_ticket_and_never_two_different_ones(desk: Zendesk) -> None:
    asking, key = Asking(desk), {"Idempotency-Key": "k-1"}
    ticket = {"ticket": {"subject": "No sound", "comment": {"body": "Since today"}, "external_id": "gp-1"}}
    answers = [await asking("POST", "/api/v2/tickets.json", json=ticket, headers=key) for _ in range(2)]
    assert [answer.headers["x-idempotency-lookup"] for answer in answers] == ["miss", "hit"]
    assert answers[0].json() == answers[1].json()
    other = {"ticket": {"subject": "No picture", "comment": {"body": "Either"}}}
    assert (await asking("POST", "/api/v2/tickets.json", json=other, headers=key)).status_code == 400
    found = await asking.json("GET", "/api/v2/tickets.json", params={"external_id": "gp-1"})
    assert [str(t["id"]) for t in found["tickets"]] == desk.ticket_ids()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"subject": "x"}, "description"),
        ({"comment": {"body": "x"}, "requester": {"email": "new@example.test"}}, "requester"),
    ],
)
async def test_a_ticket_without_words_or_of_somebody_without_a_name_is_refused(
    desk: Zendesk, given: dict[str, Any], field: str
) -> None:
    answer = await Asking(desk)("POST", "/api/v2/tickets.json", json={"ticket": given})
    assert (answer.status_code, list(answer.json()["details"])) == (422, [field])


async def test_nothing_goes_back_to_new_and_a_closed_ticket_takes_nothing(desk: Zendesk) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    path = f"/api/v2/tickets/{ticket}.json"
    desk.set_status(ticket, "open")
    assert (await asking("PUT", path, json={"ticket": {"status": "new"}})).status_code == 422
    assert (await asking.json("PUT", path, json={"ticket": {"status": "closed"}}))["ticket"]["status"] == "closed"
    assert (await asking("PUT", path, json={"ticket": {"status": "closed"}})).status_code == 422


async def test_whoever_asked_and_writes_again_opens_the_ticket(desk: Zendesk) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.set_status(ticket, "solved")
    desk.reply(ticket, "Still silent", by="requester")
    assert desk.state(ticket).status == "open"
