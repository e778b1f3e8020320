"""Freshservice: bodies that administrators write, numbers with a prefix, envelopes by REST."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import answer_facts, fact_of, understood


@pytest.mark.parametrize("number", ["INC-33", "SR-33", "#INC-33", "33", 33])
def test_a_ticket_is_the_same_with_and_without_its_prefix(number: Any) -> None:
    fact = fact_of("freshservice", {"ticket": {"id": number, "status": "Closed", "subject": "No sound"}})
    assert (fact["ticket"], fact["status"], fact["vendor_status"]) == ({"id": "33"}, "closed", "Closed")


def test_a_number_and_a_word_side_by_side_are_one_status() -> None:
    fact = fact_of("freshservice", {"ticket": {"id": "33", "status": 3, "status_name": "Pending", "priority": 4}})
    assert (fact["status"], fact["vendor_status"], fact["priority"]) == ("pending", "Pending", "P1")
    assert fact_of("freshservice", {"ticket": {"id": "33", "status": 3}})["vendor_status"] == "Pending"


def test_nobody_asked_where_the_template_names_nobody() -> None:
    fact = fact_of("freshservice", {"ticket": {"id": "33", "status": "Open", "responder_name": "Somebody"}})
    assert "requester" not in fact
    assert "occurred_at" not in fact


def test_a_word_that_is_not_quoted_breaks_the_body() -> None:
    with pytest.raises(NotUnderstood, match="not JSON"):
        understood("freshservice", b'{"ticket": {"id": "INC-33", "status": Open}}')


def test_a_page_of_tickets_stands_in_its_envelope() -> None:
    ticket = {
        "id": 33, "subject": "No sound", "status": 5, "priority": 1, "requester_id": 9, "created_at": "2026-05-04T08:00:00Z",
        "updated_at": "2026-05-04T10:05:00Z",
        "stats": {"status_updated_at": "2026-05-04T10:00:00Z", "closed_at": "2026-05-04T10:00:00Z"},
    }  # fmt: skip
    exact, whole = answer_facts("freshservice", "tickets", {"tickets": [ticket]})
    assert (exact["status"], exact["occurred_at"]) == ("closed", "2026-05-04T10:00:00Z")
    assert (whole["requester"], whole["priority"]) == ({"scheme": "account", "value": "9"}, "P4")
    assert answer_facts("freshservice", "ticket", {"ticket": ticket}) == [exact, whole]


def test_a_note_is_internal_and_a_reply_is_not() -> None:
    page = {
        "conversations": [
            {
                "id": 1,
                "body": "<p>Hm</p>",
                "private": True,
                "incoming": False,
                "user_id": 5,
                "created_at": "2026-05-04T08:10:00Z",
            },
            {
                "id": 2,
                "body": "<p>Hm</p>",
                "private": False,
                "incoming": True,
                "user_id": 9,
                "created_at": "2026-05-04T08:11:00Z",
            },
        ]
    }
    note, reply = answer_facts("freshservice", "comments", page, ticket_id="33")
    assert (note["comment"]["public"], note["comment"]["author_role"]) == (False, "agent")
    assert (reply["comment"]["public"], reply["comment"]["author_role"]) == (True, "requester")
