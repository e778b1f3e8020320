import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import services.survey
from services.survey.domain.instrument import (
    InstrumentInvalid,
    Mode,
    QuestionId,
    document_hash,
    parse_instrument,
    read_answers,
)

FOLDER = Path(services.survey.__file__).parent / "instruments"
STEPS = ["awareness", "desire", "knowledge", "ability", "reinforcement"]

# A published version never changes. If this fails, raise `version` in the file and add a row; never edit one.
PUBLISHED = {
    "readiness@1": "c10bec336ca289f9237d4b58d4a027f2331398c5f05e72b9a4ff22d8960d9dc5",
    "readiness-anonymous@1": "66d64e2dd3b1a57ecb304541a9377f4f793f4175b50a353957075a58dcf22e33",
}


def document(name: str = "readiness") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return loaded


def form(**answers: object) -> dict[str, list[str]]:
    return {step: [str(answers.get(step, 4))] for step in STEPS if answers.get(step, 4) is not None}


@pytest.mark.parametrize("name", ["readiness", "readiness-anonymous"])
def test_a_published_version_still_has_the_content_it_was_published_with(name: str) -> None:
    instrument = parse_instrument(document(name))
    assert PUBLISHED[instrument.name] == instrument.sha256


def test_readiness_has_the_five_steps_in_order_and_is_confidential() -> None:
    instrument = parse_instrument(document())
    assert [question.id for question in instrument.questions] == STEPS
    assert [list(question.values) for question in instrument.questions] == [[1, 2, 3, 4, 5]] * 5
    assert (instrument.mode, instrument.k) == (Mode.CONFIDENTIAL, 5)
    assert parse_instrument(document("readiness-anonymous")).mode is Mode.ANONYMOUS


def test_everyone_above_three_on_every_step_is_ready() -> None:
    measure = parse_instrument(document()).find_measure("ready")
    assert measure is not None
    assert measure.barrier({QuestionId(step): 4 for step in STEPS}) is None


def test_the_barrier_is_the_first_step_at_three_or_below() -> None:
    measure = parse_instrument(document()).find_measure("ready")
    assert measure is not None
    answers = {QuestionId(step): 5 for step in STEPS} | {QuestionId("ability"): 1, QuestionId("knowledge"): 3}
    assert measure.barrier(answers) == "knowledge"


def test_the_hash_ignores_layout_and_sees_content() -> None:
    original = document()
    reordered = dict(reversed(list(original.items())))
    assert document_hash(reordered) == document_hash(original)
    assert document_hash({**original, "k": 6}) != document_hash(original)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("k", 4, "k: must be at least 5"),
        ("mode", "secret", "mode: must be one of"),
        ("version", 0, "version: must be at least 1"),
        ("id", "Readiness!", "id: must be lower case"),
        ("title", " ", "title: must be text"),
        ("questions", [], "questions: must be a list"),
        ("surprise", 1, "surprise: is not known here"),
        ("scales", {"agreement": {1: "no", 3: "yes"}}, "without gaps"),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(place: str, value: object, says: str) -> None:
    with pytest.raises(InstrumentInvalid, match=says):
        parse_instrument({**document(), place: value})


def test_wrong_questions_and_measures_are_refused_with_the_place() -> None:
    def refused(section: str, index: int, **changes: object) -> str:
        changed = copy.deepcopy(document())
        changed[section][index] |= changes
        with pytest.raises(InstrumentInvalid) as caught:
            parse_instrument(changed)
        return str(caught.value)

    assert refused("questions", 1, id="awareness").startswith("questions: 'awareness' occurs twice")
    assert refused("questions", 2, type="essay").startswith("questions/2/type")
    assert refused("questions", 2, scale="colours").startswith("questions/2/scale")
    assert refused("measures", 0, questions=["hope"]).startswith("measures/0/questions")
    assert refused("measures", 0, kind="mean").startswith("measures/0/kind")


def test_a_whole_form_is_read_as_numbers_by_question() -> None:
    answers, problems = read_answers(parse_instrument(document()), form(desire=2))
    assert problems == []
    assert answers == {"awareness": 4, "desire": 2, "knowledge": 4, "ability": 4, "reinforcement": 4}


@pytest.mark.parametrize("text", ["6", "0", "-1", "4.0", "04", "four", "४", "4; drop"])
def test_what_was_not_offered_is_refused_beside_its_question(text: str) -> None:
    _, problems = read_answers(parse_instrument(document()), form(ability=text))
    assert [(problem.question, "offered" in problem.detail) for problem in problems] == [("ability", True)]


def test_a_missing_and_a_double_answer_are_refused_beside_their_questions() -> None:
    given_form = form(awareness=None) | {"desire": ["1", "5"]}
    answers, problems = read_answers(parse_instrument(document()), given_form)
    assert [problem.question for problem in problems] == ["awareness", "desire"]
    assert set(answers) == {"knowledge", "ability", "reinforcement"}


@given(st.dictionaries(st.sampled_from([*STEPS, "other"]), st.lists(st.text(max_size=4), max_size=3)))
def test_any_form_gives_only_offered_answers_or_a_problem_per_question(submitted: dict[str, list[str]]) -> None:
    answers, problems = read_answers(parse_instrument(document()), submitted)
    assert sorted([*answers, *(problem.question for problem in problems)]) == sorted(STEPS)
    assert all(value in range(1, 6) for value in answers.values())
