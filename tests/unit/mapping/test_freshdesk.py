"""Freshdesk: templates of administrators by webhook, numbers and exact times by REST."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import answer_facts, fact_of, understood


def hook(event: str | None = "{ticket_action:created}", **more: Any) -> dict[str, Any]:
    it = {"ticket_id": "4711", "ticket_subject": "No sound", "ticket_status": "Open", "ticket_priority": "Urgent",
          "requester_email": "ann@example.test", **more}  # fmt: skip
    return {"freshdesk_webhook": {**({"triggered_event": event} if event else {}), **it}}


@pytest.mark.parametrize("event", ["{ticket_action:created}", "{subject:{from:a,to:b}}", "{agent reassigned}", None])
def test_every_event_shows_the_ticket_as_it_stands(event: str | None) -> None:
    fact = fact_of("freshdesk", hook(event))
    assert (fact["type"], fact["ticket"], fact["status"], fact["priority"]) == ("ticket", {"id": "4711"}, "open", "P1")
    assert fact["requester"] == {"scheme": "email", "value": "ann@example.test"}
    assert "occurred_at" not in fact


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Waiting on Customer", "pending"),
        ("Waiting on Third Party", "on_hold"),
        ("Resolved", "solved"),
        ("Parked", "unknown"),
    ],
)
def test_a_status_is_a_word_in_a_webhook(word: str, status: str) -> None:
    fact = fact_of("freshdesk", hook("{status:{from:2,to:4}}", ticket_status=word))
    assert (fact["status"], fact["vendor_status"]) == (status, word)


def test_where_the_template_leaves_the_status_out_the_event_tells_its_number() -> None:
    fact = fact_of("freshdesk", hook("{status: {from: 2, to: 5}}", ticket_status=None))
    assert (fact["status"], fact["vendor_status"]) == ("closed", "5")


def test_the_event_that_deletes_is_told_from_the_others() -> None:
    assert fact_of("freshdesk", hook("{ticket_action:deleted}"))["type"] == "deleted"


def test_a_form_means_what_the_same_json_means() -> None:
    form = b"freshdesk_webhook%5Bticket_id%5D=4711&freshdesk_webhook%5Bticket_status%5D=Closed"
    fact = fact_of("freshdesk", form, content_type="application/x-www-form-urlencoded")
    assert (fact["ticket"], fact["status"]) == ({"id": "4711"}, "closed")


def test_an_advanced_body_may_nest_the_ticket() -> None:
    body = {"ticket": {"id": 12, "status": "Pending", "contact": {"email": "ann@example.test"}, "tags": "wave-1,sound"}}
    fact = fact_of("freshdesk", body)
    assert (fact["ticket"], fact["status"], fact["tags"]) == ({"id": "12"}, "pending", ["wave-1", "sound"])
    assert fact["requester"] == {"scheme": "email", "value": "ann@example.test"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"freshdesk_webhook": {"ticket_id": "1", "ticket_subject": "He said "no""}}',
        b'<?xml version="1.0" encoding="UTF-8"?><freshdesk_webhook><ticket_id>1</ticket_id></freshdesk_webhook>',
        b'{"ticket": {"id": "{{ticket.id}}", "status": "{{ticket.status}}"}}',
        b'{"freshdesk_webhook": {"ticket_subject": "without a number"}}',
    ],
    ids=["broken by a quote", "XML", "placeholders", "no ticket"],
)
def test_what_cannot_be_read_is_not_understood_and_nothing_else(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        understood("freshdesk", body)


def listed(**more: Any) -> dict[str, Any]:
    return {
        "id": 4711, "subject": "No sound", "status": 4, "priority": 3, "requester_id": 9, "group_id": 77, "tags": ["sound"],
        "requester": {"id": 9, "email": "ann@example.test"}, "created_at": "2026-05-04T08:00:00Z",
        "updated_at": "2026-05-04T10:05:00Z", **more,
    }  # fmt: skip


def test_a_resolved_ticket_was_resolved_at_its_own_time_and_not_at_the_last_update() -> None:
    stats = {"resolved_at": "2026-05-04T09:55:00Z", "status_updated_at": "2026-05-04T09:55:00Z", "closed_at": None}
    exact, whole = answer_facts("freshdesk", "tickets", [listed(stats=stats)])
    assert (exact["status"], exact["occurred_at"]) == ("solved", "2026-05-04T09:55:00Z")
    assert (whole["status"], whole["vendor_status"], whole["occurred_at"]) == (
        "solved",
        "Resolved",
        "2026-05-04T10:05:00Z",
    )
    assert (whole["priority"], whole["queue"], whole["tags"]) == ("P2", "77", ["sound"])
    assert exact["dedupe_key"] != whole["dedupe_key"]


def test_two_changes_within_one_second_are_two_facts() -> None:
    keys = [answer_facts("freshdesk", "ticket", listed(status=status))[-1]["dedupe_key"] for status in (2, 3, 3)]
    assert keys[0] != keys[1] == keys[2]


def test_a_closed_ticket_tells_when_it_was_resolved_before() -> None:
    stats = {
        "resolved_at": "2026-05-04T09:00:00Z",
        "closed_at": "2026-05-04T09:30:00Z",
        "status_updated_at": "2026-05-04T09:30:00Z",
    }
    facts = answer_facts("freshdesk", "ticket", listed(status=5, stats=stats))
    assert [(fact["status"], fact["occurred_at"][11:16]) for fact in facts] == [
        ("solved", "09:00"), ("closed", "09:30"), ("closed", "10:05"),
    ]  # fmt: skip


@pytest.mark.parametrize("mark", ["deleted", "spam"])
def test_a_deleted_ticket_is_still_readable_and_says_so(mark: str) -> None:
    assert [fact["type"] for fact in answer_facts("freshdesk", "ticket", listed(**{mark: True}))] == ["deleted"]


def test_an_empty_page_means_nothing() -> None:
    assert (
        answer_facts("freshdesk", "tickets", [])
        == answer_facts("freshdesk", "tickets", {"total": 0, "results": []})
        == []
    )


@pytest.mark.parametrize(
    ("said", "role", "public"),
    [
        ({"incoming": True, "private": False, "user_id": 9}, "requester", True),
        ({"incoming": False, "private": False, "user_id": 5}, "agent", True),
        ({"incoming": False, "private": True, "user_id": 5}, "agent", False),
        ({"incoming": False, "private": False, "user_id": 5, "automation_id": 3}, "bot", True),
    ],
)
def test_a_conversation_knows_who_spoke(said: dict[str, Any], role: str, public: bool) -> None:
    entry = {"id": 3, "body": "<div>Try<br>again &amp; again</div>", "created_at": "2026-05-04T08:10:00Z", **said}
    (fact,) = answer_facts("freshdesk", "comments", [entry], ticket_id="4711")
    assert (fact["comment"]["author_role"], fact["comment"]["public"]) == (role, public)
    assert (fact["ticket"], fact["comment"]["body"]) == ({"id": "4711"}, "Try\nagain & again")
