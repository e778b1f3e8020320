"""Where a simulated GitHub behaves as nobody would expect, because GitHub does."""

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.github import GitHub

ISSUES = "/repos/acme/helpdesk/issues"


@pytest.fixture
def desk() -> GitHub:
    return GitHub(HandClock())


async def test_a_list_shows_open_issues_only_and_pull_requests_with_them(desk: GitHub) -> None:
    done = desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.set_status(done, "solved")
    desk.open_pull_request("Louder")
    asking = Asking(desk)
    assert ["pull_request" in each for each in await asking.json("GET", ISSUES)] == [True]
    assert len(await asking.json("GET", ISSUES, params={"state": "all"})) == 2


async def test_a_page_tells_where_the_next_one_is(desk: GitHub) -> None:
    for number in range(3):
        desk.open_ticket(requester="ann@example.test", subject=str(number))
    answer = await Asking(desk)("GET", ISSUES, params={"per_page": 2})
    assert 'page=2>; rel="next"' in answer.headers["link"]
    assert "link" not in (await Asking(desk)("GET", ISSUES, params={"per_page": 2, "page": 2})).headers


async def test_a_deleted_issue_is_gone_and_an_unknown_one_was_never_there(desk: GitHub) -> None:
    desk.delete(desk.open_ticket(requester="ann@example.test", subject="No sound"))
    asking = Asking(desk)
    assert [(await asking("GET", f"{ISSUES}/{number}")).status_code for number in (1, 2)] == [410, 404]


async def test_labels_are_added_to_those_there_are_and_an_absent_one_cannot_be_taken_away(desk: GitHub) -> None:
    desk.open_ticket(requester="ann@example.test", subject="No sound", priority="P3")
    asking = Asking(desk)
    labels = await asking.json("POST", f"{ISSUES}/1/labels", json={"labels": ["P1"]})
    assert [label["name"] for label in labels] == ["P3", "P1"]
    assert (await asking("DELETE", f"{ISSUES}/1/labels/P2")).status_code == 404
    assert desk.state("acme/helpdesk#1").priority == "P1"


def test_nobody_comments_in_secret(desk: GitHub) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    with pytest.raises(ValueError, match="everybody"):
        desk.reply(ticket, "Psst", public=False)
