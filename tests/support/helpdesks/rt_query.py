"""As much of Request Tracker's query language as a helpdesk's client needs: `A >= 'x' AND (B = "y" OR C = 3)`."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(r"\s*(?:(\(|\)|>=|<=|!=|=|<|>)|'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([\w.:+-]+))")
_AGO = re.compile(r"(\d+) seconds ago")
_DAY = timedelta(days=1)


class BadQuery(Exception):
    pass


def read_time(text: str, now: datetime, zone: tzinfo) -> datetime:
    """In the zone of whoever asks, whatever zone the text names; what cannot be read is 1970."""
    if match := _AGO.fullmatch(text.strip()):
        return now - timedelta(seconds=int(match[1]))
    found = re.match(r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d)(?::(\d\d))?)?", text)
    if found is None:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return datetime(*(int(part or 0) for part in found.groups()), tzinfo=zone)  # type: ignore[arg-type,misc]


def compiled(query: str, now: datetime, zone: tzinfo) -> Test:
    """Whether a row is found. `BadQuery` says what is wrong."""
    tokens = [match.groups() for match in _TOKEN.finditer(query)]
    words = [next(part for part in groups if part is not None) for groups in tokens]
    test, at = _either(words, 0, now, zone)
    if at != len(words) or not words:
        raise BadQuery(f"Expecting a 'AGGREGATOR' at {query!r}")
    return test


def _either(words: list[str], at: int, now: datetime, zone: tzinfo) -> tuple[Test, int]:
    left, at = _both(words, at, now, zone)
    while at < len(words) and words[at].upper() == "OR":
        right, at = _both(words, at + 1, now, zone)
        left = _any(left, right)
    return left, at


def _both(words: list[str], at: int, now: datetime, zone: tzinfo) -> tuple[Test, int]:
    left, at = _one(words, at, now, zone)
    while at < len(words) and words[at].upper() == "AND":
        right, at = _one(words, at + 1, now, zone)
        left = _all(left, right)
    return left, at


def _any(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _all(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _one(words: list[str], at: int, now: datetime, zone: tzinfo) -> tuple[Test, int]:
    if at < len(words) and words[at] == "(":
        inner, at = _either(words, at + 1, now, zone)
        return inner, at + 1
    if at + 3 > len(words):
        raise BadQuery("Incomplete query")
    name, sign, wanted = words[at : at + 3]

    def test(row: Row) -> bool:
        if name not in row:
            raise BadQuery(f"Unknown field: {name}")
        value = row[name]
        if isinstance(value, datetime):
            moment = read_time(wanted, now, zone)
            if sign == "=":  # "equal" means on that day
                return moment <= value < moment + _DAY
            return _compared(value, sign, moment)
        if isinstance(value, int):
            return _compared(value, sign, int(wanted) if wanted.lstrip("-").isdigit() else 0)
        if isinstance(value, tuple):
            return (wanted in value) == (sign == "=")
        return (str(value).casefold() == wanted.casefold()) == (sign == "=")

    return test, at + 3


def _compared(value: Any, sign: str, wanted: Any) -> bool:
    return bool(
        {"=": value == wanted, "!=": value != wanted, ">=": value >= wanted, "<=": value <= wanted,
         ">": value > wanted, "<": value < wanted}[sign]
    )  # fmt: skip
