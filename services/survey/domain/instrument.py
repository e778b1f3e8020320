"""A questionnaire as published: immutable, identified by (id, version), with stable ids for questions.

Answers are kept under question ids and as the chosen number, never as label text: renaming a label must not turn an old
answer into another one.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, NewType

QuestionId = NewType("QuestionId", str)
Answers = Mapping[QuestionId, int]

_ID = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_MOST_STEPS = 11


class Mode(StrEnum):
    """What links a person to an answer. Frozen in the published version."""

    IDENTIFIED = "identified"
    CONFIDENTIAL = "confidential"  # linked in a table of its own that only the program reads; people see totals
    ANONYMOUS = "anonymous"  # linked nowhere once sealed


class InstrumentInvalid(ValueError):
    """`place` names the part of the document that is wrong."""

    def __init__(self, place: str, detail: str) -> None:
        super().__init__(f"{place}: {detail}")
        self.place = place
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleQuestion:
    id: QuestionId
    text: str
    choices: tuple[Choice, ...]
    """In rising order, without gaps."""
    step: str = ""
    """A short name for results, e.g. `Awareness`."""

    @property
    def values(self) -> range:
        return range(self.choices[0].value, self.choices[-1].value + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A yes-or-no reading of one person's answers: yes if every listed answer is above `above`."""

    id: str
    title: str
    questions: tuple[QuestionId, ...]
    """In the order in which a missing step is a barrier."""
    above: int

    def barrier(self, answers: Answers) -> QuestionId | None:
        """The first step at `above` or below, or None: this person counts as a yes."""
        return next((question for question in self.questions if answers[question] <= self.above), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    id: str
    version: int
    title: str
    intro: str
    language: str
    """BCP 47, for the page's `lang`."""
    mode: Mode
    k: int
    """Fewest people a published figure may speak of. Thresholds only rise."""
    privacy: tuple[str, ...]
    """What is stored, in sentences, shown before the first question."""
    questions: tuple[ScaleQuestion, ...]
    measures: tuple[Measure, ...]
    sha256: str
    """Of the canonical document: a published version never changes."""

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"

    def find_measure(self, measure: str) -> Measure | None:
        return next((candidate for candidate in self.measures if candidate.id == measure), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerProblem:
    question: QuestionId
    detail: str


def document_hash(document: Mapping[str, Any]) -> str:
    """SHA-256 over sorted, compact JSON, so that comments and layout of the file do not matter."""
    plain = json.loads(json.dumps(document))  # numbers as keys become text before they are sorted
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()


def parse_instrument(document: Mapping[str, Any]) -> Instrument:
    """Raises `InstrumentInvalid` naming the place."""
    _only(
        document,
        {"id", "version", "title", "intro", "language", "mode", "k", "privacy", "scales", "questions", "measures"},
    )
    scales = {str(name): _choices(f"scales/{name}", rows) for name, rows in _mapping(document, "scales").items()}
    questions = tuple(_question(index, row, scales) for index, row in enumerate(_rows(document, "questions")))
    _unique("questions", [question.id for question in questions])
    measures = tuple(_measure(index, row, questions) for index, row in enumerate(_rows(document, "measures")))
    _unique("measures", [measure.id for measure in measures])
    mode = _mode(document)
    return Instrument(
        id=_identifier("id", document.get("id")),
        version=_whole("version", document.get("version"), at_least=1),
        title=_text("title", document.get("title")),
        intro=_text("intro", document.get("intro")),
        language=_text("language", document.get("language")),
        mode=mode,
        k=_threshold(document, mode),
        privacy=tuple(_text(f"privacy/{i}", line) for i, line in enumerate(_rows(document, "privacy"))),
        questions=questions,
        measures=measures,
        sha256=document_hash(document),
    )


def read_answers(
    instrument: Instrument, form: Mapping[str, Sequence[str]]
) -> tuple[dict[QuestionId, int], list[AnswerProblem]]:
    """A submitted form to answers, and every problem by question. What is no question of ours is ignored."""
    answers: dict[QuestionId, int] = {}
    problems: list[AnswerProblem] = []
    for question in instrument.questions:
        given = [text for text in form.get(question.id, ()) if text.strip()]
        if not given:
            problems.append(AnswerProblem(question=question.id, detail="Please choose one of the answers."))
        elif len(given) > 1:
            problems.append(AnswerProblem(question=question.id, detail="Please choose one answer only."))
        elif (chosen := _chosen(given[0], question)) is None:
            problems.append(AnswerProblem(question=question.id, detail="This is not one of the answers offered."))
        else:
            answers[question.id] = chosen
    return answers, problems


def _chosen(text: str, question: ScaleQuestion) -> int | None:
    return next((choice.value for choice in question.choices if str(choice.value) == text.strip()), None)


def _question(index: int, row: Any, scales: Mapping[str, tuple[Choice, ...]]) -> ScaleQuestion:
    place = f"questions/{index}"
    if not isinstance(row, Mapping):
        raise InstrumentInvalid(place, "must be a mapping")
    _only(row, {"id", "type", "text", "step", "scale"}, place)
    if row.get("type") != "scale":
        raise InstrumentInvalid(f"{place}/type", "only `scale` is known")
    if row.get("scale") not in scales:
        raise InstrumentInvalid(f"{place}/scale", f"there is no scale {row.get('scale')!r}")
    return ScaleQuestion(
        id=QuestionId(_identifier(f"{place}/id", row.get("id"))),
        text=_text(f"{place}/text", row.get("text")),
        step=_text(f"{place}/step", row.get("step")),
        choices=scales[row["scale"]],
    )


def _measure(index: int, row: Any, questions: Sequence[ScaleQuestion]) -> Measure:
    place = f"measures/{index}"
    if not isinstance(row, Mapping):
        raise InstrumentInvalid(place, "must be a mapping")
    _only(row, {"id", "title", "kind", "questions", "above"}, place)
    if row.get("kind") != "every_above":
        raise InstrumentInvalid(f"{place}/kind", "only `every_above` is known")
    known = {question.id for question in questions}
    listed = tuple(QuestionId(str(name)) for name in _rows(row, "questions", place))
    for name in listed:
        if name not in known:
            raise InstrumentInvalid(f"{place}/questions", f"there is no question {name!r}")
    return Measure(
        id=_identifier(f"{place}/id", row.get("id")),
        title=_text(f"{place}/title", row.get("title")),
        questions=listed,
        above=_whole(f"{place}/above", row.get("above")),
    )


def _choices(place: str, rows: Any) -> tuple[Choice, ...]:
    if not isinstance(rows, Mapping) or not 2 <= len(rows) <= _MOST_STEPS:
        raise InstrumentInvalid(place, f"must map 2 to {_MOST_STEPS} numbers to labels")
    labels = {_number(place, key): label for key, label in rows.items()}
    values = sorted(labels)
    if values != list(range(values[0], values[0] + len(rows))):
        raise InstrumentInvalid(place, "numbers must follow each other without gaps")
    return tuple(Choice(value=value, label=_text(f"{place}/{value}", labels[value])) for value in values)


def _number(place: str, key: Any) -> int:
    """A key of a scale: a number in YAML, text in JSON."""
    if isinstance(key, str) and key.isascii() and key.isdigit():
        return int(key)
    return _whole(place, key)


def _mode(document: Mapping[str, Any]) -> Mode:
    try:
        return Mode(str(document.get("mode")))
    except ValueError:
        raise InstrumentInvalid("mode", f"must be one of {', '.join(Mode)}") from None


def _threshold(document: Mapping[str, Any], mode: Mode) -> int:
    lowest = 1 if mode is Mode.IDENTIFIED else 5
    return _whole("k", document.get("k"), at_least=lowest)


def _only(document: Mapping[str, Any], known: set[str], place: str = "") -> None:
    strange = sorted(str(key) for key in document if key not in known)
    if strange:
        raise InstrumentInvalid(f"{place}/{strange[0]}".lstrip("/"), "is not known here")


def _mapping(document: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = document.get(key)
    if not isinstance(value, Mapping) or not value:
        raise InstrumentInvalid(key, "must be a mapping that is not empty")
    return value


def _rows(document: Mapping[str, Any], key: str, place: str = "") -> list[Any]:
    value = document.get(key)
    if not isinstance(value, list) or not value:
        raise InstrumentInvalid(f"{place}/{key}".lstrip("/"), "must be a list that is not empty")
    return value


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InstrumentInvalid(place, "must be text that is not empty")
    return " ".join(value.split())


def _identifier(place: str, value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InstrumentInvalid(place, "must be lower case letters, digits, `_` or `-`, and begin with a letter")
    return value


def _whole(place: str, value: Any, *, at_least: int | None = None) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InstrumentInvalid(place, "must be a whole number")
    if at_least is not None and value < at_least:
        raise InstrumentInvalid(place, f"must be at least {at_least}")
    return value


def _unique(place: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InstrumentInvalid(place, f"{name!r} occurs twice")
        seen.add(name)
