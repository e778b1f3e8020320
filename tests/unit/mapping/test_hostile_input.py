"""Whatever strangers send: facts, problems or `NotUnderstood`, and never anything else."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from shared.mapping import NotUnderstood, load_vendor, understand_answer, vendor_names
from tests.support.vendors import understood

# Keys that the vendor files look at, so that arbitrary documents reach past the first condition.
WORDS = [
    "type", "id", "event", "detail", "ticket", "comment", "status", "state", "priority", "webhookEvent", "issue", "fields",
    "changelog", "items", "field", "toString", "timestamp", "body", "metadata", "event_name", "user", "course", "progress",
    "completed_at", "workflow_state", "user_id", "action", "object", "extensions", "member", "actor", "verb", "result", "score",
    "scaled", "raw", "min", "max", "completion", "success", "account", "name", "mbox", "context", "contextActivities", "grouping",
    "parent", "definition", "eventname", "relateduserid", "userid", "courseid", "other", "completionstate", "timecreated", "data",
    "person", "article", "internal", "sender", "title", "number", "statements", "objectType", "tags", "statusCategory", "key",
]  # fmt: skip
VALUES = [
    "zen:event-type:ticket.comment_added", "jira:issue_updated", "comment_created", "course_completed",
    "enrollment_state_updated", "\\core\\event\\course_module_completion_updated", "urn:instructure:canvas:enrollment:1",
    "\\core\\event\\user_enrolment_updated",
    "http://adlnet.gov/expapi/verbs/completed", "http://adlnet.gov/expapi/verbs/voided", "Group", "StatementRef", "completion",
    'a:1:{s:15:"completionstate";i:2;}', "2026-02-03T04:05:06Z", "mailto:a@example.test", "resolution", "status", "Created",
]  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
leaves = scalars | st.sampled_from(VALUES)
documents = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=8), inner, max_size=8)
    ),
    max_leaves=40,
)
headers = st.dictionaries(
    st.sampled_from(["x-zammad-delivery", "webhook-id", "ce-specversion", "ce-id", "ce-type"]), st.text(max_size=20)
)
patient = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(vendor: str, body: Any, **more: Any) -> None:
    try:
        found = understood(vendor, body, **more)
    except NotUnderstood:
        return
    assert found.facts
    for fact in found.facts:
        assert fact.dedupe_key
        json.loads(fact.model_dump_json())


@pytest.mark.parametrize("vendor", vendor_names())
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]),
)
@patient
def test_arbitrary_bytes_are_understood_or_refused(vendor: str, body: bytes, content_type: str) -> None:
    check(vendor, body, content_type=content_type)


@given(document=documents, sent=headers)
@settings(patient, max_examples=400)
def test_arbitrary_json_is_understood_or_refused_by_every_vendor(document: Any, sent: dict[str, str]) -> None:
    for vendor in vendor_names():
        note(vendor)
        check(vendor, document, headers=sent)


@pytest.mark.parametrize("answer", sorted(load_vendor("moodle").answers))
@given(document=documents)
@patient
def test_arbitrary_answers_are_understood_or_refused(answer: str, document: Any) -> None:
    with contextlib.suppress(NotUnderstood):
        understand_answer(load_vendor("moodle"), answer, document, context={"course_id": 1, "user_id": 2})


@pytest.mark.parametrize("vendor", vendor_names())
@pytest.mark.parametrize(
    "known", [{"webhookEvent": "jira:issue_updated"}, {"type": "zen:event-type:ticket.created"}, {"ticket": {"id": 1}}]
)
def test_a_known_event_around_deep_or_odd_values_does_no_harm(vendor: str, known: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = {"issue": deep, "detail": deep, "object": [deep]} if isinstance(deep, str) else {"issue": deep}
    oddities: list[Any] = [deep, [[]] * 50, "x" * 100_000, 10**300, -1, 1e308, "\x00", "\u202e", True]
    for odd in oddities:
        for name in ("issue", "detail", "ticket", "article", "changelog", "actor", "other"):
            check(vendor, {**known, name: odd})
