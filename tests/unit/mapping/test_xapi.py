"""xAPI and cmi5: verb, result and kind of object together are the state."""

from typing import Any

import pytest

from shared.mapping import NotUnderstood
from tests.support.vendors import fact_of, facts_of, understood

ADL = "http://adlnet.gov/expapi"
LEARNER = {"objectType": "Agent", "account": {"homePage": "https://lms.example.test", "name": "41"}}
COURSE = {"id": "https://lms.example.test/course/7", "definition": {"type": f"{ADL}/activities/course"}}
MODULE = {"id": "https://lms.example.test/mod/9", "definition": {"type": f"{ADL}/activities/lesson"}}
IN_COURSE = {"contextActivities": {"grouping": [{"id": "https://lms.example.test"}, COURSE]}}


def statement(verb: str, *, about: Any = COURSE, **more: Any) -> dict[str, Any]:
    iri = verb if verb.startswith("http") else f"{ADL}/verbs/{verb}"
    return {
        "id": "s-1",
        "actor": LEARNER,
        "verb": {"id": iri},
        "object": about,
        "timestamp": "2026-02-03T04:05:06Z",
        **more,
    }


@pytest.mark.parametrize(
    ("verb", "result", "state"),
    [
        ("completed", None, "completed"),
        ("completed", {"completion": False}, "not_completed"),
        ("completed", {"completion": True, "success": False}, "completed"),
        ("http://vocab.xapi.fr/verbs/marked-completion", {"completion": False}, "not_completed"),
        ("http://vocab.xapi.fr/verbs/marked-completion", {"completion": True}, "completed"),
        ("http://example.test/verbs/uncompleted", None, "not_completed"),
        ("passed", {"completion": True, "success": True}, "passed"),
        ("passed", {"success": False}, "failed"),
        ("failed", None, "failed"),
        ("attempted", None, "in_progress"),
        ("attempted", {"completion": True}, "completed"),
        ("progressed", {"completion": True}, "completed"),
        ("progressed", {"completion": False, "score": {"scaled": 0.5}}, "in_progress"),
        ("answered", {"success": False}, "failed"),
        ("attended", {"completion": True, "success": True}, "completed"),
        ("https://w3id.org/xapi/adl/verbs/satisfied", None, "completed"),
        ("https://w3id.org/xapi/adl/verbs/waived", {"completion": True, "success": True}, "completed"),
        (" http://adlnet.gov/expapi/verbs/completed ", None, "completed"),
    ],
)
def test_the_verb_alone_is_not_the_state(verb: str, result: Any, state: str) -> None:
    fact = fact_of("xapi", statement(verb, **({"result": result} if result else {})))
    assert (fact["type"], fact["state"], fact["level"]) == ("completion", state, "course")


@pytest.mark.parametrize(
    "verb", ["experienced", "https://w3id.org/xapi/adl/verbs/abandoned", "http://example.test/verbs#sent"]
)
def test_a_verb_without_a_result_that_says_nothing_is_ignored(verb: str) -> None:
    assert fact_of("xapi", statement(verb))["type"] == "ignored"


def test_a_module_or_an_attempt_never_counts_as_the_course_around_it() -> None:
    module = fact_of("xapi", statement("completed", about=MODULE, context=IN_COURSE))
    assert (module["level"], module["module"], module["course"]["id"]) == ("module", MODULE["id"], COURSE["id"])
    attempt = {**IN_COURSE, "extensions": {"http://id.tincanapi.com/extension/attempt-id": 2}}
    passed = fact_of("xapi", statement("passed", about=MODULE, context=attempt, result={"success": True}))
    assert (passed["level"], passed["course"]["id"], passed["state"]) == ("attempt", COURSE["id"], "passed")
    alone = fact_of("xapi", statement("completed", about=MODULE))
    assert (alone["level"], alone["module"], alone.get("course")) == ("module", MODULE["id"], None)


def test_an_object_without_a_kind_keeps_its_level_unset() -> None:
    fact = fact_of("xapi", statement("completed", about={"id": "https://lms.example.test/x"}))
    assert (fact.get("level"), fact["course"], fact.get("module")) == (None, {"id": "https://lms.example.test/x"}, None)


def test_a_programme_is_its_own_level() -> None:
    programme = {
        "id": "https://lms.example.test/p",
        "definition": {"type": "http://vocab.xapi.fr/activities/training-program"},
    }
    assert fact_of("xapi", statement("completed", about=programme))["level"] == "program"


@pytest.mark.parametrize(
    ("actor", "scheme", "value"),
    [
        ({"mbox": "mailto:a@example.test"}, "email", "a@example.test"),
        ({"mbox": "a@example.test"}, "email", "a@example.test"),
        ({"mbox_sha1sum": "ebd31e95"}, "account", "ebd31e95"),
        ({"openid": "https://id.example.test/a"}, "account", "https://id.example.test/a"),
        (LEARNER, "account", "41"),
    ],
)
def test_people_are_named_in_every_way_that_the_specification_knows(actor: Any, scheme: str, value: str) -> None:
    assert fact_of("xapi", statement("completed", actor=actor))["person"] == {"scheme": scheme, "value": value}


def test_a_group_completes_through_its_members() -> None:
    team = {
        "objectType": "Group",
        "mbox": "mailto:team@example.test",
        "member": [{"mbox": "mailto:a@example.test"}, {"mbox": "mailto:b@example.test"}],
    }
    facts = facts_of("xapi", statement("attended", actor=team, result={"completion": True}))
    assert [fact["person"]["value"] for fact in facts] == ["a@example.test", "b@example.test"]
    assert [fact["dedupe_key"] for fact in facts] == ["s-1", "s-1#2"]
    nobody = fact_of("xapi", statement("attended", actor={"objectType": "Group", "mbox": "mailto:t@example.test"}))
    assert nobody["type"] == "ignored"


def test_voiding_takes_a_statement_back_and_says_nothing_of_whoever_voided() -> None:
    fact = fact_of("xapi", statement("voided", about={"objectType": "StatementRef", "id": "s-0"}))
    assert (fact["state"], fact["voids"], fact["dedupe_key"]) == ("voided", "s-0", "s-1")
    assert "person" not in fact
    assert "course" not in fact


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("https://xapi.edlm/profiles/edlm-lms/concepts/verbs/enrolled", "enrolled"),
        ("registered", "enrolled"),
        ("http://activitystrea.ms/leave", "withdrawn"),
    ],
)
def test_enrolments_come_as_verbs_about_a_course(verb: str, state: str) -> None:
    fact = fact_of("xapi", statement(verb))
    assert (fact["type"], fact["state"]) == ("enrolment", state)


def test_an_enrolment_that_the_moodle_plugin_updated_has_an_unknown_state() -> None:
    info = {
        "http://lrs.learninglocker.net/define/extensions/info": {"event_name": "\\core\\event\\user_enrolment_updated"}
    }
    fact = fact_of("xapi", statement("http://activitystrea.ms/schema/1.0/update", context={"extensions": info}))
    assert (fact["type"], fact["state"], fact["vendor_state"]) == ("enrolment", "unknown", "updated")


def test_a_score_is_a_fraction_where_the_scale_is_told() -> None:
    assert fact_of("xapi", statement("scored", result={"score": {"raw": 75, "min": 50, "max": 100}}))["score"] == 0.5
    assert "score" not in fact_of("xapi", statement("scored", result={"score": {"raw": 75}}))
    assert "score" not in fact_of("xapi", statement("failed", result={"score": {"scaled": -0.5}}))
    assert fact_of("xapi", statement("scored", result={"score": {"scaled": 1}}))["type"] == "grade"


def test_one_bad_statement_never_loses_the_others() -> None:
    found = understood(
        "xapi",
        [
            statement("completed"),
            {"verb": 3},
            "text",
            statement("passed", id="s-2", timestamp="nonsense"),
            statement("failed", id="s-3"),
        ],
    )
    assert [fact.dedupe_key for fact in found.facts] == ["s-1", "s-3"]
    assert [problem.item for problem in found.problems] == [1, 2, 3]
    assert "nonsense" in found.problems[2].detail


def test_a_page_of_a_record_store_is_a_batch() -> None:
    assert (
        len(facts_of("xapi", {"statements": [statement("completed"), statement("failed", id="s-2")], "more": ""})) == 2
    )


def test_a_statement_without_an_actor_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        facts_of("xapi", {"verb": {"id": f"{ADL}/verbs/completed"}, "object": COURSE})


def test_intentions_about_statements_are_ignored() -> None:
    planned = {
        "objectType": "SubStatement",
        "actor": LEARNER,
        "verb": {"id": f"{ADL}/verbs/completed"},
        "object": COURSE,
    }
    assert fact_of("xapi", statement("http://example.test/planned", about=planned))["type"] == "ignored"


def test_a_teacher_who_marks_a_learner_is_not_the_learner() -> None:
    context = {"extensions": {"http://vocab.xapi.fr/extensions/learner": {"account": {"name": "77"}}}}
    fact = fact_of(
        "xapi", statement("http://vocab.xapi.fr/verbs/marked-completion", context=context, result={"completion": True})
    )
    assert fact["person"]["value"] == "77"
