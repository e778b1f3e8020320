"""What Request Tracker's REST answers mean."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import answer_facts, fact_of


def row(**more: Any) -> dict[str, Any]:
    return {
        "type": "ticket", "id": "9", "Subject": "No sound", "Status": "open", "Priority": "50",
        "Queue": {"type": "queue", "id": "3", "Name": "Training"}, "Owner": {"id": "Nobody", "EmailAddress": ""},
        "Requestor": [{"id": "ann", "Name": "ann", "EmailAddress": "ann@example.test"}, {"id": "second"}],
        "Created": "2026-02-03T04:00:00Z", "LastUpdated": "2026-02-03T04:05:06Z", "Resolved": "1970-01-01T00:00:00Z", **more,
    }  # fmt: skip


def test_a_listed_ticket_is_asked_by_its_first_requestor_and_owned_by_nobody() -> None:
    (fact,) = answer_facts("rt", "tickets", {"items": [row()]})
    assert fact["requester"] == {"scheme": "email", "value": "ann@example.test"}
    assert (fact["status"], fact["vendor_status"], fact["priority"], fact["queue"]) == (
        "open",
        "open",
        "P3",
        "Training",
    )
    assert (fact["occurred_at"], "assignee" in fact) == ("2026-02-03T04:05:06Z", False)


@pytest.mark.parametrize(
    ("number", "ours"), [("100", "P1"), ("80", "P2"), (50, "P3"), ("0", "P4"), ("-5", "P4"), ("High", "P1"), ("", None)]
)
def test_any_number_is_a_priority(number: Any, ours: str | None) -> None:
    (fact,) = answer_facts("rt", "tickets", {"items": [row(Priority=number)]})
    assert fact.get("priority") == ours


@pytest.mark.parametrize(("word", "ours"), [("resolved", "solved"), ("rejected", "closed")])
def test_a_finished_ticket_was_finished_at_its_own_time(word: str, ours: str) -> None:
    exact, now = answer_facts("rt", "tickets", {"items": [row(Status=word, Resolved="2026-02-03T04:04:00Z")]})
    assert (exact["status"], exact["occurred_at"]) == (ours, "2026-02-03T04:04:00Z")
    assert (now["status"], now["occurred_at"]) == (ours, "2026-02-03T04:05:06Z")


def test_an_unset_time_is_1970_and_a_ticket_that_was_opened_again_keeps_an_old_one() -> None:
    assert len(answer_facts("rt", "tickets", {"items": [row(Status="resolved")]})) == 1
    assert len(answer_facts("rt", "tickets", {"items": [row(Resolved="2026-02-03T04:04:00Z")]})) == 1


def test_a_status_of_another_lifecycle_keeps_its_word() -> None:
    (fact,) = answer_facts("rt", "tickets", {"items": [row(Status="quoted")]})
    assert (fact["status"], fact["vendor_status"]) == ("unknown", "quoted")


def test_a_deleted_ticket_is_told_by_itself_and_a_merged_one_by_the_other() -> None:
    plain = {"plain": row(id=9, Status="deleted", Requestor=[{"id": "ann"}])}
    (gone,) = answer_facts("rt", "ticket", {"items": []}, ticket_id="9", steps=plain)
    assert (gone["type"], gone["ticket"]) == ("deleted", {"id": "9"})
    (merged,) = answer_facts("rt", "ticket", {"items": [row(id="4")]}, ticket_id="9", steps={"plain": row(id=4)})
    assert (merged["ticket"], merged["status"], merged["vendor_status"]) == ({"id": "9"}, "closed", "merged")
    assert "subject" not in merged


def said(number: str, kind: str, by: str = "ben") -> dict[str, Any]:
    who = {"id": by, "Name": by, "EmailAddress": f"{by}@example.test"}
    return {"id": number, "type": "transaction", "Type": kind, "Creator": who, "Created": "2026-02-03T04:01:00Z"}


def test_a_message_is_a_transaction_and_its_text_an_attachment_without_a_name() -> None:
    texts = [
        {"id": "1", "TransactionId": "46", "ContentType": "multipart/mixed", "Filename": "", "Content": ""},
        {"id": "2", "TransactionId": "46", "ContentType": "text/plain", "Filename": "log.txt", "Content": "a file"},
        {"id": "3", "TransactionId": "46", "ContentType": "text/plain", "Filename": "", "Content": "It hums"},
        {
            "id": "4",
            "TransactionId": "47",
            "ContentType": "text/html",
            "Filename": "",
            "Content": "<p>Try <b>again</b></p>",
        },
    ]
    steps = {"said": {"items": [said("46", "Create", "ann"), said("47", "Correspond"), said("48", "Comment")]}}
    opened, *facts = answer_facts("rt", "comments", {"items": texts}, ticket_id="9", steps=steps)
    assert (opened["type"], opened["ticket"], opened["description"]) == ("ticket", {"id": "9"}, "It hums")
    told = [(f["comment"]["id"], f["comment"].get("body"), f["comment"]["public"]) for f in facts]
    assert told == [("47", "Try again", True), ("48", None, False)]
    assert facts[0]["comment"]["author"] == {"scheme": "email", "value": "ben@example.test"}


def test_a_scrip_may_post_a_ticket_as_rest_shows_it() -> None:
    assert fact_of("rt", row())["ticket"] == {"id": "9"}
    with pytest.raises(NotUnderstood):
        fact_of("rt", {"count": 1, "items": []})
