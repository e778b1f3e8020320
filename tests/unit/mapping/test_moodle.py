"""Moodle: templates of tool_trigger, bodies of local_webhooks, rows of the log, answers of the web services."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import answer_facts, fact_of

AT = 1760000000
ROW = {
    "eventname": "\\core\\event\\course_completed",
    "courseid": 7,
    "userid": 2,
    "relateduserid": 41,
    "timecreated": AT,
}


def row(event: str, **more: Any) -> dict[str, Any]:
    return {**ROW, "eventname": f"\\core\\event\\{event}", **more}


def test_a_completed_course_is_about_the_related_user_and_not_about_who_acted() -> None:
    fact = fact_of("moodle", ROW)
    assert fact["person"] == {"scheme": "account", "value": "41"}
    assert fact["course"] == {"id": "7"}
    assert (fact["type"], fact["level"], fact["state"]) == ("completion", "course", "completed")
    assert fact["occurred_at"] == "2025-10-09T08:53:20Z"


@pytest.mark.parametrize(
    ("state", "expected"), [(0, "not_completed"), (1, "completed"), (2, "passed"), (3, "failed"), (9, "unknown")]
)
@pytest.mark.parametrize("written", ["php", "json", "object", "flat"])
def test_a_module_can_be_completed_and_uncompleted_however_other_is_written(
    state: int, expected: str, written: str
) -> None:
    spellings: dict[str, dict[str, Any]] = {
        "php": {"other": f'a:2:{{s:13:"relateduserid";i:41;s:15:"completionstate";i:{state};}}'},
        "json": {"other": f'{{"relateduserid":41,"completionstate":{state}}}'},
        "object": {"other": {"completionstate": state}},
        "flat": {"other_completionstate": str(state)},
    }
    fact = fact_of("moodle", row("course_module_completion_updated", contextinstanceid=88, **spellings[written]))
    assert (fact["level"], fact["module"], fact["state"]) == ("module", "88", expected)
    assert fact.get("vendor_state") == ("9" if state == 9 else None)


def test_enrolling_and_unenrolling_concern_the_related_user() -> None:
    enrolled = fact_of("moodle", row("user_enrolment_created"))
    gone = fact_of("moodle", row("user_enrolment_deleted"))
    assert (enrolled["state"], gone["state"]) == ("enrolled", "withdrawn")
    assert enrolled["person"] == gone["person"] == {"scheme": "account", "value": "41"}


def test_an_updated_enrolment_may_be_suspended_or_resumed_so_its_state_is_unknown() -> None:
    fact = fact_of("moodle", row("user_enrolment_updated", other='a:1:{s:5:"enrol";s:6:"manual";}'))
    assert (fact["type"], fact["state"], fact["vendor_state"]) == ("enrolment", "unknown", "updated")


def test_an_updated_enrolment_is_suspended_where_the_template_says_so() -> None:
    assert fact_of("moodle", row("user_enrolment_updated", enrolment_status="1"))["state"] == "suspended"
    assert fact_of("moodle", row("user_enrolment_updated", enrolment_status="0"))["state"] == "enrolled"


def test_a_null_learner_stays_null() -> None:
    assert "person" not in fact_of("moodle", row("course_completed", relateduserid=None))
    assert "person" not in fact_of("moodle", {"eventname": "user_enrolment_created", "userid": 2, "courseid": 7})


@pytest.mark.parametrize("event", ["course_viewed", "user_loggedin", "role_assigned"])
def test_other_events_are_ignored_with_a_reason(event: str) -> None:
    fact = fact_of("moodle", row(event))
    assert (fact["type"], fact["reason"]) == (
        "ignored",
        f"the Moodle event {event} says nothing about enrolment or completion",
    )


def test_editing_the_completion_criteria_completes_nobody() -> None:
    assert "criteria" in fact_of("moodle", row("course_completion_updated"))["reason"]


def test_a_template_of_tool_trigger_comes_as_a_form_or_as_json() -> None:
    form = b"eventname=%5Ccore%5Cevent%5Ccourse_completed&user_email=a.first%40example.test"
    form += b"&course_shortname=FIRE-1&timecreated=1760000000"
    json = {
        "action": "course_completion",
        "user_email": "a.first@example.test",
        "course_shortname": "FIRE-1",
        "timecreated": "1760000000",
    }
    for body, content_type in ((form, "application/x-www-form-urlencoded"), (json, "application/json")):
        fact = fact_of("moodle", body, content_type=content_type)
        assert fact["person"] == {"scheme": "email", "value": "a.first@example.test"}
        assert (fact["course"], fact["state"]) == ({"id": "FIRE-1"}, "completed")
        assert fact["occurred_at"] == "2025-10-09T08:53:20Z"


def test_the_template_that_ships_with_the_plugin_is_understood_without_a_time() -> None:
    fact = fact_of(
        "moodle", {"action": "course_completion", "course": ["FIRE-1"], "user": ["41", "l.first", "Lena", "First"]}
    )
    assert (fact["person"], fact["course"]) == ({"scheme": "account", "value": "41"}, {"id": "FIRE-1"})
    assert "occurred_at" not in fact


def test_a_looked_up_actor_is_not_taken_for_the_learner() -> None:
    looked_up = {**ROW, "user_id": "2", "user_email": "boss@example.test"}
    assert fact_of("moodle", looked_up)["person"] == {"scheme": "account", "value": "41"}
    assert fact_of("moodle", {**looked_up, "user_id": "41"})["person"] == {
        "scheme": "email",
        "value": "boss@example.test",
    }


def test_a_template_with_a_lone_userid_names_the_learner_of_a_completion() -> None:
    assert fact_of("moodle", {"event": "course_completed", "userid": "41", "courseid": "7"})["person"]["value"] == "41"


def test_a_template_that_forgot_the_event_may_still_say_that_somebody_completed() -> None:
    fact = fact_of("moodle", {"userid": "41", "courseid": "7", "timecompleted": str(AT)})
    assert (fact["state"], fact["person"]["value"], fact["occurred_at"]) == ("completed", "41", "2025-10-09T08:53:20Z")
    assert fact_of("moodle", {"email": "a@b.test", "course_id": "7", "status": "Completed"})["state"] == "completed"
    with pytest.raises(NotUnderstood):
        fact_of("moodle", {"userid": "41", "courseid": "7"})


def test_a_body_that_says_nothing_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="no rule"):
        fact_of("moodle", {"a": "1005", "b": "?."})


def test_a_time_that_cannot_be_read_names_its_expression() -> None:
    with pytest.raises(NotUnderstood) as refused:
        fact_of("moodle", {**ROW, "timecreated": "last Tuesday"})
    assert "last Tuesday" in refused.value.reason
    assert refused.value.expression is not None
    assert "timecreated" in refused.value.expression


STATUS = "core_completion_get_course_completion_status"


def test_a_course_is_completed_when_the_last_of_its_criteria_was() -> None:
    document = {
        "completionstatus": {"completed": True, "completions": [{"timecompleted": AT - 60}, {"timecompleted": AT}, {}]}
    }
    (fact,) = answer_facts("moodle", STATUS, document, course_id=7, user_id=41)
    assert (fact["state"], fact["occurred_at"]) == ("completed", "2025-10-09T08:53:20Z")
    assert (fact["person"], fact["course"]) == ({"scheme": "account", "value": "41"}, {"id": "7"})


def test_not_yet_is_never_no() -> None:
    document = {"completionstatus": {"completed": False, "completions": [{"complete": True, "timecompleted": AT}]}}
    (fact,) = answer_facts(
        "moodle", STATUS, document, course_id=7, person={"scheme": "email", "value": "a@example.test"}
    )
    assert (fact["state"], fact["person"]["value"]) == ("in_progress", "a@example.test")
    assert "occurred_at" not in fact


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(NotUnderstood, match="usernotenroled"):
        answer_facts(
            "moodle", STATUS, {"exception": "core\\exception\\moodle_exception", "errorcode": "usernotenroled"}
        )
    with pytest.raises(NotUnderstood, match="invalidtoken"):
        answer_facts("moodle", "core_enrol_get_enrolled_users", {"exception": "x", "errorcode": "invalidtoken"})


def test_participants_are_enrolled() -> None:
    people = [{"id": 4, "username": "l.first", "email": "l.first@example.test"}, {"id": 5, "username": "m.second"}]
    facts = answer_facts("moodle", "core_enrol_get_enrolled_users", people, course_id=7, source="moodle")
    assert [fact["person"]["value"] for fact in facts] == ["l.first@example.test", "m.second"]
    assert {fact["state"] for fact in facts} == {"enrolled"}
    assert facts[0]["course"] == {"id": "7", "source": "moodle"}
    assert answer_facts("moodle", "core_enrol_get_enrolled_users", [], course_id=7) == []


def test_an_undone_activity_has_no_completion_time() -> None:
    document = {
        "statuses": [{"cmid": 5, "state": 0, "timecompleted": AT}, {"cmid": 6, "state": 1, "timecompleted": AT}]
    }
    undone, done = answer_facts(
        "moodle", "core_completion_get_activities_completion_status", document, course_id=7, user_id=41
    )
    assert (undone["state"], undone["module"], undone.get("occurred_at")) == ("in_progress", "5", None)
    assert (done["state"], done["occurred_at"]) == ("completed", "2025-10-09T08:53:20Z")
