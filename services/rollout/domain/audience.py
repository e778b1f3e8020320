"""Who an audience filter means: a small language of our own, parsed to frozen nodes, never evaluated as code.

    region == "North" and not department in ["IT", "Legal"] or "pilot" in tags or champion

`and`, `or`, `not`, parentheses; `==` and `!=` with text or null; `in` and `not in` with a list of texts; `"text" in tags`;
`champion` and `true`/`false` alone. Text compares exactly. What is unknown about a person is null: it equals only null.
Chosen over JMESPath because a typo in a field is an error with its place here, and silently null there.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

TEXT_FIELDS: Final = ("id", "email", "region", "site", "department", "role", "persona", "language", "kind")
FLAG_FIELDS: Final = ("champion",)
LIST_FIELDS: Final = ("tags",)
MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 50
"""Deeper nesting is refused where it is written, so that no filter can exhaust the stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """What audience filters may ask about a person. Unknown text is None and equals nothing but null."""

    id: str
    email: str | None = None
    region: str | None = None
    site: str | None = None
    department: str | None = None
    role: str | None = None
    persona: str | None = None
    language: str | None = None
    kind: str = "employee"
    tags: tuple[str, ...] = ()
    champion: bool = False
    active: bool = True


Predicate = Callable[[PersonRecord], bool]


class FilterProblem(ValueError):
    """The filter cannot be understood; `position` is the character (from 1) where that shows."""

    def __init__(self, detail: str, position: int) -> None:
        super().__init__(f"{detail} (at character {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


_TOKENS = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\["\\])*"|'(?:[^'\\]|\\['\\])*')|(?P<op>==|!=)|(?P<mark>[()\[\],])|(?P<word>[A-Za-z_]\w*))"""
)
_KEYWORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})


def _tokens(source: str) -> Iterator[_Token]:
    at, end = 0, len(source.rstrip())
    while at < end:
        found = _TOKENS.match(source, at)
        if found is None or found.lastgroup is None:
            place = at + len(source[at:]) - len(source[at:].lstrip())
            raise FilterProblem(f"{source[place]!r} has no meaning here", place + 1)
        text = found[found.lastgroup]
        speaks_for_itself = found.lastgroup in ("op", "mark") or text in _KEYWORDS
        kind = text if speaks_for_itself else found.lastgroup
        yield _Token(kind, text, found.start(found.lastgroup) + 1)
        at = found.end()
    yield _Token("end", "", end + 1)


def parse_filter(source: str) -> Predicate:
    """The filter as a test of one person. `FilterProblem` names the place of what is wrong."""
    if not source.strip():
        raise FilterProblem("The filter is empty; write true to mean everybody", 1)
    if len(source) > MAX_LENGTH:
        raise FilterProblem(f"The filter is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(list(_tokens(source))).parse()


class _Parser:
    """Recursive descent; one method per precedence, loosest first."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def parse(self) -> Predicate:
        predicate = self._either()
        rest = self._peek()
        if rest.kind != "end":
            raise FilterProblem(
                f"{rest.text!r} was not expected; is an and, or, or parenthesis missing?", rest.position
            )
        return predicate

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *kinds: str) -> _Token:
        token = self._tokens[self._at]
        if kinds and token.kind not in kinds:
            found = repr(token.text) if token.text else "the end"
            raise FilterProblem(f"Expected {' or '.join(kinds)}, found {found}", token.position)
        self._at += 1
        return token

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._peek().kind == "or":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda person: any(part(person) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._negated()]
        while self._peek().kind == "and":
            self._take()
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda person: all(part(person) for part in parts)

    def _negated(self) -> Predicate:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterProblem(f"The filter is nested more than {MAX_DEPTH} deep", self._peek().position)
        try:
            if self._peek().kind != "not":
                return self._test()
            self._take()
            inner = self._negated()
            return lambda person: not inner(person)
        finally:
            self._depth -= 1

    def _test(self) -> Predicate:
        token = self._take()
        if token.kind == "(":
            inner = self._either()
            self._take(")")
            return inner
        if token.kind in ("true", "false"):
            value = token.kind == "true"
            return lambda person: value
        if token.kind == "text":
            self._take("in")
            field = self._take("word")
            if field.text not in LIST_FIELDS:
                raise FilterProblem(f"Only {', '.join(LIST_FIELDS)} can stand here, not {field.text!r}", field.position)
            wanted = _unquoted(token)
            return lambda person: wanted in person.tags
        if token.kind == "word":
            return self._field_test(token)
        raise FilterProblem(f"Expected a test, found {token.text or 'the end'!r}", token.position)

    def _field_test(self, field: _Token) -> Predicate:
        name = field.text
        if name in FLAG_FIELDS:
            return lambda person: bool(getattr(person, name))
        if name in LIST_FIELDS:
            raise FilterProblem(f'Write "text" in {name}', field.position)
        if name not in TEXT_FIELDS:
            known = ", ".join((*TEXT_FIELDS, *FLAG_FIELDS, *LIST_FIELDS))
            raise FilterProblem(f"{name!r} is not known of people; known are {known}", field.position)
        operator = self._take("==", "!=", "in", "not")
        if operator.kind in ("==", "!="):
            value = self._value()
            same = operator.kind == "=="
            return lambda person: (getattr(person, name) == value) is same
        if operator.kind == "not":
            self._take("in")
        values, inside = self._values(), operator.kind == "in"
        return lambda person: (getattr(person, name) in values) is inside

    def _value(self) -> str | None:
        token = self._take("text", "null")
        return None if token.kind == "null" else _unquoted(token)

    def _values(self) -> frozenset[str | None]:
        self._take("[")
        values = {self._value()}
        while self._take(",", "]").kind == ",":
            values.add(self._value())
        return frozenset(values)


def _unquoted(token: _Token) -> str:
    return re.sub(r"\\(.)", r"\1", token.text[1:-1])
