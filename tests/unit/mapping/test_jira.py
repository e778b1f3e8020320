"""What Jira's REST answers mean."""

from typing import Any

import pytest

from tests.support.vendors import answer_facts

ANN = {"accountId": "acc-1", "emailAddress": "ann@example.test"}


def entry(at: str, before: str, after: str, *, lost: str | None = None) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"field": "status", "fromString": before, "toString": after}]
    if lost:
        items.append({"field": "resolution", "fromString": lost, "toString": None})
    return {"id": at[-3:], "created": f"2026-02-03T04:{at}.000-0800", "items": items}


def row(status: str = "To Do", category: str = "new", *history: dict[str, Any], **fields: Any) -> dict[str, Any]:
    known = {
        "summary": "No sound", "status": {"name": status, "statusCategory": {"key": category}}, "reporter": ANN,
        "priority": {"name": "High"}, "labels": ["av", "gp-3f9a1c52d0b84e"], "project": {"key": "ITSM"},
        "created": "2026-02-03T04:00:00.000-0800", "updated": "2026-02-03T04:30:00.000-0800", **fields,
    }  # fmt: skip
    return {"id": "10040", "key": "ITSM-41", "fields": known, "changelog": {"histories": list(history)}}


def test_a_listed_issue_names_its_project_and_not_our_own_label() -> None:
    (fact,) = answer_facts("jira", "tickets", {"issues": [row()]})
    assert fact["ticket"] == {"id": "10040", "key": "ITSM-41"}
    assert (fact["status"], fact["vendor_status"], fact["priority"], fact["queue"]) == ("new", "To Do", "P2", "ITSM")
    assert (fact["tags"], fact["requester"]) == (["av"], {"scheme": "email", "value": "ann@example.test"})
    assert fact["occurred_at"] == "2026-02-03T12:30:00Z"


def test_every_status_came_when_the_changelog_says() -> None:
    history = (
        entry("20:00", "In Progress", "Fertig"),
        entry("10:00", "Warten", "In Progress"),
        entry("05:00", "To Do", "Warten"),
    )
    facts = answer_facts("jira", "ticket", row("Fertig", "done", *history))
    told = [(fact.get("status"), fact["vendor_status"], fact["occurred_at"][11:16]) for fact in facts]
    assert told == [
        ("solved", "Fertig", "12:20"),  # its category is known, since it is today's
        ("open", "In Progress", "12:10"),
        (None, "Warten", "12:05"),  # what it meant then, nobody says
        ("solved", "Fertig", "12:30"),
    ]
    assert ["subject" in fact for fact in facts] == [False, False, False, True]


def test_an_issue_that_lost_its_resolution_is_open_and_not_new() -> None:
    again = entry("20:00", "Done", "To Do", lost="Done")
    assert [fact["status"] for fact in answer_facts("jira", "ticket", row("To Do", "new", again))] == ["open", "open"]


def test_without_a_changelog_the_resolution_tells_when_it_was_solved() -> None:
    exact, now = answer_facts("jira", "ticket", row("Done", "done", resolutiondate="2026-02-03T04:20:00.000-0800"))
    assert (exact["status"], exact["occurred_at"]) == ("solved", "2026-02-03T12:20:00Z")
    assert (now["status"], now["occurred_at"]) == ("solved", "2026-02-03T12:30:00Z")


def said(author: Any = None, **more: Any) -> dict[str, Any]:
    at = "2026-02-03T04:10:00.000-0800"
    known = {
        "id": "7",
        "author": author or {"accountId": "acc-2"},
        "created": at,
        "updated": at,
        "body": {"type": "doc"},
    }
    return {**known, "renderedBody": "<p>Try &lt;again&gt;</p>", **more}


@pytest.mark.parametrize(
    ("comment", "role", "public"),
    [
        (said(ANN, jsdPublic=True), "requester", True),
        (said(jsdPublic=False), "agent", False),
        (said({"accountId": "x", "accountType": "app"}), "bot", True),
        (said({"accountId": "x", "accountType": "customer"}), "requester", True),
        (said(visibility={"type": "role", "value": "Developers"}), "agent", False),
        (said(properties=[{"key": "sd.public.comment", "value": {"internal": True}}]), "agent", False),
    ],
)
def test_a_comment_knows_who_spoke_and_to_whom(comment: dict[str, Any], role: str, public: bool) -> None:
    steps = {"issue": {"fields": {"reporter": ANN}}}
    fact, _ = answer_facts("jira", "comments", {"comments": [comment]}, ticket_id="10040", steps=steps)
    assert (fact["comment"]["author_role"], fact["comment"]["public"]) == (role, public)
    assert (fact["comment"]["body"], fact["ticket"]) == ("Try <again>", {"id": "10040"})


def test_a_comment_that_was_changed_is_told_twice() -> None:
    changed = said(updated="2026-02-03T04:15:00.000-0800")
    first, second = answer_facts("jira", "comments", {"comments": [changed]}, ticket_id="10040")
    assert [fact["occurred_at"][11:16] for fact in (first, second)] == ["12:10", "12:15"]
    assert first["comment"] == second["comment"]
    assert first["dedupe_key"] != second["dedupe_key"]


def test_a_server_tells_texts_and_names() -> None:
    comment = said({"name": "ben", "emailAddress": "ben@example.test"}, renderedBody=None, body="Try *again*")
    fact, _ = answer_facts("jira", "comments", {"comments": [comment]}, ticket_id="10040")
    assert fact["comment"]["body"] == "Try *again*"
    assert fact["comment"]["author"] == {"scheme": "email", "value": "ben@example.test"}
