"""The generic vendor: Standard Webhooks and CloudEvents that carry our own facts."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood, answer_handshake, load_vendor
from tests.support.vendors import fact_of, facts_of

FACT = {
    "type": "completion",
    "person": {"scheme": "email", "value": "a@example.test"},
    "course": {"id": "7"},
    "state": "completed",
}


def body(data: Any, kind: str = "learning.completed") -> dict[str, Any]:
    return {"type": kind, "timestamp": "2026-02-03T04:05:06.789Z", "data": data}


def test_a_canonical_fact_is_taken_as_such() -> None:
    fact = fact_of("standard-webhooks", body(FACT), headers={"webhook-id": "msg_1"})
    assert (fact["state"], fact["course"], fact["person"]) == ("completed", {"id": "7"}, FACT["person"])
    assert (fact["dedupe_key"], fact["occurred_at"]) == ("msg_1", "2026-02-03T04:05:06.789000Z")
    own = fact_of("standard-webhooks", body({**FACT, "dedupe_key": "own", "occurred_at": "2026-01-01T00:00:00Z"}))
    assert (own["dedupe_key"], own["occurred_at"]) == ("own", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize("data", [{"id": "1"}, {"id": "1", "type": "contact"}, None, [], {"type": "ticket"}])
def test_thin_and_foreign_events_are_ignored_with_a_reason(data: Any) -> None:
    fact = fact_of("standard-webhooks", body(data, "contact.created"))
    assert (fact["type"], fact["reason"]) == ("ignored", "contact.created carries no canonical fact in its data")


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "splendid"},
        {"surprise": 1},
        {"person": {"scheme": "shoe_size", "value": "44"}},
        {"occurred_at": "2026-01-01T00:00:00"},
    ],
)
def test_what_only_looks_like_a_canonical_fact_is_not_understood(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood) as refused:
        fact_of("standard-webhooks", body({**FACT, **wrong}))
    assert next(iter(wrong)) in (refused.value.expression or "")


def test_cloud_events_come_structured_batched_and_in_headers() -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/lms",
        "type": "x",
        "time": "2026-02-03T04:05:06Z",
        "data": FACT,
    }
    structured, other = facts_of("standard-webhooks", [event, {**event, "id": "2", "data": 1.5}])
    assert (structured["dedupe_key"], structured["state"], other["type"]) == ("/lms/1", "completed", "ignored")
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "3",
        "ce-source": "/lms",
        "ce-type": "x",
        "ce-time": "2026-02-03T04:05:06Z",
    }
    assert fact_of("standard-webhooks", FACT, headers=headers)["dedupe_key"] == "/lms/3"


def test_the_cloud_events_handshake_is_granted_by_header_and_cannot_split_the_answer() -> None:
    vendor = load_vendor("standard-webhooks")
    asked = {"webhook-request-origin": "sender.example.test\r\nX-Evil: 1"}
    answer = answer_handshake(vendor, method="OPTIONS", path="", headers=asked, body=b"")
    assert answer is not None
    assert answer.headers["WebHook-Allowed-Origin"] == "sender.example.testX-Evil: 1"
    assert answer_handshake(vendor, method="OPTIONS", path="", headers={}, body=b"") is None
    assert answer_handshake(vendor, method="POST", path="", headers=asked, body=b"{}") is None


def test_an_xapi_sender_may_ask_what_we_speak() -> None:
    answer = answer_handshake(load_vendor("xapi"), method="GET", path="xAPI/about/", headers={}, body=b"")
    assert answer is not None
    assert (answer.status, answer.body) == (200, b'{"version": ["1.0.3"]}')
