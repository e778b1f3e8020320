"""What Zendesk's REST answers mean."""

from typing import Any

import pytest

from tests.support.vendors import answer_facts

USERS = [
    {"id": 41, "email": "ann@example.test", "role": "end-user"},
    {"id": 42, "email": "ben@example.test", "role": "agent"},
]


def row(**more: Any) -> dict[str, Any]:
    return {
        "id": 5158, "subject": "No sound", "status": "open", "priority": "urgent", "requester_id": 41, "assignee_id": 42,
        "group_id": 7, "created_at": "2026-02-03T04:00:00Z", "updated_at": "2026-02-03T04:05:06Z", "tags": ["av"], **more,
    }  # fmt: skip


def test_a_listed_ticket_names_people_by_their_addresses_and_its_group() -> None:
    (fact,) = answer_facts("zendesk", "tickets", {"tickets": [row()], "users": USERS})
    assert fact["requester"] == {"scheme": "email", "value": "ann@example.test"}
    assert fact["assignee"] == {"scheme": "email", "value": "ben@example.test"}
    assert (fact["status"], fact["vendor_status"], fact["priority"], fact["queue"]) == ("open", "open", "P1", "7")
    assert (fact["occurred_at"], fact["tags"]) == ("2026-02-03T04:05:06Z", ["av"])


def test_people_who_are_not_listed_beside_keep_their_ids() -> None:
    (fact,) = answer_facts("zendesk", "tickets", {"tickets": [row()]})
    assert fact["requester"] == {"scheme": "account", "value": "41"}


@pytest.mark.parametrize(("status", "ours"), [("solved", "solved"), ("closed", "closed")])
def test_a_solved_ticket_was_solved_when_its_metrics_say(status: str, ours: str) -> None:
    measured = {"metric_set": {"solved_at": "2026-02-03T04:04:00Z"}}
    exact, now = answer_facts("zendesk", "tickets", {"tickets": [row(status=status, **measured)]})
    assert (exact["status"], exact["occurred_at"]) == ("solved", "2026-02-03T04:04:00Z")
    assert (now["status"], now["occurred_at"]) == (ours, "2026-02-03T04:05:06Z")


def test_a_ticket_that_was_taken_up_again_is_not_solved_at_its_old_time() -> None:
    measured = {"metric_set": {"solved_at": "2026-02-03T04:04:00Z"}}
    (fact,) = answer_facts("zendesk", "tickets", {"tickets": [row(**measured)]})
    assert fact["status"] == "open"


def test_the_export_lists_deleted_tickets_and_those_that_zendesk_only_touched() -> None:
    (gone,) = answer_facts("zendesk", "tickets", {"tickets": [row(status="deleted")]})
    assert gone["type"] == "deleted"
    (one,) = answer_facts("zendesk", "tickets", {"tickets": [row(generated_timestamp=1)]})
    (two,) = answer_facts("zendesk", "tickets", {"tickets": [row(generated_timestamp=2)]})
    assert one["dedupe_key"] == two["dedupe_key"]


def test_one_ticket_means_what_it_means_in_a_list() -> None:
    listed = answer_facts("zendesk", "tickets", {"tickets": [row()], "users": USERS})
    assert answer_facts("zendesk", "ticket", {"ticket": row(), "users": USERS}) == listed


def said(**more: Any) -> dict[str, Any]:
    known = {"id": 9, "author_id": 42, "body": "*Hi*", "plain_body": "Hi", "public": True}
    return {**known, "created_at": "2026-02-03T04:04:00Z", **more}


@pytest.mark.parametrize(("author", "role"), [(42, "agent"), (41, "requester"), (-1, "bot"), (99, "unknown")])
def test_a_comment_knows_who_spoke_by_role(author: int, role: str) -> None:
    page = {"comments": [said(id=8), said(author_id=author)], "users": USERS, "previous_page": None}
    _, fact = answer_facts("zendesk", "comments", page, ticket_id="5158")
    assert (fact["comment"]["author_role"], fact["comment"]["body"]) == (role, "Hi")
    assert (fact["ticket"], fact["dedupe_key"]) == ({"id": "5158"}, "comment:9")


def test_the_first_comment_is_the_description_and_no_comment() -> None:
    (first,) = answer_facts("zendesk", "comments", {"comments": [said()], "users": USERS}, ticket_id="5158")
    assert first["type"] == "ignored"
    page = {"comments": [said()], "users": USERS, "previous_page": "https://acme.example/1"}
    (later,) = answer_facts("zendesk", "comments", page, ticket_id="5158")
    assert later["comment"]["author_role"] == "agent"
