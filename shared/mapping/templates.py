"""Addresses and texts with `{expressions}` in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.mapping.expressions import Expression, ExpressionFailed, as_text, compile_expression

_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and expressions in turn."""

    text: str
    parts: tuple[str | Expression, ...]

    @property
    def is_bare(self) -> bool:
        """Whether it is one expression and nothing else: its value is then an address as it stands."""
        return len(self.parts) == 1 and isinstance(self.parts[0], Expression)

    def fill(self, root: Mapping[str, Any], *, quoted: bool = True) -> str:
        """With the values put in, quoted for a path unless told otherwise. `ExpressionFailed` where one is missing."""
        filled = []
        for part in self.parts:
            if isinstance(part, str):
                filled.append(part)
                continue
            value = as_text(part.of(root))
            if value is None:
                raise ExpressionFailed(part.text, f"has no value to put into {self.text!r}")
            filled.append(quote(value, safe="") if quoted and not self.is_bare else value)
        return "".join(filled)


def compile_template(text: str, *, roots: frozenset[str]) -> Template:
    """`ValueError` says what is wrong."""
    parts: list[str | Expression] = []
    at = 0
    for match in _PLACE.finditer(text):
        if match.start() > at:
            parts.append(text[at : match.start()])
        parts.append(compile_expression(match[1], roots=roots))
        at = match.end()
    if at < len(text) or not parts:
        parts.append(text[at:])
    return Template(text, tuple(parts))
