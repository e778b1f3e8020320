"""What ServiceNow's records and the usual bodies of its business rules mean."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import answer_facts, fact_of

ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def row(**more: Any) -> dict[str, Any]:
    return {
        "sys_id": ID, "number": "INC0000042", "short_description": "No sound", "description": "Since today", "state": "2",
        "hold_reason": "", "priority": "2", "caller_id": "u-1", "caller_id.email": "ann@example.test", "assigned_to": "",
        "assigned_to.email": "", "assignment_group": "g-1", "assignment_group.name": "Service Desk", "resolved_at": "",
        "closed_at": "",
        "sys_created_on": "2026-02-03 04:00:00", "sys_updated_on": "2026-02-03 04:05:06", "sys_mod_count": "3", **more,
    }  # fmt: skip


def test_a_listed_record_is_all_texts_and_its_times_are_utc() -> None:
    (fact,) = answer_facts("servicenow", "tickets", {"result": [row()]})
    assert fact["ticket"] == {"id": ID, "key": "INC0000042"}
    assert (fact["status"], fact["vendor_status"], fact["priority"]) == ("open", "In Progress", "P2")
    assert (fact["requester"], fact["queue"]) == ({"scheme": "email", "value": "ann@example.test"}, "Service Desk")
    assert (fact["occurred_at"], fact["created_at"]) == ("2026-02-03T04:05:06Z", "2026-02-03T04:00:00Z")
    assert "assignee" not in fact


@pytest.mark.parametrize(
    ("state", "hold", "status"),
    [
        ("1", "", "new"),
        ("3", "1", "pending"),
        ("3", "4", "on_hold"),
        ("3", "", "on_hold"),
        ("8", "", "closed"),
        ("In Progress", "", "open"),
        ("-5", "", "unknown"),
    ],
)
def test_a_state_is_a_number_a_label_and_a_reason_to_hold(state: str, hold: str, status: str) -> None:
    (fact,) = answer_facts("servicenow", "tickets", {"result": [row(state=state, hold_reason=hold)]})
    assert fact["status"] == status


def test_a_closed_record_was_resolved_and_closed_at_their_own_times() -> None:
    done = row(state="7", resolved_at="2026-02-03 04:01:00", closed_at="2026-02-03 04:03:00")
    told = [(f["status"], f["occurred_at"][14:16]) for f in answer_facts("servicenow", "ticket", {"result": done})]
    assert told == [("solved", "01"), ("closed", "03"), ("closed", "05")]
    (again,) = answer_facts("servicenow", "ticket", {"result": row(resolved_at="2026-02-03 04:01:00")})
    assert again["status"] == "open"


def test_two_changes_of_one_second_have_two_keys() -> None:
    one, two = (answer_facts("servicenow", "ticket", {"result": row(sys_mod_count=n)})[0] for n in ("3", "4"))
    assert one["dedupe_key"] != two["dedupe_key"]


def test_a_row_asked_for_with_all_values_means_the_same() -> None:
    both = {"sys_id": ID, "state": "6", "number": "INC0000042", "sys_updated_on": "2026-02-03 04:05:06"}
    shown = {name: {"value": value, "display_value": f"shown {value}"} for name, value in both.items()}
    (fact,) = answer_facts("servicenow", "tickets", {"result": [shown]})
    assert (fact["ticket"]["id"], fact["status"], fact["occurred_at"]) == (ID, "solved", "2026-02-03T04:05:06Z")


@pytest.mark.parametrize(
    ("by", "element", "role", "public"),
    [
        ("ann", "comments", "requester", True),
        ("ben", "work_notes", "agent", False),
        ("system", "comments", "bot", True),
    ],
)
def test_a_journal_entry_knows_who_spoke_and_to_whom(by: str, element: str, role: str, public: bool) -> None:
    entry = {
        "sys_id": "j1",
        "element": element,
        "value": "Hi <all>",
        "sys_created_on": "2026-02-03 04:01:00",
        "sys_created_by": by,
    }
    steps = {"row": {"result": {"caller_id.email": "ann@example.test", "caller_id.user_name": "Ann"}}}
    (fact,) = answer_facts("servicenow", "comments", {"result": [entry]}, ticket_id=ID, steps=steps)
    assert (fact["comment"]["author_role"], fact["comment"]["public"], fact["comment"]["body"]) == (
        role,
        public,
        "Hi <all>",
    )
    expected = ("email", "ann@example.test") if role == "requester" else ("username", by)
    assert tuple(fact["comment"]["author"].values()) == expected


def test_a_journal_entry_may_be_marked_up() -> None:
    entry = {
        "sys_id": "j1",
        "element": "comments",
        "value": "[code]<p>Try <b>again</b></p>[/code]",
        "sys_created_by": "ben",
    }
    (fact,) = answer_facts("servicenow", "comments", {"result": [entry]}, ticket_id=ID)
    assert fact["comment"]["body"] == "Try again"


def test_a_business_rule_sends_a_record_flat() -> None:
    body = {
        "sys_id": ID, "number": "INC0000042", "opened_at": "2026-02-03 04:00:00", "impact": "1", "urgency": "1",
        "short_description": "No sound", "state": "In Progress", "priority": "1 - Critical", "caller_id": "u-1",
    }  # fmt: skip
    fact = fact_of("servicenow", body)
    assert (fact["status"], fact["priority"], fact["subject"]) == ("open", "P1", "No sound")
    assert (fact["requester"], fact["created_at"]) == ({"scheme": "account", "value": "u-1"}, "2026-02-03T04:00:00Z")
    assert "occurred_at" not in fact


def change(operation: str = "update", **values: Any) -> dict[str, Any]:
    return {
        "sys_id": ID, "table": "incident", "operation": operation, "number": "INC0000042", "updated_fields": list(values),
        "old_values": {}, "new_values": values, "updated_by": "ben", "updated_on": "2026-02-03 04:05:06",
    }  # fmt: skip


def test_a_business_rule_sends_what_was_changed() -> None:
    fact = fact_of("servicenow", change(state="6"))
    assert (fact["status"], fact["vendor_event"], fact["occurred_at"]) == ("solved", "update", "2026-02-03T04:05:06Z")
    assert "subject" not in fact
    assert "status" not in fact_of("servicenow", change(short_description="Still no sound"))
    assert fact_of("servicenow", change("delete"))["type"] == "deleted"


def test_two_updates_of_one_second_are_two_facts() -> None:
    one, two = fact_of("servicenow", change(state="6")), fact_of("servicenow", change(priority="1"))
    assert one["dedupe_key"] != two["dedupe_key"]


def test_other_tables_hold_no_incidents_and_a_number_alone_is_not_understood() -> None:
    assert fact_of("servicenow", {**change(), "table": "sc_request"})["type"] == "ignored"
    with pytest.raises(NotUnderstood):
        fact_of("servicenow", {"number": "INC0000042", "state": "2"})
