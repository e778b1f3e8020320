"""JMESPath as vendor files use it: compiled once, checked when the file is read, with a few functions of our own.

An expression sees `body` (the document, or one item of a batch), `envelope` (the whole document), `headers` (lower-case names),
`context` (what a caller adds, for answers), `each` (one member, in rules with `each`) and `let` (names the file defined).

Functions beyond the standard. None of them raises: what does not fit gives null.
  lower(text), trim(text)     text(value)                 a text, a number or a boolean as text; null for objects, arrays, ""
  begins(text, start)         null-safe `starts_with`
  mentions(text, part)        null-safe `contains` for texts
  before(text, mark)          what stands before the first mark, or null       after(text, mark)   what stands behind it
  tail(text, mark)            what stands behind the last mark; the whole text if there is none
  iso(text)                   the text if it looks like an ISO date with a time, else null (templates write times for people, too)
  leaf(text)                  last part of a path, URL or PHP class: leaf('\\core\\event\\x') is 'x'
  latest(array)               the greatest positive number in an array
  member(array, name, value)  the first object of an array whose `name` is the value, both as texts: joins what lies beside a list
  fraction(value, low, high)  where a value lies between low and high, 0 to 1; null outside and where a bound is unknown
  unpack(value)               PHP-serialised or JSON text to its value; objects and arrays as they are
  claims(token)               the claims of a JWT, unverified
  lines(text)                 its lines, without their ends
  clip(text, length)          at most so many characters
  escaped(text)               text as HTML shows it: &, <, > and quotes written out, line ends as <br>
  plain(text)                 HTML as text: without tags, entities written out
  link(headers_link, rel)     the address with that `rel` in a Link header (RFC 8288), or null
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

from shared.mapping.bodies import read_claims, read_json
from shared.mapping.errors import NotUnderstood
from shared.mapping.php import unserialize

ROOTS = frozenset({"body", "envelope", "headers", "context", "each", "let"})
_Method = TypeVar("_Method", bound=Callable[..., Any])
_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}", re.ASCII)
_BREAK = re.compile(r"<br\s*/?>[ \t]*\n?|</(?:p|div|li|tr|h[1-6])\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(r"<([^<>]*)>\s*;[^,<]*?rel=\"?([\w-]+)\"?")
_SEPARATORS = re.compile(r"[/\\#]")


def as_text(value: Any) -> str | None:
    """A scalar as text, kept as sent; None for null, blank text, objects and arrays."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def as_number(value: Any) -> float | None:
    """A number, or a text that is one; None otherwise."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (isinstance(value, str) and len(value) > 40)
    ):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if -1e300 < number < 1e300 else None


def _takes(arguments: int) -> Callable[[_Method], _Method]:
    """Registers a method with the library: so many arguments, each of any type."""

    def mark(method: _Method) -> _Method:
        vars(method)["signature"] = ({"types": []},) * arguments
        return method

    return mark


class VendorFunctions(functions.Functions):  # type: ignore[misc]  # jmespath has no types
    """The functions listed above; `_func_` is how the library finds them."""

    @_takes(1)
    def _func_lower(self, value: Any) -> str | None:
        return value.lower() if isinstance(value, str) else None

    @_takes(1)
    def _func_trim(self, value: Any) -> str | None:
        return value.strip() if isinstance(value, str) else None

    @_takes(1)
    def _func_text(self, value: Any) -> str | None:
        return as_text(value)

    @_takes(2)
    def _func_begins(self, value: Any, start: Any) -> bool:
        return isinstance(value, str) and isinstance(start, str) and value.startswith(start)

    @_takes(2)
    def _func_mentions(self, value: Any, part: Any) -> bool:
        return _has(value, part)

    @_takes(2)
    def _func_before(self, value: Any, mark: Any) -> str | None:
        return value.partition(mark)[0] if _has(value, mark) else None

    @_takes(2)
    def _func_after(self, value: Any, mark: Any) -> str | None:
        return value.partition(mark)[2] if _has(value, mark) else None

    @_takes(1)
    def _func_leaf(self, value: Any) -> str | None:
        return _SEPARATORS.split(value.strip().rstrip("/\\#"))[-1] if isinstance(value, str) else None

    @_takes(2)
    def _func_tail(self, value: Any, mark: Any) -> str | None:
        return value.rpartition(mark)[2] if _has(value, mark) else as_text(value)

    @_takes(1)
    def _func_iso(self, value: Any) -> str | None:
        return value if isinstance(value, str) and _DATE_AND_TIME.match(value.strip()) else None

    @_takes(3)
    def _func_member(self, values: Any, name: Any, value: Any) -> Any:
        wanted = as_text(value)
        if wanted is None or not isinstance(name, str) or not isinstance(values, list):
            return None
        return next((each for each in values if isinstance(each, dict) and as_text(each.get(name)) == wanted), None)

    @_takes(1)
    def _func_latest(self, values: Any) -> float | None:
        numbers = [n for n in map(as_number, values) if n is not None and n > 0] if isinstance(values, list) else []
        return max(numbers, default=None)

    @_takes(3)
    def _func_fraction(self, value: Any, low: Any, high: Any) -> float | None:
        number, bottom, top = as_number(value), as_number(low), as_number(high)
        if number is None or bottom is None or top is None or not bottom < top or not bottom <= number <= top:
            return None
        return round((number - bottom) / (top - bottom), 6)

    @_takes(1)
    def _func_unpack(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value if isinstance(value, dict | list) else None
        try:
            return unserialize(value)
        except ValueError:
            pass
        try:
            return read_json(value)
        except NotUnderstood:
            return None

    @_takes(1)
    def _func_claims(self, value: Any) -> Any:
        try:
            return read_claims(value) if isinstance(value, str) else None
        except NotUnderstood:
            return None

    @_takes(1)
    def _func_lines(self, value: Any) -> list[str] | None:
        return value.splitlines() if isinstance(value, str) else None

    @_takes(2)
    def _func_clip(self, value: Any, length: Any) -> str | None:
        return value[: int(length)] if isinstance(value, str) and isinstance(length, int) else None

    @_takes(1)
    def _func_escaped(self, value: Any) -> str | None:
        return html.escape(value).replace("\n", "<br>\n") if isinstance(value, str) else None

    @_takes(1)
    def _func_plain(self, value: Any) -> str | None:
        return _plain(value) if isinstance(value, str) else None

    @_takes(2)
    def _func_link(self, value: Any, rel: Any) -> str | None:
        if not isinstance(value, str):
            return None
        return next((match[1] for match in _LINK.finditer(value) if match[2] == rel), None)


def _plain(markup: str) -> str:
    text = _BREAK.sub("\n", markup)
    return html.unescape(_TAG.sub("", text)).strip()


def _has(value: Any, mark: Any) -> bool:
    return isinstance(value, str) and isinstance(mark, str) and mark != "" and mark in value


_OPTIONS = jmespath.Options(custom_functions=VendorFunctions())
_FUNCTIONS: Mapping[str, Mapping[str, Any]] = VendorFunctions.FUNCTION_TABLE


class ExpressionFailed(Exception):
    """An expression met a value that it cannot take. `expression` is its text, `detail` what went wrong."""

    def __init__(self, expression: str, detail: str) -> None:
        super().__init__(f"{expression}: {detail}")
        self.expression = expression
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression that knows its own text."""

    text: str
    compiled: Any

    def of(self, root: Mapping[str, Any]) -> Any:
        """Its value. `ExpressionFailed` whatever the document does to it."""
        try:
            return self.compiled.search(root, options=_OPTIONS)
        except JMESPathError as error:
            raise ExpressionFailed(self.text, str(error)) from error
        except Exception as error:
            # The interpreter compares and adds what strangers sent: any error of Python's own is the document's fault.
            raise ExpressionFailed(self.text, f"{type(error).__name__}: {error}") from error

    def header_names(self) -> set[str]:
        """Headers that it reads, so that a vendor file cannot forget to keep one."""
        return self._members("headers")

    def let_names(self) -> set[str]:
        """Names under `let` that it uses."""
        return self._members("let")

    def _members(self, root: str) -> set[str]:
        return {
            node["children"][1]["value"]
            for node in _walk(self.compiled.parsed)
            if node["type"] == "subexpression"
            and node["children"][0] == {"type": "field", "children": [], "value": root}
            and node["children"][1]["type"] == "field"
        }


def in_order(reads: Mapping[str, set[str]]) -> list[str]:
    """Names so that each comes after those that it reads. `ValueError` where names go in a circle.

    How a file writes them down does not count: a vendor file travels as JSON and is kept by databases that sort its keys.
    """
    ordered: list[str] = []
    waiting = dict(reads)
    while waiting:
        ready = [name for name, read in waiting.items() if not (read & waiting.keys())]
        if not ready:
            raise ValueError(f"names under `let` use each other in a circle: {', '.join(sorted(waiting))}")
        ordered += ready
        waiting = {name: read for name, read in waiting.items() if name not in ready}
    return ordered


def compile_expression(text: str, *, roots: frozenset[str] = ROOTS) -> Expression:
    """Compile and check names and numbers of arguments. `ValueError` says what is wrong. `roots` is what it may start with."""
    try:
        compiled = jmespath.compile(text)
    except (JMESPathError, RecursionError) as error:
        raise ValueError(f"{text!r} is no JMESPath: {' '.join(str(error).split())}") from error
    for node in _walk(compiled.parsed):
        if node["type"] == "function_expression":
            _check_call(text, node)
        if node["type"] in ("subexpression", "index_expression") and node["children"][0]["type"] == "not_expression":
            raise ValueError(f"{text!r}: `!a.b` is read as `(!a).b`; write `!(a.b)`")
    first = _first_name(compiled.parsed)
    if first is not None and first not in roots:
        raise ValueError(f"{text!r} starts with {first!r}; an expression starts with one of {', '.join(sorted(roots))}")
    return Expression(text, compiled)


def _check_call(text: str, node: Mapping[str, Any]) -> None:
    known = _FUNCTIONS.get(node["value"])
    if known is None:
        raise ValueError(f"{text!r} calls {node['value']}(), which is no function")
    wanted, given = known["signature"], len(node["children"])
    variadic = bool(wanted) and bool(wanted[-1].get("variadic"))
    if given < len(wanted) or (given > len(wanted) and not variadic):
        raise ValueError(f"{text!r} calls {node['value']}() with {given} arguments; it takes {len(wanted)}")


def _walk(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node["children"]:
        if isinstance(child, Mapping):
            yield from _walk(child)


def _first_name(node: Mapping[str, Any]) -> str | None:
    """The field at the very start of a plain path; None for anything more involved."""
    while node["type"] in (
        "subexpression",
        "index_expression",
        "projection",
        "value_projection",
        "pipe",
        "filter_projection",
    ):
        node = node["children"][0]
    return node["value"] if node["type"] == "field" else None
