"""Intercom tickets: an envelope, a ticket or a part of one, and people who are ids."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from shared.mapping.intake import answer_handshake
from shared.mapping.vendor_file import load_vendor
from tests.support.vendors import fact_of, understood

AT = 1777888000


def told(topic: str, item: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    item = {"type": "ticket", "id": "2154", "ticket_id": "66", **ticket()} if item is None else item
    return {
        "type": "notification_event",
        "id": "notif_1",
        "topic": topic,
        "created_at": AT,
        "data": {"item": item},
        **more,
    }


def ticket(**more: Any) -> dict[str, Any]:
    return {
        "ticket_attributes": {"_default_title_": "No sound"}, "ticket_state": {"category": "submitted", "internal_label": "Neu"},
        "contacts": {"contacts": [{"id": "c-9", "external_id": "x-9"}]}, "admin_assignee_id": "0", "created_at": AT - 60,
        "ticket_type": {"name": "Learning"}, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("category", "status"),
    [
        ("submitted", "new"),
        ("in_progress", "open"),
        ("waiting_on_customer", "pending"),
        ("resolved", "solved"),
        ("odd", "unknown"),
    ],
)
def test_a_ticket_is_what_its_category_says(category: str, status: str) -> None:
    state = {"category": category, "internal_label": "Ours"}
    item = {"type": "ticket", "id": 2154, "ticket_id": "66", **ticket(ticket_state=state)}
    fact = fact_of("intercom", told("ticket.state.updated", item))
    assert (fact["status"], fact["vendor_status"], fact["ticket"]) == (status, "Ours", {"id": "2154", "key": "66"})


def test_a_person_is_a_contact_whatever_else_the_topic_tells() -> None:
    fact = fact_of("intercom", told("ticket.created"))
    assert (fact["requester"], fact["queue"]) == ({"scheme": "account", "value": "c-9"}, "Learning")
    assert "assignee" not in fact
    assert (fact["occurred_at"], fact["dedupe_key"]) == ("2026-05-04T09:46:40Z", "notif_1")


def test_a_retry_is_the_same_news() -> None:
    first, second = (fact_of("intercom", told("ticket.created", delivery_attempts=attempt)) for attempt in (1, 2))
    assert first == second


def test_a_closed_ticket_may_be_unresolved() -> None:
    assert fact_of("intercom", told("ticket.closed"))["status"] == "closed"
    solved = {"type": "ticket", "id": "2154", **ticket(ticket_state={"category": "resolved"})}
    assert fact_of("intercom", told("ticket.closed", solved))["status"] == "solved"


@pytest.mark.parametrize(
    ("topic", "author", "role", "public"),
    [
        ("ticket.contact.replied", {"type": "user", "id": "c-9"}, "requester", True),
        ("ticket.admin.replied", {"type": "admin", "id": "5", "email": "bob@example.test"}, "agent", True),
        ("ticket.admin.replied", {"type": "bot", "id": "1"}, "bot", True),
        ("ticket.note.created", {"type": "admin", "id": "5", "email": "bob@example.test"}, "agent", False),
    ],
)
def test_a_part_that_was_said_is_a_comment(topic: str, author: dict[str, str], role: str, public: bool) -> None:
    part = {"type": "ticket_part", "id": "p-1", "body": "<p>Try &amp; see</p>", "author": author, "created_at": AT - 1}
    item = {"ticket": {"type": "ticket", "id": "2154", **ticket()}, "ticket_part": part, "type": "ticket_and_part"}
    fact = fact_of("intercom", told(topic, item))
    assert (fact["type"], fact["comment"]["author_role"], fact["comment"]["public"]) == ("comment", role, public)
    assert (fact["comment"]["body"], fact["dedupe_key"]) == ("Try & see", "comment:p-1")


@pytest.mark.parametrize("topic", ["ping", "conversation.user.created", "contact.created"])
def test_what_is_not_about_a_ticket_is_ignored(topic: str) -> None:
    assert fact_of("intercom", told(topic, {"type": "ping"}))["type"] == "ignored"


def test_a_ticket_without_a_number_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        understood("intercom", told("ticket.created", {"type": "ticket"}))


def test_saving_the_address_only_asks_whether_anybody_is_there() -> None:
    answer = answer_handshake(load_vendor("intercom"), method="HEAD", path="", headers={}, body=b"")
    assert answer is not None
    assert answer.status == 200
