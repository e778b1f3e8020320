"""Where in a JSON text a JSON pointer (RFC 6901) points to, so that a mistake can be shown at its line. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final

_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()
DEEPEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    pointer: str
    line: int
    column: int
    detail: str


def place_in(text: str, pointer: str, detail: str) -> Place:
    """The place of what `pointer` names, or of the innermost thing around it that is there. `text` is valid JSON."""
    wanted = [
        part.replace("~1", "/").replace("~0", "~") for part in pointer.strip("/").split("/") if pointer.strip("/")
    ]
    try:
        at = _descend(text, _skip(text, 0), wanted[:DEEPEST])
    except (ValueError, IndexError):
        at = 0
    line = text.count("\n", 0, at) + 1
    return Place(pointer=pointer, line=line, column=at - text.rfind("\n", 0, at), detail=detail)


def _descend(text: str, at: int, wanted: list[str]) -> int:
    for name in wanted:
        found = _member(text, at, name)
        if found is None:
            return at
        at = found
    return at


def _member(text: str, at: int, name: str) -> int | None:
    """Where the value of a member or element begins."""
    if text[at] not in "{[":
        return None
    closing, is_list, index = ("]", True, 0) if text[at] == "[" else ("}", False, 0)
    at = _skip(text, at + 1)
    while text[at] != closing:
        key: Any = index
        if not is_list:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if str(key) == name:
            return at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
