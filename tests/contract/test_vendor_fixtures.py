"""Real payloads of the vendors mean what their `.meta.json` says. They lie outside the project, under other people's licences."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import FIXTURES, answer_facts, facts_of, short, understood

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the real payloads of ../shared/fixtures are not here")

VENDORS = [
    "moodle", "xapi", "canvas", "zendesk", "jira", "zammad", "freshdesk", "freshservice", "github", "rt", "standard-webhooks",
]  # fmt: skip
XAPI_COURSE = "http://xapi.moodle.test/xapi/activities/course/"
XAPI_PERSON = "d0d6cd21-bbea-4179-a7e9-affdea1a1d84"
BOB = ("email", "requester-bob@example.com")
OCTOCAT = ("username", "Codertocat")
HELLO = {"id": "Codertocat/Hello-World#1", "key": "Codertocat/Hello-World#1"}
SOMEONE = "some-instance-test@gmail.com"


def learner(type_: str, state: str, person: tuple[str, str] | None, course: str | None, **more: Any) -> dict[str, Any]:
    named = {"person": {"scheme": person[0], "value": person[1]}} if person else {}
    return {"type": type_, "state": state, **named, **({"course": {"id": course}} if course else {}), **more}


def ticket(
    type_: str, ticket_id: str, status: str | None, person: tuple[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    named = {"requester": {"scheme": person[0], "value": person[1]}} if person else {}
    stands = {"status": status} if status else {}
    return {"type": type_, "ticket": {"id": ticket_id}, **stands, **named, **more}


def keyed(ticket_id: str, key: str) -> dict[str, str]:
    return {"id": ticket_id, "key": key}


AT_MOODLE = "2015-06-10T14:31:41Z"
MEANINGS: dict[str, list[dict[str, Any]]] = {
    "moodle/local_webhooks_course_viewed": [{"type": "ignored", "occurred_at": "2017-12-11T03:04:16Z"}],
    "moodle/log_course_completed": [
        learner("completion", "completed", ("account", "1"), "2", level="course", occurred_at=AT_MOODLE)
    ],
    "moodle/log_course_module_completion_updated_complete": [
        learner("completion", "passed", ("account", "1"), "2", level="module", module="1", occurred_at=AT_MOODLE)
    ],
    "moodle/log_user_enrolment_created": [
        learner("enrolment", "enrolled", ("account", "2"), "2", level="course", occurred_at=AT_MOODLE)
    ],
    "moodle/log_user_enrolment_deleted": [
        learner("enrolment", "withdrawn", ("account", "2"), "2", level="course", occurred_at=AT_MOODLE)
    ],
    "moodle/tool_trigger_workflow_course_completed": [{"type": "ignored"}],
    "xapi/moodle_course_completed": [
        learner("completion", "completed", ("account", "1"), "http://www.example.org/course/view.php?id=2", level="course")
    ],
    "xapi/moodle_user_enrolled": [
        learner("enrolment", "enrolled", ("account", "2"), "http://www.example.org/course/view.php?id=2", level="course")
    ],
    "xapi/spec_signed_statement": [{"type": "ignored", "occurred_at": "2013-04-01T12:00:00Z"}],
    "xapi/spec_simple_sent": [{"type": "ignored", "occurred_at": "2015-11-18T12:17:00Z"}],
    "xapi/spec_voided": [
        learner("completion", "voided", None, None, voids="e05aa883-acaf-40ad-bf54-02c8ce485fb0")
    ],
    "xapi/vle_cmi5_category_attempt_passed": [
        learner(
            "completion", "passed", ("account", XAPI_PERSON), f"{XAPI_COURSE}54b9d6f3-c14b-4abf-b613-f5e5fb5ecd40",
            level="attempt", score=0.75, occurred_at="2018-06-20T08:04:17Z", dedupe_key="4562cd21-bbea-4179-a7e9-affdea1a1789",
        )
    ],
    "xapi/vle_trainingpath_completed": [
        learner(
            "completion", "completed", ("account", XAPI_PERSON), f"{XAPI_COURSE}ba297687-b1aa-4477-9efd-a782c8fdb90a",
            level="module", score=0.25, occurred_at="2018-06-20T08:04:17Z",
        )
    ],
    "canvas/course_completed": [
        learner(
            "completion", "completed", ("email", "inewton@example.com"), "565",
            level="course", occurred_at="2019-11-05T13:38:00.218000Z",
        )
    ],
    "canvas/enrollment_created": [
        learner(
            "enrolment", "enrolled", ("account", "21070000000020064"), "21070000000000565",
            level="course", occurred_at="2018-10-09T21:07:33Z",
        )
    ],
    "canvas/enrollment_updated": [
        learner(
            "enrolment", "enrolled", ("account", "21070000000020064"), "21070000000000565",
            level="course", occurred_at="2018-10-09T21:07:33Z",
        )
    ],
    "zendesk/ticket_attachment_linked_to_comment": [{"type": "ignored", "occurred_at": "2025-01-14T19:31:42.692223Z"}],
    "zendesk/ticket_comment_added": [
        ticket(
            "comment", "5158", "open", ("account", "8447388090494"), priority="P2", occurred_at="2025-01-08T14:25:30.123456Z",
            comment={
                "id": "9876543210", "author_role": "agent", "public": True,
                "author": {"scheme": "account", "value": "8447388090495"},
                "body": "We are investigating this issue and will update you shortly.",
            },
        )
    ],
    "zendesk/ticket_created": [
        ticket(
            "ticket", "5158", "open", ("account", "8447388090494"), priority="P4", tags=["ticket-info-test-tag"],
            occurred_at="2025-01-08T10:12:07.672717Z", created_at="2025-01-08T10:12:07Z",
            dedupe_key="cbe4028c-7239-495d-b020-f22348516046",
        )
    ],
    "zendesk/signature_vector": [ticket("ticket", "123", None, vendor_event="ticket.updated")],
    "zendesk/ticket_created_prismatic": [ticket("ticket", "35436", "open", occurred_at="2024-04-17T17:18:10Z")],
    "zendesk/user_group_membership_created": [{"type": "ignored", "occurred_at": "2099-07-04T05:33:18Z"}],
    "jira/cloud_comment_created": [
        ticket(
            "comment", "10040", "new", occurred_at="2019-02-16T03:11:18.321000Z",
            ticket=keyed("10040", "TES-41"),
            comment={
                "id": "10019", "author_role": "unknown", "public": True, "body": "Added a comment",
                "author": {"scheme": "account", "value": "5c5f880629be9642ba529340"},
            },
        )
    ],
    "jira/cloud_issue_created": [
        ticket(
            "ticket", "10040", "new", ("email", SOMEONE), ticket=keyed("10040", "TES-41"), priority="P2", tags=["test-label"],
            occurred_at="2019-02-16T03:01:53.023000Z", created_at="2019-02-16T03:01:52.971000Z",
        )
    ],
    "jira/cloud_issue_created_many_fields": [
        ticket("ticket", "10509", "new", ("email", "user@example.com"), ticket=keyed("10509", "KT-22"), priority="P3")
    ],
    "jira/cloud_issue_deleted": [
        ticket("deleted", "10303", None, ("email", SOMEONE), ticket=keyed("10303", "IDT-19"),
               occurred_at="2019-07-03T18:05:36.176000Z")
    ],
    "jira/cloud_issue_updated_resolved": [
        ticket("ticket", "10040", "solved", ("email", SOMEONE), ticket=keyed("10040", "TES-41"), vendor_status="Done",
               occurred_at="2019-02-16T03:15:40.507000Z")
    ],
    "jira/server_comment_created": [
        ticket("comment", "10013", None, occurred_at="2019-06-04T00:15:17.234000Z")
    ],
    "jira/server_issue_updated_resolved": [
        ticket("ticket", "10300", "solved", ("email", "admin@admin.com"), ticket=keyed("10300", "TES-4"),
               vendor_status="Resolved", occurred_at="2019-08-12T23:23:02.025000Z")
    ],
    "zammad/trigger_default_payload": [
        ticket("ticket", "81", "open", ("email", "emily@example.com"), ticket=keyed("81", "10081"), priority="P3",
               assignee={"scheme": "email", "value": "emma@chrispresso.com"}, occurred_at="2020-11-13T14:34:35.333000Z"),
        ticket("comment", "81", "open", ("email", "emily@example.com"), ticket=keyed("81", "10081"),
               dedupe_key="article:104", occurred_at="2020-11-13T14:34:35.318000Z"),
    ],
    "zammad/rest_ticket_show": [ticket("ticket", "3", None, ticket=keyed("3", "22003"))],
    "freshdesk/missing_triggered_event": [
        ticket("ticket", "11", "pending", BOB, priority="P4", vendor_status="Waiting on Customer", occurred_at=None)
    ],
    "freshdesk/public_note": [ticket("ticket", "11", "open", BOB, priority="P3", vendor_event="{note_type:public}")],
    "freshdesk/status_changed": [ticket("ticket", "11", "pending", BOB, vendor_status="Waiting on Customer")],
    "freshdesk/ticket_created": [ticket("ticket", "11", "pending", BOB, priority="P2")],
    "freshservice/note_added_custom_body": [ticket("ticket", "33334", "solved", vendor_status="Resolved", occurred_at=None)],
    "github/issue_comment_created": [
        ticket("comment", "", "open", OCTOCAT, ticket=HELLO, occurred_at="2019-05-15T15:20:21Z", queue="Codertocat/Hello-World",
               comment={"id": "492700400", "author_role": "requester", "public": True,
                        "author": {"scheme": "username", "value": "Codertocat"},
                        "body": "You are totally right! I'll get this fixed right away."})
    ],
    "github/issues_assigned": [ticket("ticket", "", "open", OCTOCAT, ticket=HELLO, vendor_event="issues.assigned")],
    "github/issues_deleted": [ticket("deleted", "", "solved", OCTOCAT, ticket=HELLO, vendor_status="closed")],
    "github/issues_labeled": [ticket("ticket", "", "open", OCTOCAT, ticket=HELLO, tags=["bug"])],
    "github/issues_opened": [
        ticket("ticket", "", "open", OCTOCAT, ticket=HELLO, occurred_at="2019-05-15T15:20:18Z", created_at="2019-05-15T15:20:18Z")
    ],
    "github/ping": [{"type": "ignored", "vendor_event": "ping"}],
    "standard-webhooks/contact_created_full": [{"type": "ignored", "occurred_at": "2022-11-03T20:26:10.344522Z"}],
    "standard-webhooks/contact_created_thin": [{"type": "ignored", "occurred_at": "2022-11-03T20:26:10.344522Z"}],
}  # fmt: skip
REFUSED = {
    "moodle/tool_trigger_http_post_json_body": "no rule",  # names of fields that say nothing
    "moodle/rest_course_completion_status": "no rule",  # an answer, not a delivery
    "moodle/rest_error_http200": "no rule",
    "xapi/vle_cmi5_category_attempt_passed_raw": "not JSON",  # a trailing comma
    "xapi/spec_signed_statement_cert": "not JSON",
    "xapi/spec_signed_statement_jws": "not JSON",
    "jira/signature_vector_x_hub_signature": "not JSON",
    "freshdesk/ticket_closed_body_template": "no rule",  # placeholders that nobody filled in
    "freshdesk/rest_contact": "no rule",  # answers, not deliveries
    "freshdesk/rest_search_tickets": "no rule",
    "freshservice/note_added_body_template": "not JSON",  # a word without quotes
    "github/signature_test_vector": "not JSON",
    "standard-webhooks/test_vector": "no rule",
    "rt/rest2_collection": "no rule",  # answers
    "rt/rest2_ticket_search_item": "no rule",
}


def payloads() -> list[Path]:
    folders = (FIXTURES / vendor for vendor in VENDORS)
    return sorted(path for folder in folders for path in folder.glob("*") if not path.name.endswith(".meta.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def headers_of(path: Path) -> dict[str, str]:
    """The headers that its `.meta.json` really holds; some only describe them."""
    described = json.loads(path.with_name(f"{path.stem}.meta.json").read_text("utf-8")).get("headers") or {}
    return {name.lower(): value for name, value in described.items() if "<" not in value and " " not in value}


@pytest.mark.parametrize("path", payloads(), ids=name_of)
def test_a_real_payload_means_what_is_written_beside_it(path: Path) -> None:
    name, vendor = name_of(path), path.parent.name
    if name in REFUSED:
        with pytest.raises(NotUnderstood, match=REFUSED[name]):
            understood(vendor, path.read_bytes(), headers=headers_of(path))
        return
    facts = facts_of(vendor, path.read_bytes(), headers=headers_of(path))
    if (
        name not in MEANINGS
    ):  # a payload that came later: it must be understood, what it means is for its author to write here
        assert facts
        return
    assert len(facts) == len(MEANINGS[name])
    for fact, expected in zip(facts, MEANINGS[name], strict=True):
        assert {key: fact.get(key) for key in expected} == expected
        if fact["type"] == "ignored":
            assert fact["reason"]
        else:
            assert "state" not in expected or ("person" in fact) == ("person" in expected)
            assert "ticket" not in expected or ("requester" in fact) == ("requester" in expected)


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_no_expectation_is_left_without_its_payload(name: str) -> None:
    assert [path for path in payloads() if name_of(path) == name]


def test_real_cloud_events_are_understood_one_by_one() -> None:
    folder = FIXTURES / "cloudevents"
    found = understood("standard-webhooks", (folder / "batch_two_events.json").read_bytes())
    assert [short(fact)["dedupe_key"] for fact in found.facts] == [
        "/mycontext/4/B234-1234-1234",
        "/mycontext/9/C234-1234-1234",
    ]
    for path in folder.glob("structured_*.json"):
        if not path.name.endswith(".meta.json"):
            assert [fact["type"] for fact in facts_of("standard-webhooks", path.read_bytes())] == ["ignored"]


REST = FIXTURES / "moodle-rest"
COURSE_STATUS = "core_completion_get_course_completion_status"
COMPLETED = {
    "10_completion_right_after_manual": "2026-11-22T06:05:07Z",
    "12_completion_right_after_override": "2026-11-22T06:05:07Z",
    "19_after_second_task_run": None,
    "19c_date_after": None,
    "20c_two_complete": None,
    "21b_after_undo": None,
    "22g_completion_after_reenrol": None,
}


def calls(function: str) -> list[Path]:
    metas = sorted(REST.glob("*.meta.json")) if REST.is_dir() else []
    wanted = [path for path in metas if json.loads(path.read_text("utf-8")).get("function") == function]
    bodies = [path.with_name(path.name.replace(".meta.json", ".json")) for path in wanted]
    return [path for path in bodies if path.is_file()]


@pytest.mark.parametrize("path", calls(COURSE_STATUS), ids=lambda path: path.stem)
def test_a_real_completion_status_is_completed_in_progress_or_an_error(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    asked = json.loads(path.with_name(f"{path.stem}.meta.json").read_text("utf-8"))["parameters"]
    context = {"course_id": asked.get("courseid", 1), "user_id": asked.get("userid", 1)}
    if "exception" in document:
        with pytest.raises(NotUnderstood, match=document["errorcode"]):
            answer_facts("moodle", COURSE_STATUS, document, **context)
        return
    (fact,) = answer_facts("moodle", COURSE_STATUS, document, **context)
    status = document["completionstatus"]
    assert fact["state"] == ("completed" if status["completed"] else "in_progress")
    assert (fact["person"]["value"], fact["course"]["id"]) == (str(context["user_id"]), str(context["course_id"]))
    assert ("occurred_at" in fact) == (
        status["completed"] and any(part["timecompleted"] for part in status["completions"])
    )
    if path.stem in COMPLETED:
        assert fact["state"] == "completed"
        assert COMPLETED[path.stem] in (None, fact["occurred_at"])


@pytest.mark.parametrize("path", calls("core_enrol_get_enrolled_users"), ids=lambda path: path.stem)
def test_a_real_list_of_participants_names_each_of_them(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    if isinstance(document, dict):
        with pytest.raises(NotUnderstood, match=document["errorcode"]):
            answer_facts("moodle", "core_enrol_get_enrolled_users", document, course_id=2)
        return
    facts = answer_facts("moodle", "core_enrol_get_enrolled_users", document, course_id=2)
    assert len(facts) == len(document)
    for fact, person in zip(facts, document, strict=True):
        assert fact["person"]["value"] in (
            person.get("email"),
            person.get("idnumber"),
            person.get("username"),
            str(person["id"]),
        )
        assert (fact["state"], fact["course"]["id"]) == ("enrolled", "2")


@pytest.mark.parametrize("path", calls("core_completion_get_activities_completion_status"), ids=lambda path: path.stem)
def test_a_real_list_of_activities_gives_modules(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    answer = "core_completion_get_activities_completion_status"
    if "exception" in document:
        with pytest.raises(NotUnderstood, match=document["errorcode"]):
            answer_facts("moodle", answer, document, course_id=2, user_id=4)
        return
    facts = answer_facts("moodle", answer, document, course_id=2, user_id=4)
    assert [(fact["module"], fact["state"] != "in_progress") for fact in facts] == [
        (str(part["cmid"]), part["state"] != 0) for part in document["statuses"]
    ]


ANSWERS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "freshdesk/rest_ticket": (
        "ticket",
        [ticket("ticket", "1", "open", ("email", "dummyname@example.com"), occurred_at=at)
         for at in ("2020-07-24T15:35:21Z", "2016-05-18T23:42:50Z")],
    ),
    "freshdesk/rest_tickets_list": (
        "tickets",
        [ticket("ticket", "1", "open", ("account", "5004272351"), priority="P4", vendor_status="Open",
                occurred_at="2015-01-01T00:58:39Z", created_at="2014-12-31T02:27:09Z")],
    ),
    "freshdesk/rest_search_tickets": (
        "tickets",
        [ticket("ticket", "1", "open", occurred_at="2015-01-01T00:58:39Z"),
         ticket("ticket", "1", "open", occurred_at="2020-01-01T07:02:12Z")],
    ),
    "freshdesk/rest_conversations": (
        "comments",
        [ticket("comment", "1", None, occurred_at="2016-05-19T05:36:12Z",
                comment={"id": "1", "author_role": "agent", "public": False, "body": "This is a private note",
                         "author": {"scheme": "account", "value": "1"}}),
         ticket("comment", "1", None, occurred_at="2016-05-19T05:36:14Z",
                comment={"id": "2", "author_role": "agent", "public": True, "body": "This is a reply",
                         "author": {"scheme": "account", "value": "1"}})],
    ),
    "rt/rest2_ticket_search_item": (
        "tickets",
        [ticket("ticket", "2", "solved", ("username", "root"), vendor_status="resolved", queue="General", subject="Sample Ticket",
                assignee={"scheme": "username", "value": "root"}, created_at=None)],  # a malformed time
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_real_answer_of_a_helpdesk_means_what_is_written_beside_it(name: str) -> None:
    answer, meanings = ANSWERS[name]
    document = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    facts = answer_facts(name.partition("/")[0], answer, document, ticket_id="1")
    assert len(facts) == len(meanings)
    for fact, expected in zip(facts, meanings, strict=True):
        assert {key: fact.get(key) for key in expected} == expected
