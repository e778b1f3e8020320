"""A plan's text to plain values, remembering on which line each stands. YAML 1.2's core words only; no tags, no aliases."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from services.rollout.domain.plan import Problem
from services.rollout.errors import PlanNotReadable
from shared.errors import FieldProblem

MAX_CHARACTERS = 512 * 1024
MAX_DEPTH = 40
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?|[0-9]+[eE][-+]?[0-9]{1,3})")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(slots=True)
class PlanDocument:
    """Plain values, and for each JSON pointer the line and column (from 1) where it stands."""

    value: Any
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def line_of(self, pointer: str) -> int | None:
        """The line of the place, or of the nearest one around it."""
        while pointer not in self.places:
            if not pointer:
                return None
            pointer = pointer.rpartition("/")[0]
        return self.places[pointer][0]

    def located(self, problem: Problem) -> FieldProblem:
        """The problem with its line in words."""
        line = self.line_of(problem.pointer)
        at = f" (line {line})" if line is not None else ""
        return FieldProblem(problem.pointer or "/", f"{problem.detail}{at}")


def read_document(text: str) -> PlanDocument:
    """Read YAML (JSON is YAML). `PlanNotReadable` names line and column of what cannot be read."""
    if len(text) > MAX_CHARACTERS:
        raise PlanNotReadable(f"The plan is longer than {MAX_CHARACTERS // 1024} KiB.")
    try:
        _refuse_what_expands(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unreadable(error.problem or str(error), mark) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise PlanNotReadable(f"The plan is not YAML: {error}") from error
    if node is None:
        raise PlanNotReadable("The plan is empty.")
    document = PlanDocument(None)
    document.value = _value(node, "", document.places)
    return document


def _unreadable(detail: str, mark: Any) -> PlanNotReadable:
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "the document"
    return PlanNotReadable(
        f"The plan cannot be read: {where}: {detail}.", errors=[FieldProblem("/", f"{where}: {detail}")]
    )


def _refuse_what_expands(text: str) -> None:
    """Before a tree is built: an alias could make a small text enormous, deep nesting could exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _unreadable("anchors and aliases are not allowed in a plan", event.start_mark)
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            raise _unreadable(f"the tag {tag} is not allowed in a plan", event.start_mark)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _unreadable(f"nested more than {MAX_DEPTH} deep", event.start_mark)


def _value(node: yaml.Node, pointer: str, places: dict[str, tuple[int, int]]) -> Any:
    places[pointer] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, pointer, places)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{pointer}/{index}", places) for index, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node)


def _mapping(node: yaml.MappingNode, pointer: str, places: dict[str, tuple[int, int]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _unreadable("a field's name must be plain text", key_node.start_mark)
        key = _printable(key_node)
        if key in found:
            raise _unreadable(f"{key!r} stands here twice", key_node.start_mark)
        token = key.replace("~", "~0").replace("/", "~1")
        found[key] = _value(value_node, f"{pointer}/{token}", places)
        places[f"{pointer}/{token}"] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
    return found


def _printable(node: yaml.ScalarNode) -> str:
    """No database keeps NUL in a text, and half a surrogate pair is no character."""
    text: str = node.value
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _unreadable("text must not contain NUL or half a surrogate pair", node.start_mark)
    return text


def _scalar(node: yaml.ScalarNode) -> Any:
    text = _printable(node)
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
