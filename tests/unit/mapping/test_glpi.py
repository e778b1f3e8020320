"""GLPI: resources of its newer API by webhook, numbered columns and times without a zone by its older one."""

import hashlib
import hmac
from typing import Any

import pytest

from services.gateway.domain.signatures import Rejected, Verified, verify
from shared.mapping import NotUnderstood, load_vendor
from tests.support.vendors import RECEIVED_AT, answer_facts, fact_of, understood

TEAM = [
    {"id": 4, "name": "helpers", "type": "Group", "role": "requester"},
    {"id": 9, "name": "ann", "type": "User", "role": "requester"},
    {"id": 5, "name": "bob", "type": "User", "role": "assigned"},
]


def item(**more: Any) -> dict[str, Any]:
    return {
        "id": 71, "name": "No sound", "status": {"id": 2, "name": "En cours (Attribué)"}, "priority": 6, "type": 1, "team": TEAM,
        "entity": {"id": 3, "name": "Training", "completename": "Root > Training"}, "date": "2026-05-04T08:00:00+00:00",
        "date_mod": "2026-05-04T12:05:00+02:00", **more,
    }  # fmt: skip


@pytest.mark.parametrize("event", ["new", "update"])
def test_a_ticket_comes_as_it_stands_in_any_language(event: str) -> None:
    fact = fact_of("glpi", {"event": event, "item": item()})
    assert (fact["status"], fact["vendor_status"], fact["priority"]) == ("open", "En cours (Attribué)", "P1")
    assert (fact["requester"]["value"], fact["assignee"]["value"], fact["queue"]) == ("9", "5", "Root > Training")
    assert (fact["occurred_at"], fact["created_at"]) == ("2026-05-04T10:05:00Z", "2026-05-04T08:00:00Z")


def test_little_is_enough() -> None:
    fact = fact_of("glpi", {"event": "new", "item": {"id": 71, "name": "No sound"}})
    assert (fact["type"], fact["ticket"], "status" in fact) == ("ticket", {"id": "71"}, False)


def test_the_dustbin_and_the_shredder_both_delete() -> None:
    assert fact_of("glpi", {"event": "delete", "item": item()})["type"] == "deleted"
    assert fact_of("glpi", {"event": "update", "item": item(is_deleted=True)})["type"] == "deleted"


def followup(**more: Any) -> dict[str, Any]:
    said = {
        "id": 5,
        "itemtype": "Ticket",
        "items_id": 71,
        "content": "<p>Try &amp; see</p>",
        "is_private": False,
        **more,
    }
    return {"event": "new", "item": {"date_creation": "2026-05-04T09:00:00+00:00", **said}, "parent_item": item()}


def test_a_followup_whose_author_is_told_is_a_comment() -> None:
    fact = fact_of("glpi", followup(user={"id": 5, "name": "bob"}, timeline_position=4))
    assert (fact["ticket"], fact["occurred_at"]) == ({"id": "71"}, "2026-05-04T09:00:00Z")
    assert fact["comment"] == {
        "id": "5", "body": "Try & see", "public": True, "author_role": "agent",
        "author": {"scheme": "account", "value": "5"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "part",
    [
        followup(),
        {
            "event": "new",
            "item": {"id": 8, "itemtype": "Ticket", "items_id": 71, "content": "Solved"},
            "parent_item": item(),
        },
        {
            "event": "update",
            "item": {"id": 3, "tickets_id": 71, "duration": 60, "is_private": True},
            "parent_item": item(),
        },
    ],
    ids=["a followup of nobody", "a solution", "a task"],
)
def test_every_other_part_of_a_ticket_says_that_the_ticket_changed(part: dict[str, Any]) -> None:
    fact = fact_of("glpi", part)
    assert (fact["type"], fact["ticket"], fact["status"]) == ("ticket", {"id": "71"}, "open")


def test_a_followup_of_a_change_is_no_news_of_a_ticket() -> None:
    assert fact_of("glpi", followup(itemtype="Change"))["type"] == "ignored"


def test_a_body_that_was_written_out_for_html_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="not JSON"):
        understood("glpi", b"{&quot;event&quot;: &quot;new&quot;, &quot;item&quot;: {}}")


def test_a_retry_with_its_old_time_is_let_in_and_a_changed_time_is_not() -> None:

    body, old = b'{"event": "new"}', "1500000000"
    signature = hmac.new(b"key", body + old.encode(), hashlib.sha256).hexdigest()
    (scheme,) = load_vendor("glpi").verify
    headers = {"x-glpi-signature": signature, "x-glpi-timestamp": old}
    assert isinstance(verify(scheme, ["key"], headers, body, RECEIVED_AT), Verified)
    assert isinstance(
        verify(scheme, ["key"], {**headers, "x-glpi-timestamp": "1500000001"}, body, RECEIVED_AT), Rejected
    )


def row(**more: Any) -> dict[str, Any]:
    return {
        "1": "No sound", "2": 71, "3": 4, "4": "9", "5": None, "12": 6, "15": "2026-05-04 08:00:00", "16": "2026-05-04 09:55:00",
        "17": "2026-05-04 09:30:00", "19": "2026-05-04 10:05:00", "80": "Root > Training", **more,
    }  # fmt: skip


def test_a_search_names_its_columns_by_numbers() -> None:
    facts = answer_facts("glpi", "tickets", {"totalcount": 1, "count": 1, "data": [row()]})
    assert [(fact["status"], fact["occurred_at"][11:16]) for fact in facts] == [
        ("solved", "09:30"), ("closed", "09:55"), ("closed", "10:05"),
    ]  # fmt: skip
    assert (facts[2]["requester"], facts[2]["priority"]) == ({"scheme": "account", "value": "9"}, "P2")
    assert facts[2]["zone_assumed"] is True


@pytest.mark.parametrize(("asks", "person"), [(["9", "12"], "9"), (9, "9"), ("0", None), (None, None)])
def test_whoever_asks_is_one_several_or_nobody(asks: Any, person: str | None) -> None:
    (fact,) = answer_facts("glpi", "tickets", {"totalcount": 1, "data": [row(**{"4": asks, "12": 2})]})
    assert fact.get("requester", {}).get("value") == person


def test_a_search_that_finds_nothing_has_no_data() -> None:
    assert answer_facts("glpi", "tickets", {"totalcount": 0, "count": 0}) == []


def test_an_item_in_the_dustbin_says_so() -> None:
    shown = {
        "id": 71,
        "name": "No sound",
        "status": 2,
        "priority": 3,
        "date_mod": "2026-05-04 10:05:00",
        "is_deleted": 1,
    }
    assert [fact["type"] for fact in answer_facts("glpi", "ticket", shown)] == ["deleted"]


@pytest.mark.parametrize("content", ["<p>a &lt;b&gt; c</p>", "&#60;p&#62;a &#38;lt;b&#38;gt; c&#60;/p&#62;"])
def test_a_followup_is_the_same_text_from_old_and_new_versions(content: str) -> None:
    said = {"id": 5, "items_id": 71, "date": "2026-05-04 09:00:00", "users_id": 9, "content": content, "is_private": 0}
    (fact,) = answer_facts("glpi", "comments", [said], ticket_id="71")
    assert (fact["comment"]["body"], fact["comment"]["public"]) == ("a <b> c", True)
