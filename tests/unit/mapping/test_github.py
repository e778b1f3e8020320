"""GitHub Issues: events in a header, pull requests among the issues, priorities in labels."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.vendors import answer_facts, fact_of

SETTINGS = {"p1": "now!", "p2": "P2", "p3": "P3", "p4": "P4"}


def issue(*labels: str, **more: Any) -> dict[str, Any]:
    return {
        "id": 900, "number": 12, "title": "No sound", "state": "open", "user": {"login": "ann"},
        "labels": [{"name": label} for label in labels], "created_at": "2026-05-04T08:00:00Z",
        "updated_at": "2026-05-04T10:05:00Z", "repository_url": "https://api.github.test/repos/acme/desk", **more,
    }  # fmt: skip


def fact(event: str | None, body: dict[str, Any], delivery: str = "d-1", **more: Any) -> dict[str, Any]:
    headers = {"x-github-event": event, "x-github-delivery": delivery} if event else {}
    return fact_of("github", {"repository": {"full_name": "acme/desk"}, **body}, headers=headers, **more)


@pytest.mark.parametrize("action", ["opened", "edited", "labeled", "assigned", "pinned", "reopened"])
def test_an_event_of_an_issue_shows_it_as_it_stands(action: str) -> None:
    found = fact("issues", {"action": action, "issue": issue("sound", "P2")})
    assert (found["ticket"]["id"], found["queue"], found["vendor_event"]) == (
        "acme/desk#12",
        "acme/desk",
        f"issues.{action}",
    )
    assert (found["status"], found["priority"], found["tags"]) == ("open", "P2", ["sound", "P2"])
    assert found["requester"] == {"scheme": "username", "value": "ann"}


@pytest.mark.parametrize(
    ("reason", "status", "word"),
    [("completed", "solved", "completed"), ("not_planned", "closed", "not_planned"), (None, "solved", "closed")],
)
def test_a_closed_issue_is_what_it_was_closed_for(reason: str | None, status: str, word: str) -> None:
    found = fact("issues", {"action": "closed", "issue": issue(state="closed", state_reason=reason)})
    assert (found["status"], found["vendor_status"]) == (status, word)


def test_opening_and_labelling_in_one_second_are_two_facts() -> None:
    keys = [fact("issues", {"action": "opened", "issue": issue()}, delivery)["dedupe_key"] for delivery in ("a", "b")]
    assert keys[0] != keys[1]


@pytest.mark.parametrize("action", ["deleted", "transferred"])
def test_an_issue_that_went_away_is_deleted_here(action: str) -> None:
    assert fact("issues", {"action": action, "issue": issue()})["type"] == "deleted"


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("ping", {"zen": "Be brief.", "hook_id": 1}),
        (None, {"zen": "Be brief.", "hook_id": 1}),
        ("push", {"ref": "refs/heads/main"}),
        ("issue_comment", {"action": "created", "issue": issue(pull_request={"url": "x"}), "comment": {"id": 1}}),
        ("issue_comment", {"action": "deleted", "issue": issue(), "comment": {"id": 1}}),
    ],
)
def test_what_is_no_news_of_an_issue_is_ignored(event: str | None, body: dict[str, Any]) -> None:
    assert fact(event, body)["type"] == "ignored"


@pytest.mark.parametrize(
    ("user", "association", "role"),
    [
        ({"login": "ann", "type": "User"}, "OWNER", "requester"),
        ({"login": "bob", "type": "User"}, "MEMBER", "agent"),
        ({"login": "eve", "type": "User"}, "NONE", "unknown"),
        ({"login": "robot[bot]", "type": "Bot"}, "MEMBER", "bot"),
    ],
)
def test_a_comment_knows_who_spoke(user: dict[str, str], association: str, role: str) -> None:
    at = "2026-05-04T09:00:00Z"
    comment = {
        "id": 7, "user": user, "author_association": association, "created_at": at, "updated_at": at,
        "body": "Try again\n\n<!-- gp-3f9a1c52d0b84e -->", "issue_url": "https://api.github.test/repos/acme/desk/issues/12",
    }  # fmt: skip
    found = fact("issue_comment", {"action": "created", "issue": issue(), "comment": comment})
    assert (found["comment"]["author_role"], found["comment"]["body"], found["comment"]["public"]) == (
        role,
        "Try again",
        True,
    )
    assert found["occurred_at"] == at
    (read,) = answer_facts("github", "comments", [comment])
    assert (read["ticket"]["id"], read["dedupe_key"]) == ("acme/desk#12", found["dedupe_key"])
    assert read["comment"]["author"] == found["comment"]["author"]


def test_a_form_carries_the_json_in_its_payload() -> None:
    document = json.dumps({"action": "opened", "issue": issue(), "repository": {"full_name": "acme/desk"}})
    body = f"payload={quote(document)}".encode()
    found = fact_of(
        "github", body, content_type="application/x-www-form-urlencoded", headers={"x-github-event": "issues"}
    )
    assert found["ticket"]["id"] == "acme/desk#12"


def test_a_list_of_issues_holds_pull_requests_that_are_no_tickets() -> None:
    facts = answer_facts("github", "tickets", [issue(), issue(number=13, pull_request={"url": "x"})], settings=SETTINGS)
    assert [each["type"] for each in facts] == ["ticket", "ignored"]


def test_a_label_of_the_settings_is_a_priority() -> None:
    (found,) = answer_facts("github", "ticket", issue("Now!", "low"), settings=SETTINGS)
    assert found["priority"] == "P1"
    (usual,) = answer_facts("github", "ticket", issue("priority: high"), settings=SETTINGS)
    assert usual["priority"] == "P2"
    assert "priority" not in answer_facts("github", "ticket", issue("sound"), settings=SETTINGS)[0]


def test_a_closed_issue_was_closed_at_its_own_time() -> None:
    exact, whole = answer_facts(
        "github", "ticket", issue(state="closed", state_reason="completed", closed_at="2026-05-04T09:55:00Z")
    )
    assert (exact["status"], exact["occurred_at"]) == ("solved", "2026-05-04T09:55:00Z")
    assert whole["occurred_at"] == "2026-05-04T10:05:00Z"
