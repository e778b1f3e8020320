"""Zammad by REST: names instead of numbers, logins that are addresses, a first article that is the question."""

from typing import Any

import pytest

from tests.support.vendors import answer_facts, facts_of


def shown(**more: Any) -> dict[str, Any]:
    return {
        "id": 81, "number": "60081", "title": "No sound", "state": "open", "priority": "3 high", "group": "2nd Level",
        "customer": "ann@example.test", "customer_id": 8, "owner": "-", "created_at": "2026-05-04T08:00:00.120Z",
        "updated_at": "2026-05-04T10:05:00.250Z", **more,
    }  # fmt: skip


def test_a_search_answers_with_tickets_by_name() -> None:
    (fact,) = answer_facts("zammad", "tickets", [shown()])
    assert (fact["status"], fact["vendor_status"], fact["priority"], fact["queue"]) == (
        "open",
        "open",
        "P2",
        "2nd Level",
    )
    assert (fact["requester"], fact["ticket"]["key"]) == ({"scheme": "email", "value": "ann@example.test"}, "60081")
    assert "assignee" not in fact


@pytest.mark.parametrize(
    ("customer", "person"),
    [
        ("ann", {"scheme": "username", "value": "ann"}),
        (None, {"scheme": "account", "value": "8"}),
    ],
)
def test_a_person_whose_login_is_no_address_is_named_by_what_there_is(customer: Any, person: dict[str, str]) -> None:
    (fact,) = answer_facts("zammad", "ticket", shown(customer=customer))
    assert fact["requester"] == person


def test_a_closed_ticket_was_closed_when_it_was_last_closed_and_not_when_it_was_first() -> None:
    times = {"close_at": "2026-05-04T08:30:00.000Z", "last_close_at": "2026-05-04T09:55:00.000Z"}
    exact, whole = answer_facts("zammad", "ticket", shown(state="closed", **times))
    assert (exact["occurred_at"], whole["occurred_at"]) == ("2026-05-04T09:55:00Z", "2026-05-04T10:05:00.250000Z")
    assert len(answer_facts("zammad", "ticket", shown(state="closed", close_at="2026-05-04T08:30:00.000Z"))) == 1
    assert len(answer_facts("zammad", "ticket", shown(state="open", **times))) == 1


def test_an_empty_search_means_nothing() -> None:
    assert answer_facts("zammad", "tickets", []) == []


def article(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "ticket_id": 81, "sender": "Agent", "internal": False, "content_type": "text/html",
        "body": "Try<br>again &amp; again", "created_by": "bob@example.test", "created_at": "2026-05-04T08:00:00.120Z", **more,
    }  # fmt: skip


def test_the_first_article_is_the_question_whoever_typed_it() -> None:
    first, second, robot = answer_facts(
        "zammad", "comments", [article(1), article(2), article(3, sender="System", internal=True)], ticket_id="81"
    )
    assert [each["comment"]["author_role"] for each in (first, second, robot)] == ["requester", "agent", "bot"]
    assert [each["comment"]["public"] for each in (first, second, robot)] == [True, True, False]
    assert (second["comment"]["body"], second["dedupe_key"]) == ("Try\nagain & again", "article:2")


def test_plain_text_stays_as_it_is_written() -> None:
    (fact,) = answer_facts("zammad", "comments", [article(1, content_type="text/plain", body="a <b> c")])
    assert fact["comment"]["body"] == "a <b> c"


def test_a_person_is_the_same_by_webhook_and_by_rest() -> None:
    ann = {"id": 8, "login": "ann@example.test", "email": "ann@example.test"}
    bob = {"id": 3, "login": "bob@example.test", "email": "bob@example.test"}
    ticket = {**shown(), "customer": ann, "article_count": 2}
    sent, said = facts_of("zammad", {"ticket": ticket, "article": {**article(2), "created_by": bob}})
    (listed,) = answer_facts("zammad", "ticket", shown())
    _, read = answer_facts("zammad", "comments", [article(1), article(2)], ticket_id="81")
    assert sent["requester"] == listed["requester"]
    assert said["comment"] == read["comment"]
    assert said["dedupe_key"] == read["dedupe_key"]
