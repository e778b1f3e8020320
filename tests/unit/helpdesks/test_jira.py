"""Where the simulated Jiras behave as nobody would expect, because Jira does."""

from typing import Any

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.jira import Jira
from tests.support.helpdesks.jira_cloud import JiraCloud
from tests.support.helpdesks.jira_server import JiraServer


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def opened(desk: Jira) -> str:
    return desk.open_ticket(requester="ann@example.test", subject="No sound", description="Since\ntoday")


async def searched(desk: Jira, jql: str, **query: Any) -> list[str]:
    path = "/rest/api/3/search/jql" if desk.api == "3" else "/rest/api/2/search"
    page = await Asking(desk).json("GET", path, params={"jql": jql, "fields": "updated", **query})
    return [issue["id"] for issue in page["issues"]]


@pytest.mark.parametrize("make", [JiraCloud, JiraServer])
async def test_times_in_jql_are_minutes_in_the_zone_of_the_account_or_minutes_ago(
    make: type[Jira], clock: HandClock
) -> None:
    desk = make(clock)
    issue = opened(desk)
    assert await searched(desk, 'updated >= "2026-03-02 01:30"') == [issue]
    assert await searched(desk, 'updated >= "2026-03-02 01:31"') == []
    clock.go(minutes=5)
    assert await searched(desk, "updated >= -6m ORDER BY created ASC") == [issue]
    assert await searched(desk, "updated >= -4m") == []
    refused = await Asking(desk)("GET", "/rest/api/2/search", params={"jql": 'updated >= "2026-03-02T01:30:00Z"'})
    assert refused.status_code in (400, 404)


async def test_the_cloud_pages_by_token_and_refuses_searches_without_bounds(clock: HandClock) -> None:
    desk = JiraCloud(clock)
    issues = [opened(desk) for _ in range(3)]
    asking, query = Asking(desk), {"jql": "updated >= -5m", "fields": "summary", "maxResults": 2}
    first = await asking.json("GET", "/rest/api/3/search/jql", params=query)
    rest = await asking.json("GET", "/rest/api/3/search/jql", params={**query, "nextPageToken": first["nextPageToken"]})
    assert [issue["id"] for page in (first, rest) for issue in page["issues"]] == issues
    assert ("total" in first, first["isLast"], rest["isLast"]) == (False, False, True)
    unbounded = {"jql": "ORDER BY created", "fields": "summary"}
    assert (await asking("GET", "/rest/api/3/search/jql", params=unbounded)).status_code == 400
    assert (await asking("GET", "/rest/api/3/search", params=query)).status_code == 410


async def test_a_search_lags_behind_and_reading_the_issue_does_not(clock: HandClock) -> None:
    desk = JiraCloud(clock)
    desk.index_lag = clock.at - clock.at.replace(minute=0)
    issue = opened(desk)
    assert await searched(desk, "updated >= -5m") == []
    assert (await Asking(desk).json("GET", f"/rest/api/3/issue/{issue}"))["key"] == "ITSM-41"


async def test_the_cloud_takes_documents_and_a_server_takes_texts(clock: HandClock) -> None:
    said: dict[type[Jira], Any] = {
        JiraCloud: {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
        },
        JiraServer: "Hi",
    }
    for make, other in ((JiraCloud, JiraServer), (JiraServer, JiraCloud)):
        desk = make(clock)
        path = f"/rest/api/{desk.api}/issue/{opened(desk)}/comment"
        assert (await Asking(desk).json("POST", path, json={"body": said[make]}))["body"] == said[make]
        assert (await Asking(desk)("POST", path, json={"body": said[other]})).status_code == 400
    empty = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}]}
    desk = JiraCloud(clock)
    assert (
        await Asking(desk)("POST", f"/rest/api/3/issue/{opened(desk)}/comment", json={"body": empty})
    ).status_code == 400


async def test_a_status_is_reached_by_a_transition_and_a_last_one_may_ask_for_a_resolution(clock: HandClock) -> None:
    desk = JiraServer(clock)
    issue, asking = opened(desk), Asking(desk)
    path = f"/rest/api/2/issue/{issue}"
    assert (await asking("PUT", path, json={"fields": {"status": {"name": "Resolved"}}})).status_code == 400
    shown = await asking.json(
        "GET", f"{path}/transitions", params={"expand": "transitions.fields", "transitionId": "5"}
    )
    assert shown["transitions"][0]["fields"]["resolution"]["required"] is True
    assert (await asking("POST", f"{path}/transitions", json={"transition": {"id": "5"}})).status_code == 400
    done = {"transition": {"id": "5"}, "fields": {"resolution": {"name": "Fixed"}}}
    assert (await asking("POST", f"{path}/transitions", json=done)).status_code == 204
    assert desk.state(issue).status == "solved"
    assert (await asking("POST", f"{path}/transitions", json={"transition": {"id": "4"}})).status_code == 400
    too_much = {"transition": {"id": "701"}, "fields": {"resolution": {"name": "Fixed"}}}
    assert (await asking("POST", f"{path}/transitions", json=too_much)).status_code == 400


async def test_the_changelog_tells_when_a_status_came_newest_first(clock: HandClock) -> None:
    desk = JiraCloud(clock)
    issue = opened(desk)
    clock.go(minutes=1)
    desk.set_status(issue, "solved")
    clock.go(minutes=1)
    desk.set_status(issue, "open")
    shown = await Asking(desk).json("GET", f"/rest/api/3/issue/{issue}", params={"expand": "changelog"})
    histories = shown["changelog"]["histories"]
    assert [each["created"] for each in histories] == ["2026-03-02T01:32:00.123-0800", "2026-03-02T01:31:00.123-0800"]
    assert [item["field"] for item in histories[0]["items"]] == ["status", "resolution"]
