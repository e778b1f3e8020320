"""Where a simulated GLPI behaves as nobody would expect, because GLPI does."""

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.glpi import Glpi

SEARCH = "/apirest.php/search/Ticket"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(clock: HandClock) -> Glpi:
    return Glpi(clock)


async def test_a_session_ends_and_a_new_one_is_asked_for(desk: Glpi) -> None:
    asking = Asking(desk)
    assert (await asking("GET", SEARCH)).status_code == 200
    desk.end_sessions()
    refused = await asking("GET", SEARCH)
    assert (refused.status_code, refused.json()[0]) == (401, "ERROR_SESSION_TOKEN_INVALID")


async def test_more_than_leaves_out_what_is_equal(desk: Glpi) -> None:
    desk.open_ticket(requester="ann@example.test", subject="No sound")
    asking, found = Asking(desk), []
    for value in ("2026-03-02 09:30:00", "2026-03-02 09:29:59"):
        query = {"criteria[0][field]": 19, "criteria[0][searchtype]": "morethan", "criteria[0][value]": value}
        found.append((await asking.json("GET", SEARCH, params=query))["totalcount"])
    assert found == [0, 1]


async def test_a_part_of_a_list_says_that_it_is_one(desk: Glpi) -> None:
    for number in range(3):
        desk.open_ticket(requester="ann@example.test", subject=str(number))
    answer = await Asking(desk)("GET", SEARCH, params={"range": "0-1", "forcedisplay[0]": 2})
    assert (answer.status_code, answer.headers["content-range"]) == (206, "0-1/3")
    assert [row["2"] for row in answer.json()["data"]] == [101, 102]


async def test_an_order_that_is_not_carried_out_can_come_with_a_good_status(desk: Glpi) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    answer = await Asking(desk)("PUT", f"/apirest.php/Ticket/{ticket}", json={"input": {"status": 99}})
    assert (answer.status_code, answer.json()[0][ticket]) == (207, False)


async def test_nothing_is_said_on_a_closed_ticket(desk: Glpi) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.set_status(ticket, "closed")
    said = {"input": {"itemtype": "Ticket", "items_id": int(ticket), "content": "Hello"}}
    assert (await Asking(desk)("POST", "/apirest.php/ITILFollowup", json=said)).status_code == 400


async def test_the_dustbin_is_in_no_list_and_still_readable(desk: Glpi) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.delete(ticket)
    asking = Asking(desk)
    assert (await asking.json("GET", SEARCH))["totalcount"] == 0
    assert (await asking.json("GET", f"/apirest.php/Ticket/{ticket}"))["is_deleted"] == 1
