"""Plans: what is read, what is refused, and where."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.plan import (
    PlanInvalid,
    parse_duration,
    parse_plan,
    plan_hash,
    render_duration,
    render_plan,
)
from services.rollout.errors import PlanNotReadable
from services.rollout.usecases.plan_document import read_document

DOCUMENT: dict[str, Any] = {
    "apiVersion": "glidepath/v1",
    "kind": "Rollout",
    "metadata": {"name": "video", "title": "Video"},
    "spec": {
        "zone": "Europe/Berlin",
        "go_to": {"name": "Rosa", "email": "rosa@example.test"},
        "notice": "P14D",
        "courses": {"moodle": 21, "moodle-test": "7"},
        "systems": ["portal"],
        "signers": {"dba": [{"name": "Dora", "email": "dora@example.test"}]},
        "waves": [
            {"name": "one", "source": "moodle-test", "audience": {"members": ["a@example.test"]}},
            {
                "name": "two",
                "source": "moodle",
                "audience": {"filter": 'region == "North"', "percentage": 50, "exclude": ["b@example.test"]},
                "bake": "P2D",
                "not_before": "2026-06-01",
                "gates": [
                    {"name": "c", "kind": "completion", "at_least": 0.9, "within": "21d"},
                    {"name": "t", "kind": "tickets", "max_open": 3, "priorities": ["P1", "P2"]},
                    {"name": "s", "kind": "sla", "target": "first_response"},
                    {"name": "v", "kind": "survey", "instrument": "readiness", "measure": "ready", "at_least": 0.6},
                    {"name": "o", "kind": "signoff", "roles": ["dba"]},
                    {"name": "k", "kind": "calendar"},
                ],
            },
        ],
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document with one place changed; a step that is a number goes into a list."""
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    *steps, last = path.split("/")
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return document


def problems(document: Any) -> dict[str, str]:
    with pytest.raises(PlanInvalid) as caught:
        parse_plan(document)
    return {problem.pointer: problem.detail for problem in caught.value.problems}


def test_a_whole_plan_is_read() -> None:
    plan = parse_plan(DOCUMENT)
    assert plan.notice_for == timedelta(days=14)
    assert plan.wave("two").after == ("one",), "waves come one after the other unless they say otherwise"
    assert plan.wave("two").not_before_at == datetime(2026, 5, 31, 22, tzinfo=UTC), "midnight in the plan's zone"
    assert plan.course_of(plan.wave("one")) == ("moodle-test", "7")
    assert [gate.stage for gate in plan.wave("two").gates] == [
        "exit",
        "background",
        "background",
        "entry",
        "entry",
        "entry",
    ]


def test_the_canonical_form_is_read_back_as_the_same_plan_with_the_same_hash() -> None:
    plan = parse_plan(DOCUMENT)
    again = parse_plan(render_plan(plan))
    assert again == plan
    assert plan_hash(again) == plan_hash(plan)


def test_spelling_does_not_count_for_the_hash_and_meaning_does() -> None:
    plan = parse_plan(DOCUMENT)
    assert plan_hash(parse_plan(changed("spec/waves/1/bake", "48h"))) == plan_hash(plan)
    assert plan_hash(parse_plan(changed("spec/courses/moodle", "21"))) == plan_hash(plan)
    assert plan_hash(parse_plan(changed("spec/waves/1/bake", "49h"))) != plan_hash(plan)


@pytest.mark.parametrize(
    ("path", "value", "pointer", "words"),
    [
        ("apiVersion", "glidepath/v2", "/apiVersion", "not one of"),
        ("metadata/name", "Video!", "/metadata/name", "is not a name"),
        ("spec/zone", "Mars/Base", "/spec/zone", "time zone"),
        ("spec/zone", "../etc/passwd", "/spec/zone", "time zone"),
        ("spec/notice", "a fortnight", "/spec/notice", "P14D"),
        ("spec/notice", "P1M", "/spec/notice", "not a duration"),
        ("spec/notice", 14, "/spec/notice", "a number"),
        ("spec/notise", "P14D", "/spec/notise", "did you mean 'notice'"),
        ("spec/go_to", None, "/spec/notice", "go_to"),
        ("spec/go_to/email", "rosa", "/spec/go_to/email", "not an e-mail"),
        ("spec/go_to/email", "rosa@x.test\nBcc: all@x.test", "/spec/go_to/email", "not an e-mail"),
        ("spec/waves", [], "/spec/waves", "1 to 100 waves"),
        ("spec/waves", "north", "/spec/waves", "list"),
        ("spec/waves/0", "north", "/spec/waves/0", "mapping"),
        ("spec/waves/1/name", "one", "/spec/waves/1/name", "already"),
        ("spec/waves/1/after", ["tow"], "/spec/waves/1/after/0", "no wave 'tow'"),
        ("spec/waves/1/after", ["two"], "/spec/waves/1/after", "two → two"),
        ("spec/waves/0/after", ["two"], "/spec/waves/0/after", "one → two → one"),
        ("spec/waves/0/source", "canvas", "/spec/waves/0/source", "not one of"),
        ("spec/waves/0/source", None, "/spec/waves/0/source", "which source"),
        ("spec/waves/0/audience", {}, "/spec/waves/0/audience", "empty"),
        ("spec/waves/1/audience/filter", "  ", "/spec/waves/1/audience/filter", "empty"),
        ("spec/waves/1/audience/filter", "regin == 'x'", "/spec/waves/1/audience/filter", "'regin' is not known"),
        ("spec/waves/1/audience/percentage", 120, "/spec/waves/1/audience/percentage", "outside"),
        ("spec/waves/0/audience/percentage", 10, "/spec/waves/0/audience/percentage", "thins out a filter"),
        ("spec/waves/1/not_before", "2026-06-01T09:00:00", "/spec/waves/1/not_before", "offset"),
        ("spec/waves/1/gates/0/kind", "complete", "/spec/waves/1/gates/0/kind", "did you mean 'completion'"),
        ("spec/waves/1/gates/0/at_least", 90, "/spec/waves/1/gates/0/at_least", "outside 0 to 1"),
        ("spec/waves/1/gates/0/at_least", float("nan"), "/spec/waves/1/gates/0/at_least", "outside 0 to 1"),
        ("spec/waves/1/gates/0/at_least", None, "/spec/waves/1/gates/0", "missing"),
        ("spec/waves/1/gates/0/stage", "entry", "/spec/waves/1/gates/0/stage", "not one of exit"),
        ("spec/waves/1/gates/1/name", "c", "/spec/waves/1/gates/1/name", "already"),
        ("spec/waves/1/gates/1/max_open", None, "/spec/waves/1/gates/1", "max_open"),
        ("spec/waves/1/gates/1/priorities", ["P9"], "/spec/waves/1/gates/1/priorities/0", "not one of"),
        ("spec/waves/1/gates/4/roles", ["network"], "/spec/waves/1/gates", "'network'"),
        ("spec/waves/1/gates/4/roles", {"dba": 2}, "/spec/waves/1/gates", "needs 2 of 'dba'"),
        ("spec/signers/dba", [], "/spec/signers/dba", "Nobody signs"),
    ],
)
def test_every_mistake_is_named_by_its_place(path: str, value: Any, pointer: str, words: str) -> None:
    found = problems(changed(path, value))
    assert pointer in found, found
    assert words in found[pointer]


def test_one_mistake_does_not_hide_another() -> None:
    document = changed("spec/zone", "Mars/Base")
    document["spec"]["waves"][0]["audience"] = {}
    document["metadata"]["name"] = "?"
    assert {"/spec/zone", "/spec/waves/0/audience", "/metadata/name"} <= problems(document).keys()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_is_no_plan_is_refused_and_never_breaks(document: Any) -> None:
    assert problems(document)


@given(
    st.sampled_from(["metadata", "spec"]),
    st.sampled_from(list(DOCUMENT["spec"])),
    st.text() | st.integers() | st.none(),
)
def test_any_value_in_any_field_is_read_or_refused(section: str, name: str, value: Any) -> None:
    document = changed(f"{section}/{name}", value)
    try:
        plan = parse_plan(document)
    except PlanInvalid:
        return
    assert parse_plan(render_plan(plan)) == plan


@given(st.integers(0, 3660 * 86400))
def test_a_duration_is_read_back_as_it_was_written(seconds: int) -> None:
    span = timedelta(seconds=seconds)
    assert parse_duration(render_duration(span)) == span


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1", "1y", "-1d", "P-1D", "d", "9" * 40 + "d", "3700d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|ten years"):
        parse_duration(text)


def test_a_document_remembers_on_which_line_things_stand() -> None:
    document = read_document("a:\n  b:\n    - x\n    - {c: 1}\n")
    assert document.value == {"a": {"b": ["x", {"c": 1}]}}
    assert document.line_of("/a/b/1/c") == 4
    assert document.line_of("/a/b/1/missing") == 4


def test_only_the_core_words_of_yaml_have_a_meaning() -> None:
    document = read_document("[yes, on, 012, 0x1f, 1_000, 2026-06-01, null, true, 1.5, '7', 7]")
    assert document.value == ["yes", "on", "012", "0x1f", "1_000", "2026-06-01", None, True, 1.5, "7", 7]


@pytest.mark.parametrize("text", ['a: "\\0"', '"a\\0": 1', 'a: "\\ud800"'])
def test_text_that_no_database_keeps_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(PlanNotReadable, match="line 1, column"):
        read_document(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31"])
def test_a_year_that_cannot_be_meant_is_refused(text: str) -> None:
    assert "cannot be meant" in problems(changed("spec/waves/1/not_before", text))["/spec/waves/1/not_before"]
