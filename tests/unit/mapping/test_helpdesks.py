"""Zendesk, Jira and Zammad: tickets, comments, deletions."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import fact_of, facts_of, understood


def zendesk(kind: str, event: dict[str, Any] | None = None, **detail: Any) -> dict[str, Any]:
    thing = {
        "id": "5158",
        "subject": "No sound",
        "status": "OPEN",
        "requester_id": "41",
        "priority": "URGENT",
        **detail,
    }
    known = {"account_id": 1, "id": "e-1", "time": "2026-02-03T04:05:06.123456789Z", "subject": "zen:ticket:5158"}
    return {**known, "type": f"zen:event-type:{kind}", "detail": thing, "event": event or {}}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("NEW", "new"),
        ("Open", "open"),
        ("pending", "pending"),
        ("HOLD", "on_hold"),
        ("SOLVED", "solved"),
        ("closed", "closed"),
    ],
)
def test_zendesk_writes_one_status_in_many_ways(word: str, status: str) -> None:
    fact = fact_of("zendesk", zendesk("ticket.created", status=word))
    assert (fact["type"], fact["status"], fact["priority"]) == ("ticket", status, "P1")
    assert fact["ticket"] == {"id": "5158"}
    assert (fact["dedupe_key"], fact["occurred_at"]) == ("e-1", "2026-02-03T04:05:06.123456Z")


def test_a_changed_status_is_the_current_one() -> None:
    fact = fact_of("zendesk", zendesk("ticket.status_changed", {"previous": "OPEN", "current": "SOLVED"}))
    assert (fact["status"], fact["requester"]) == ("solved", {"scheme": "account", "value": "41"})


def test_a_status_that_nobody_foresaw_keeps_the_vendors_word() -> None:
    fact = fact_of("zendesk", zendesk("ticket.created", status="SIMMERING", priority="SPICY"))
    assert (fact["status"], fact["vendor_status"]) == ("unknown", "SIMMERING")
    assert (fact.get("priority"), fact["vendor_priority"]) == (None, "SPICY")


@pytest.mark.parametrize(
    ("author", "role"),
    [
        ({"id": "41", "is_staff": False}, "requester"),
        ({"id": "9", "is_staff": True}, "agent"),
        ({"id": "8"}, "unknown"),
        (None, "unknown"),
    ],
)
def test_a_comment_knows_who_spoke(author: Any, role: str) -> None:
    comment = {"id": "c1", "body": "Hello", "is_public": False, **({"author": author} if author else {})}
    fact = fact_of("zendesk", zendesk("ticket.comment_added", {"comment": comment}))
    assert (fact["type"], fact["comment"]["author_role"], fact["comment"]["public"]) == ("comment", role, False)
    assert fact["status"] == "open"


def test_zendesk_deletes_merges_and_attaches() -> None:
    assert fact_of("zendesk", zendesk("ticket.soft_deleted"))["type"] == "deleted"
    assert (
        fact_of("zendesk", zendesk("ticket.merged", {"target_ticket_id": "7"}, status="CLOSED"))["status"] == "closed"
    )
    assert fact_of("zendesk", zendesk("ticket.attachment_linked_to_comment"))["type"] == "ignored"


@pytest.mark.parametrize(
    "kind", ["user.active_changed", "organization.created", "article.published", "agent.state_changed"]
)
def test_what_is_not_about_a_ticket_is_ignored(kind: str) -> None:
    fact = fact_of("zendesk", zendesk(kind))
    assert (fact["type"], fact["reason"]) == ("ignored", f"{kind} is not about a ticket")


@pytest.mark.parametrize(
    "body",
    [
        {
            "ticket_id": 12,
            "status": "Open",
            "requester_email": "a@example.test",
            "subject": "No sound",
            "tags": "video sound",
        },
        {
            "ticket": {
                "id": "12",
                "status": "Open",
                "requester": {"email": "a@example.test"},
                "title": "No sound",
                "tags": ["video", "sound"],
            }
        },
        {
            "id": "12",
            "title": "No sound",
            "status": "open",
            "requester": {"email": "a@example.test"},
            "ticket_tags": "video sound",
        },
    ],
)
def test_a_trigger_writes_what_its_administrator_wrote(body: dict[str, Any]) -> None:
    fact = fact_of(
        "zendesk", {**body, "updated_at": "June 12, 2026"}, headers={"x-zendesk-webhook-invocation-id": "i-1"}
    )
    assert (fact["ticket"], fact["status"], fact["subject"]) == ({"id": "12"}, "open", "No sound")
    assert fact["requester"] == {"scheme": "email", "value": "a@example.test"}
    assert fact["tags"] == ["video", "sound"]
    assert fact["dedupe_key"] == "i-1"
    assert "occurred_at" not in fact


ADMIN = {"accountId": "acc-1", "emailAddress": "boss@example.test", "name": "boss"}


def jira(
    event: str, *, status: str = "To Do", category: str | None = "new", changes: Any = None, **more: Any
) -> dict[str, Any]:
    state: dict[str, Any] = {"name": status, **({"statusCategory": {"key": category}} if category else {})}
    fields = {
        "summary": "No sound",
        "status": state,
        "reporter": ADMIN,
        "created": "2026-02-03T04:05:06.000-0800",
        "priority": {"name": "Highest"},
    }
    issue = {"id": "10040", "key": "TES-41", "fields": fields}
    changelog = {} if changes is None else {"changelog": {"id": "1", "items": changes}}
    return {"timestamp": 1770120306123, "webhookEvent": event, "issue": issue, **changelog, **more}


@pytest.mark.parametrize(
    ("status", "category", "expected"),
    [
        ("To Do", "new", "new"),
        ("Im Gange", "indeterminate", "open"),
        ("Fertig", "done", "solved"),
        ("Resolved", "done", "solved"),
        ("Closed", "done", "closed"),
        ("Waiting for customer", "indeterminate", "pending"),
        ("On Hold", "indeterminate", "on_hold"),
        ("Reopened", "new", "open"),
        ("In Progress", None, "open"),
        ("Schrödinger", None, "unknown"),
    ],
)
def test_a_jira_status_goes_by_its_name_where_that_says_more_and_else_by_its_category(
    status: str, category: str | None, expected: str
) -> None:
    fact = fact_of(
        "jira", jira("jira:issue_updated", status=status, category=category, issue_event_type_name="issue_generic")
    )
    assert (fact["status"], fact["vendor_status"], fact["priority"]) == (expected, status, "P1")
    assert fact["occurred_at"] == "2026-02-03T12:05:06.123000Z"
    assert fact["created_at"] == "2026-02-03T12:05:06Z"


def test_an_issue_whose_resolution_went_is_open_again_and_not_new() -> None:
    went = [
        {"field": "resolution", "from": "1", "fromString": "Done", "to": None, "toString": None},
        {"field": "status", "toString": "To Do"},
    ]
    assert fact_of("jira", jira("jira:issue_updated", changes=went))["status"] == "open"
    came = [{"field": "resolution", "from": None, "to": "1", "toString": "Done"}]
    assert (
        fact_of("jira", jira("jira:issue_updated", status="Done", category="done", changes=came))["status"] == "solved"
    )


def test_an_empty_changelog_and_an_old_server_still_show_the_issue_as_it_stands() -> None:
    assert fact_of("jira", jira("jira:issue_updated", changes=[]))["status"] == "new"
    assert fact_of("jira", {"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "A-1"}})["ticket"] == {
        "id": "1",
        "key": "A-1",
    }


def test_the_changelog_tells_the_status_where_the_issue_does_not() -> None:
    changes = [{"field": "status", "fromString": "Open", "toString": "Closed"}]
    body = {
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "1", "key": "A-1", "fields": {}},
        "changelog": {"items": changes},
    }
    assert fact_of("jira", body)["status"] == "closed"


def test_a_comment_inside_an_update_is_a_second_fact() -> None:
    comment = {"id": "7", "body": "Try again", "author": {"accountId": "acc-2"}, "jsdPublic": False}
    ticket, said = facts_of(
        "jira", jira("jira:issue_updated", comment=comment), headers={"x-atlassian-webhook-identifier": "d-1"}
    )
    assert (ticket["type"], said["type"]) == ("ticket", "comment")
    assert (ticket["dedupe_key"], said["dedupe_key"]) == ("d-1", "d-1#2")
    assert (said["comment"]["author_role"], said["comment"]["public"]) == ("agent", False)


def test_a_comment_of_the_reporter_is_the_requesters() -> None:
    comment = {"id": "7", "body": "Thanks", "author": {"accountId": "acc-1"}, "jsdPublic": True}
    fact = fact_of("jira", jira("comment_created", comment=comment))
    assert (fact["comment"]["author_role"], fact["comment"]["public"]) == ("requester", True)


def test_an_old_server_names_the_issue_of_a_comment_only_in_its_address() -> None:
    comment = {"id": "7", "self": "https://jira.example.test/rest/api/2/issue/10013/comment/7", "body": "x"}
    assert fact_of("jira", {"webhookEvent": "comment_created", "timestamp": 1770120306123, "comment": comment})[
        "ticket"
    ] == {"id": "10013"}


def test_jira_deletes_and_does_other_things() -> None:
    assert fact_of("jira", jira("jira:issue_deleted"))["type"] == "deleted"
    assert fact_of("jira", {"webhookEvent": "sprint_started"})["type"] == "ignored"
    with pytest.raises(NotUnderstood):
        fact_of("jira", {"webhookEvent": "jira:issue_updated"})


def zammad(state: str = "open", **article: Any) -> dict[str, Any]:
    ticket = {
        "id": 81,
        "number": "10081",
        "title": "No sound",
        "state": state,
        "priority": {"id": 3, "name": "3 high"},
        "customer": {"email": "a@example.test", "login": "a"},
        "owner": {"id": 1, "login": "-", "email": ""},
        "created_at": "2026-02-03T04:00:00.000Z",
        "updated_at": "2026-02-03T04:05:06.000Z",
    }
    return {"ticket": ticket, "article": article or None}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("new", "new"),
        ("pending reminder", "pending"),
        ("pending close", "pending"),
        ("closed", "closed"),
        ("merged", "closed"),
        ("odd", "unknown"),
    ],
)
def test_a_zammad_ticket_is_what_its_state_says(state: str, status: str) -> None:
    fact = fact_of("zammad", zammad(state), headers={"x-zammad-delivery": "d-1", "x-zammad-trigger": "escalate"})
    assert (fact["status"], fact["priority"], fact["ticket"]) == (status, "P2", {"id": "81", "key": "10081"})
    assert (fact["dedupe_key"], fact["vendor_event"]) == ("d-1", "escalate")
    assert "assignee" not in fact


@pytest.mark.parametrize(
    ("sender", "role"), [("Customer", "requester"), ("Agent", "agent"), ("System", "bot"), ("Ghost", "unknown")]
)
def test_an_article_is_a_comment_that_counts_once(sender: str, role: str) -> None:
    article: dict[str, Any] = {
        "id": 104,
        "sender": sender,
        "internal": True,
        "body": "Hello",
        "created_at": "2026-02-03T04:05:00.000Z",
    }
    ticket, comment = facts_of("zammad", zammad(**article), headers={"x-zammad-delivery": "d-1"})
    assert (ticket["dedupe_key"], comment["dedupe_key"]) == ("d-1", "article:104")
    assert (comment["comment"]["author_role"], comment["comment"]["public"]) == (role, False)


def test_two_facts_of_one_delivery_never_share_a_key() -> None:
    found = understood(
        "zendesk", [zendesk("ticket.created"), zendesk("ticket.created", status="SOLVED"), zendesk("ticket.created")]
    )
    assert [fact.dedupe_key for fact in found.facts] == ["e-1", "e-1#2", "e-1"]
