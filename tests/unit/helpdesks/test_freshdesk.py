"""Where a simulated Freshdesk behaves as nobody would expect, because Freshdesk does."""

import json

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.freshdesk import Freshdesk

LIST = "/api/v2/tickets"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Freshdesk:
    return Freshdesk(clock)


async def test_a_list_forgets_what_is_older_than_thirty_days_unless_it_is_asked_since_when(
    desk: Freshdesk, clock: HandClock
) -> None:
    asking, old = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="Old")
    clock.go(days=31)
    assert await asking.json("GET", LIST) == []
    listed = await asking.json("GET", LIST, params={"updated_since": "2026-01-01T00:00:00Z"})
    assert [str(each["id"]) for each in listed] == [old]


async def test_a_deleted_ticket_is_in_no_list_and_still_readable(desk: Freshdesk) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="Old")
    desk.delete(ticket)
    assert await asking.json("GET", LIST) == []
    assert (await asking.json("GET", f"{LIST}/{ticket}"))["deleted"] is True


@pytest.mark.parametrize(
    ("query", "field"), [({"per_page": 101}, "per_page"), ({"page": 301}, "page"), ({"order_by": "id"}, "order_by")]
)
async def test_what_a_list_cannot_be_asked_is_refused_by_name(
    desk: Freshdesk, query: dict[str, str], field: str
) -> None:
    answer = await Asking(desk)("GET", LIST, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


async def test_a_status_is_a_number_and_nothing_else(desk: Freshdesk) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    answer = await Asking(desk)("PUT", f"{LIST}/{ticket}", json={"status": "4"})
    assert answer.json()["errors"][0]["code"] == "datatype_mismatch"
    assert (await Asking(desk).json("PUT", f"{LIST}/{ticket}", json={"status": 4}))["status"] == 4
    assert desk.state(ticket).status == "solved"


async def test_statistics_tell_when_a_ticket_was_resolved(desk: Freshdesk, clock: HandClock) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    clock.go(minutes=5)
    desk.set_status(ticket, "solved")
    clock.go(minutes=5)
    desk.reply(ticket, "Thanks", by="requester")
    shown = await Asking(desk).json("GET", f"{LIST}/{ticket}", params={"include": "stats"})
    assert shown["stats"]["resolved_at"] == "2026-03-02T09:35:00Z" < shown["updated_at"]


def test_a_quote_in_a_subject_breaks_the_body_of_a_webhook(desk: Freshdesk) -> None:
    desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.open_ticket(requester="ann@example.test", subject='The "new" one')
    whole, broken = desk.take_webhooks()
    assert json.loads(whole.body)["freshdesk_webhook"]["ticket_status"] == "Open"
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(broken.body)
