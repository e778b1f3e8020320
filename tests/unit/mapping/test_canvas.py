"""Canvas Live Events in Canvas's own format, as Caliper, and as a JWT."""

import base64
import json
from typing import Any

import pytest

from tests.support.vendors import fact_of, facts_of

ACTOR = {"user_id": "10000000000009", "user_login": "admin@example.test", "event_time": "2026-02-03T04:05:06Z"}


def event(name: str, body: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {**ACTOR, "event_name": name, **metadata}, "body": body}


def progress(completed_at: str | None) -> dict[str, Any]:
    return {
        "progress": {"completed_at": completed_at, "requirement_count": 4, "requirement_completed_count": 3},
        "user": {"id": "41", "email": "a@example.test", "name": "A"},
        "course": {"id": "7", "name": "Fire"},
    }


def enrolment(state: str, role: str = "StudentEnrollment") -> dict[str, Any]:
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
    return {"user_id": "10000000000041", "course_id": "10000000000007", "type": role, "workflow_state": state, **times}


def test_progress_is_a_completion_only_with_a_completion_time() -> None:
    halfway = fact_of("canvas", event("course_progress", progress(None)))
    done = fact_of("canvas", event("course_progress", progress("2026-02-03T00:00:00.5Z")))
    assert (halfway["state"], halfway["occurred_at"]) == ("in_progress", "2026-02-03T04:05:06Z")
    assert (done["state"], done["occurred_at"]) == ("completed", "2026-02-03T00:00:00.500000Z")
    assert done["person"] == {"scheme": "email", "value": "a@example.test"}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("active", "enrolled"),
        ("invited", "enrolled"),
        ("inactive", "suspended"),
        ("deleted", "withdrawn"),
        ("rejected", "withdrawn"),
        ("completed", "unknown"),
        ("something_new", "unknown"),
    ],
)
def test_an_enrolment_is_the_learners_and_a_concluded_one_is_no_completion(word: str, state: str) -> None:
    fact = fact_of("canvas", event("enrollment_updated", enrolment(word)))
    assert (fact["type"], fact["state"], fact["person"]["value"]) == ("enrolment", state, "10000000000041")
    assert fact.get("vendor_state") == (word if state == "unknown" else None)
    assert fact["occurred_at"] == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize("role", ["TeacherEnrollment", "ObserverEnrollment", "TaEnrollment", "DesignerEnrollment"])
def test_who_does_not_learn_is_ignored(role: str) -> None:
    assert fact_of("canvas", event("enrollment_created", enrolment("active", role)))["type"] == "ignored"


def test_a_changed_enrolment_state_names_nobody_and_its_time_is_written_as_ruby_does() -> None:
    body = {"enrollment_id": "55", "state": "pending_invited", "state_started_at": "2026-02-01 10:00:00 UTC"}
    fact = fact_of("canvas", event("enrollment_state_updated", body))
    assert (fact["state"], fact["occurred_at"]) == ("enrolled", "2026-02-01T10:00:00Z")
    assert "person" not in fact
    assert "course" not in fact
    naive = fact_of("canvas", event("enrollment_state_updated", {**body, "state_started_at": "2026-02-01 10:00:00"}))
    assert naive["zone_assumed"] is True
    other = fact_of("canvas", event("enrollment_state_updated", {**body, "enrollment_id": "56"}))
    assert other["dedupe_key"] != fact["dedupe_key"]


def test_other_events_are_ignored() -> None:
    assert "logged_in" in fact_of("canvas", event("logged_in", {}))["reason"]


def test_grades_are_fractions_and_say_nothing_of_passing() -> None:
    fact = fact_of("canvas", event("course_grade_change", {"user_id": "41", "course_id": "7", "current_score": 80}))
    assert (fact["type"], fact["score"], fact["state"], fact["vendor_state"]) == ("grade", 0.8, "unknown", "graded")


def caliper(action: str, thing: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "urn:uuid:1",
        "type": "Event",
        "actor": {"id": "urn:instructure:canvas:user:10000000000009", "type": "Person"},
        "action": action,
        "object": thing,
        "eventTime": "2026-02-03T04:05:06.000Z",
        **more,
    }


def test_a_caliper_envelope_mixes_entities_and_events_and_the_actor_is_not_the_learner() -> None:
    membership = {
        "id": "urn:instructure:canvas:enrollment:55",
        "type": "Membership",
        "member": {"id": "urn:instructure:canvas:user:10000000000041"},
        "organization": "urn:instructure:canvas:course:10000000000007",
        "extensions": {"com.instructure.canvas": {"workflow_state": "active", "type": "StudentEnrollment"}},
    }
    data = [{"id": "urn:x", "type": "Person"}, caliper("Modified", membership), caliper("LoggedIn", {"id": "urn:y"})]
    entity, enrolled, login = facts_of("canvas", {"sensor": "s", "sendTime": "x", "dataVersion": "v", "data": data})
    assert (entity["type"], login["type"]) == ("ignored", "ignored")
    assert (enrolled["state"], enrolled["person"]["value"], enrolled["course"]["id"]) == (
        "enrolled",
        "10000000000041",
        "10000000000007",
    )


def test_the_course_of_a_membership_in_a_section_is_what_the_section_belongs_to() -> None:
    section = {
        "id": "urn:instructure:canvas:courseSection:3",
        "subOrganizationOf": {"id": "urn:instructure:canvas:course:7"},
    }
    membership = {
        "id": "urn:instructure:canvas:enrollment:55",
        "member": "urn:x:9",
        "organization": section,
        "status": "Active",
    }
    fact = fact_of("canvas", caliper("Created", {**membership, "roles": ["Learner"]}))
    assert (fact["course"], fact["state"]) == ({"id": "7"}, "enrolled")
    assert fact_of("canvas", caliper("Created", {**membership, "roles": ["Instructor"]}))["type"] == "ignored"


def test_a_signed_delivery_is_a_jwt() -> None:
    claims = base64.urlsafe_b64encode(json.dumps(event("course_completed", progress("2026-02-03T00:00:00Z"))).encode())
    body = b"eyJhbGciOiJSUzI1NiJ9." + claims.rstrip(b"=") + b".c2lnbmF0dXJl"
    assert fact_of("canvas", body, content_type="application/jwt")["state"] == "completed"
