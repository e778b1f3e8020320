"""A small, strict reader of PHP's `serialize()`: scalars and arrays only, because nothing else belongs in a log row.

Moodle's standard log store writes the column `other` this way. Objects (`O:`), references (`R:`, `r:`) and custom classes (`C:`)
are refused: reading them is how PHP applications got exploited, and no fact needs them.
"""

import re
from typing import Any

MAX_DEPTH = 16
MAX_ITEMS = 1_000

_SCALAR = re.compile(rb"(?:N;|b:([01]);|i:(-?\d{1,19});|d:(-?\d{1,20}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?);)")
_TEXT = re.compile(rb"s:(\d{1,7}):\"")
_ARRAY = re.compile(rb"a:(\d{1,7}):\{")


def unserialize(text: str) -> Any:
    """The value of a serialised text; arrays with keys 0..n-1 become lists, others objects with text keys.

    `ValueError` for anything that is not exactly one serialised value. Lengths count UTF-8 bytes, as PHP counts them.
    """
    data = text.encode("utf-8", "surrogatepass")
    value, end = _value(data, 0, MAX_DEPTH)
    if end != len(data):
        raise ValueError(f"text after the serialised value at byte {end}")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if scalar := _SCALAR.match(data, at):
        boolean, integer, decimal = scalar.groups()
        if boolean is not None:
            return boolean == b"1", scalar.end()
        if integer is not None:
            return int(integer), scalar.end()
        return (float(decimal) if decimal is not None else None), scalar.end()
    if quoted := _TEXT.match(data, at):
        end = quoted.end() + int(quoted[1])
        if data[end : end + 2] != b'";':
            raise ValueError(f"the text at byte {at} has another length than it says")
        return data[quoted.end() : end].decode("utf-8"), end + 2
    if array := _ARRAY.match(data, at):
        return _array(data, array.end(), int(array[1]), depth)
    raise ValueError(f"no scalar and no array at byte {at}")


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[Any, int]:
    if depth == 0 or count > MAX_ITEMS:
        raise ValueError(f"the array before byte {at} is too deep or too long")
    entries: dict[str, Any] = {}
    for _ in range(count):
        key, at = _value(data, at, 0)
        if not isinstance(key, int | str):
            raise ValueError(f"the key before byte {at} is neither number nor text")
        entries[str(key)], at = _value(data, at, depth - 1)
    if data[at : at + 1] != b"}":
        raise ValueError(f"the array does not end at byte {at}")
    return listed(entries), at + 1


def listed(entries: dict[str, Any]) -> Any:
    """PHP's arrays are ordered maps: keys "0".."n-1" in order mean a list, also in its JSON."""
    return list(entries.values()) if entries and list(entries) == [str(n) for n in range(len(entries))] else entries
