"""A calendar's week as a drawing and as words, and what differs from it in the days to come. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Tree = Mapping[str, Any]

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WINDOW: Final = re.compile(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)")
MINUTES_OF_DAY: Final = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An open stretch of a day in percent of it."""

    start: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    name: str
    words: str
    bars: tuple[Bar, ...]


def week_view(calendar: Tree) -> list[DayView]:
    """`calendar` as it is written: `{"zone": …, "hours": {"monday": ["09:00-17:00"], …}}`."""
    hours = calendar.get("hours") or {}
    spans: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for index, day in enumerate(DAYS):
        for opens, closes in _windows(hours.get(day) or ()):
            spans[index].append((opens, min(closes, MINUTES_OF_DAY)))
            if closes > MINUTES_OF_DAY:  # a shift over midnight is drawn where it is, on the next day
                spans[(index + 1) % 7].append((0, closes - MINUTES_OF_DAY))
    return [
        DayView(
            name=day.capitalize(),
            words=", ".join(str(window).replace("-", " to ") for window in hours.get(day) or ()) or "closed",
            bars=tuple(_bar(opens, closes) for opens, closes in sorted(spans[index])),
        )
        for index, day in enumerate(DAYS)
    ]


def _windows(written: Sequence[str]) -> list[tuple[int, int]]:
    found = []
    for window in written:
        match = _WINDOW.fullmatch(str(window).strip())
        if match:
            opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
            found.append((opens, closes if closes > opens else closes + MINUTES_OF_DAY))
    return found


def _bar(opens: int, closes: int) -> Bar:
    return Bar(
        start=round(100 * opens / MINUTES_OF_DAY, 3),
        length=round(100 * (closes - opens) / MINUTES_OF_DAY, 3),
    )


def closing_words(closing: Tree) -> str:
    """One item of `GET /v1/calendars/{name}/upcoming`."""
    name = str(closing.get("name") or "")
    closed, remaining = closing.get("closed") or [], closing.get("remaining") or []
    kind = str(closing.get("kind") or "holiday")
    if not remaining:
        said = "closed all day"
    elif kind == "shift":
        said = f"open {_list(remaining)} instead"
    else:
        said = f"closed {_list(closed)}" if closed else f"open {_list(remaining)} only"
    return f"{name}: {said}" if name else said.capitalize()


def _list(windows: Sequence[str]) -> str:
    return ", ".join(str(window).replace("-", " to ") for window in windows)
