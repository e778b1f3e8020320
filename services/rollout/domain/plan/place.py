"""Reading a document of plain values with every problem named by its place, none hiding another."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.rollout.domain.plan.duration import parse_duration
from services.rollout.domain.plan.values import Contact

T = TypeVar("T")
R = TypeVar("R")
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
EMAIL = re.compile(r"[^@\s\x00-\x1f<>,;\"]+@[^@\s\x00-\x1f<>,;\"]+\.[^@\s\x00-\x1f<>,;\"]+")
MAX_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong and where: `pointer` is a JSON pointer (RFC 6901) into the document."""

    pointer: str
    detail: str


@dataclass(slots=True)
class Place:
    """A value in the document and where it stands. Reading methods note a problem and answer None (or nothing) for it."""

    value: Any
    pointer: str = ""
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, detail: str) -> None:
        self.problems.append(Problem(pointer=self.pointer, detail=detail))

    def at(self, key: str | int) -> "Place":
        """The place one step further in; None stands for a value that is not there."""
        if isinstance(self.value, Mapping):
            inner = self.value.get(key)
        else:
            inner = self.value[key] if isinstance(self.value, list) and isinstance(key, int) else None
        token = str(key).replace("~", "~0").replace("/", "~1")
        return Place(inner, f"{self.pointer}/{token}", self.problems)

    @property
    def given(self) -> bool:
        return self.value is not None

    def mapping(self, known: Iterable[str] | None = None, *, required: Iterable[str] = ()) -> bool:
        """True if there is a mapping here; unknown fields and missing ones are problems of their own."""
        if not isinstance(self.value, Mapping):
            self.wrong(f"A mapping belongs here, not {_kind(self.value)}")
            return False
        names = [*required, *(known or ())]
        if known is not None:
            for key in self.value:
                if key not in names:
                    near = difflib.get_close_matches(str(key), names, n=1)
                    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names))}"
                    self.at(key).wrong(f"{str(key)!r} is not a field here; {hint}")
        for key in required:
            if self.value.get(key) is None:
                self.wrong(f"{key!r} is missing")
        return True

    def items(self) -> Iterator["Place"]:
        """The places of a list's items; a problem if this is something else. Nothing for an absent value."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self.wrong(f"A list belongs here, not {_kind(self.value)}")
            return
        for index in range(len(self.value)):
            yield self.at(index)

    def text(self, default: str = "") -> str:
        """Non-empty text. Numbers count as the text they are written as (course ids)."""
        if self.value is None:
            return default
        if isinstance(self.value, (bool, list, Mapping, float)):
            self.wrong(f"Text belongs here, not {_kind(self.value)}")
            return default
        said = str(self.value).strip()
        if not said or len(said) > MAX_TEXT or "\x00" in said:
            self.wrong(f"Text of 1 to {MAX_TEXT} characters belongs here")
        return said

    def name(self) -> str:
        """A name as it stands in URLs and subjects."""
        said = self.text()
        if self.given and said and NAME.fullmatch(said) is None:
            self.wrong(f"{said!r} is not a name: a to z, 0 to 9 and hyphens inside, at most 63 characters")
        return said

    def choice(self, allowed: Iterable[str], default: str) -> str:
        said, options = self.text(default), list(allowed)
        if said not in options:
            near = difflib.get_close_matches(said, options, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            self.wrong(f"{said!r} is not one of {', '.join(options)}{hint}")
            return default
        return said

    def number(self, low: float, high: float, default: T) -> float | T:
        if self.value is None:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self.wrong(f"A number belongs here, not {_kind(self.value)}")
            return default
        if not low <= self.value <= high:
            self.wrong(f"{self.value:g} is outside {low:g} to {high:g}")
            return default
        return float(self.value)

    def whole(self, low: int, high: int, default: T) -> int | T:
        if isinstance(self.value, float) and not self.value.is_integer():
            self.wrong(f"A whole number belongs here, not {self.value:g}")
            return default
        found = self.number(low, high, None)
        return default if found is None else int(found)

    def duration(self, default: T) -> timedelta | T:
        if self.value is None:
            return default
        if not isinstance(self.value, str):
            self.wrong(f"A duration such as P14D or 4h belongs here, not {_kind(self.value)}")
            return default
        return self._tried(parse_duration, default)

    def zone(self, default: str) -> str:
        said = self.text(default)
        try:
            ZoneInfo(said)
        except (ValueError, OSError, KeyError):
            self.wrong(f"{said!r} is not a time zone; write an IANA name such as Europe/Berlin")
            return default
        return said

    def instant(self, zone: str) -> datetime | None:
        """RFC 3339 with an offset, or a date, which means midnight in `zone`."""
        if self.value is None:
            return None

        def read(text: str) -> datetime:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                return datetime.combine(datetime.fromisoformat(text), time.min, ZoneInfo(zone))
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                raise ValueError("Add the offset from UTC, for example 2026-03-02T09:00:00+01:00")
            return at

        found = self._tried(read, None)
        if found is not None and not 2000 <= found.year < 2200:
            self.wrong(f"The year {found.year} cannot be meant")
            return None
        return found

    def email(self) -> str:
        said = self.text()
        if said and (EMAIL.fullmatch(said) is None or len(said) > 254):
            self.wrong(f"{said!r} is not an e-mail address")
        return said

    def contact(self, *more: str) -> Contact | None:
        if not self.given:
            return None
        if not self.mapping(more, required=("name", "email")):
            return None
        return Contact(name=self.at("name").text(), email=self.at("email").email())

    def _tried(self, read: Callable[[str], R], default: T) -> R | T:
        try:
            return read(self.text())
        except (ValueError, OverflowError) as error:
            self.wrong(f"{error}")
            return default


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a mapping")
