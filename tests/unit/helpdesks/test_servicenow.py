"""Where a simulated ServiceNow behaves as nobody would expect, because ServiceNow does."""

from typing import Any

import pytest

from tests.support.helpdesks.asking import Asking, HandClock
from tests.support.helpdesks.servicenow import ServiceNow

TABLE = "/api/now/table/incident"


@pytest.fixture
def desk() -> ServiceNow:
    return ServiceNow(HandClock())


async def rows(desk: ServiceNow, **query: Any) -> list[dict[str, Any]]:
    asked = {f"sysparm_{name}": value for name, value in query.items()}
    return list((await Asking(desk).json("GET", TABLE, params=asked))["result"])


async def test_everything_is_a_text_and_times_are_utc_while_queries_are_read_in_the_zone_of_the_account(
    desk: ServiceNow,
) -> None:
    desk.open_ticket(requester="ann@example.test", subject="No sound", priority="P1")
    (row,) = await rows(desk, query="sys_updated_on>=2026-03-02 10:30:00")
    assert (row["state"], row["active"], row["priority"], row["assigned_to"]) == ("1", "true", "1", "")
    assert row["sys_updated_on"] == "2026-03-02 09:30:00"
    assert await rows(desk, query="sys_updated_on>=2026-03-02 10:30:01") == []


async def test_a_reference_is_a_link_unless_told_otherwise_and_fields_behind_it_come_when_they_are_named(
    desk: ServiceNow,
) -> None:
    desk.open_ticket(requester="ann@example.test", subject="No sound")
    (row,) = await rows(desk)
    assert set(row["caller_id"]) == {"link", "value"}
    (row,) = await rows(desk, fields="number,caller_id,caller_id.email", exclude_reference_link="true")
    assert (row["caller_id.email"], isinstance(row["caller_id"], str)) == ("ann@example.test", True)


async def test_a_condition_that_names_no_field_is_left_out_and_finds_more(desk: ServiceNow) -> None:
    desk.open_ticket(requester="ann@example.test", subject="No sound")
    assert len(await rows(desk, query="bogus=1^correlation_id=")) == 1


async def test_the_priority_is_computed_from_impact_and_urgency(desk: ServiceNow) -> None:
    ticket = {"short_description": "No sound", "priority": "1", "impact": "2", "urgency": "1"}
    made = await Asking(desk).json("POST", TABLE, json=ticket)
    assert made["result"]["priority"] == "2"
    path = f"{TABLE}/{made['result']['sys_id']}"
    assert (await Asking(desk).json("PATCH", path, json={"priority": "1"}))["result"]["priority"] == "2"
    assert (await Asking(desk).json("PATCH", path, json={"impact": "1"}))["result"]["priority"] == "1"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"state": "6"}, 403),
        ({"state": "6", "close_code": "User error", "close_notes": "x"}, 200),
        ({"state": "3"}, 403),
        ({"state": "3", "hold_reason": "1"}, 200),
    ],
)
async def test_a_data_policy_wants_a_resolution_and_a_reason_to_hold(
    desk: ServiceNow, given: dict[str, str], status: int
) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    answer = await Asking(desk)("PATCH", f"{TABLE}/{ticket}", json=given)
    assert answer.status_code == status
    assert status == 200 or "Data Policy Exception" in answer.json()["error"]["detail"]


async def test_a_closed_incident_takes_no_update(desk: ServiceNow) -> None:
    ticket = desk.open_ticket(requester="ann@example.test", subject="No sound")
    desk.set_status(ticket, "closed")
    assert (await Asking(desk)("PATCH", f"{TABLE}/{ticket}", json={"short_description": "x"})).status_code == 403


async def test_a_comment_is_written_as_a_field_and_read_as_a_journal(desk: ServiceNow) -> None:
    asking, ticket = Asking(desk), desk.open_ticket(requester="ann@example.test", subject="No sound")
    result = (await asking.json("PATCH", f"{TABLE}/{ticket}", json={"comments": "Hello", "work_notes": "Hm"}))["result"]
    assert result["comments"] == ""
    asked = {"sysparm_query": f"element_id={ticket}^elementINcomments,work_notes^ORDERBYsys_created_on"}
    journal = (await asking.json("GET", "/api/now/table/sys_journal_field", params=asked))["result"]
    assert [(row["element"], row["value"], row["sys_created_by"]) for row in journal] == [
        ("comments", "Hello", "glidepath"),
        ("work_notes", "Hm", "glidepath"),
    ]
