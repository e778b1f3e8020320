"""A clock as a strip: its segments along an axis on which closed hours are drawn shorter, and the same as a table. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.gateway.console.desk.words import (
    CANCELLED_BECAUSE,
    CAUSES,
    CLOCK_STATES,
    say_exact,
    say_span,
    target_words,
    whole_seconds,
)
from services.gateway.console.rendering import as_instant
from services.gateway.console.views import Look

Tree = Mapping[str, Any]
CLOSED_AT_MOST: Final = 0.12
"""What a closed stretch takes of the strip at most, as a share of all that is not closed."""
NARROWEST: Final = 0.006
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "running": ("Running", "counted"),
    "late": ("Running, overdue", "counted"),
    "paused": ("Paused", "not counted"),
    "closed": ("Closed hours", "not counted"),
    "settled": ("Solved", "not counted"),
    "ahead": ("Left", "still to come"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Part of the strip. `start` and `length` are percent of its width."""

    kind: str
    began_at: datetime
    ended_at: datetime | None
    """None for what is still to come."""
    start: float
    length: float
    words: str
    seconds: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line on the strip with words at it; `anchor` keeps them inside."""

    at: datetime | None
    position: float
    anchor: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """A clock of a ticket. Spans are in words."""

    clock_id: str
    target: str
    title: str
    look: Look
    state: str
    promise: str
    elapsed: str
    elapsed_exact: str
    left: str
    due_at: str | None
    breached_at: str | None
    settled_at: str | None
    cause: str
    standing: str
    rule: str
    policy: str
    team: str
    confirmed: bool
    exempted: bool
    pieces: tuple[Piece, ...]
    due: Mark | None
    raw: Tree

    @property
    def drawn(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.length > 0)

    @property
    def rows(self) -> tuple[Piece, ...]:
        """What has happened: the table's rows, whose counted column adds up to `elapsed_exact`."""
        return tuple(piece for piece in self.pieces if piece.ended_at is not None)

    @property
    def counts_down(self) -> bool:
        return self.state == "running" and self.due_at is not None


def clock_view(clock: Tree) -> ClockView:
    """`clock` as `GET /v1/tickets/{id}/clocks` answers."""
    state, breached = str(clock.get("state") or ""), clock.get("breached_at")
    elapsed, remaining = _number(clock.get("elapsed_seconds")), _number(clock.get("remaining_seconds"))
    pieces, due = draw(clock)
    exempted = bool(clock.get("exempted") or clock.get("exemption"))
    return ClockView(
        clock_id=str(clock.get("clock_id") or ""),
        target=str(clock.get("target") or ""),
        title=_title(clock),
        look=clock_look(clock),
        state=state,
        promise=say_span(_number(clock.get("target_seconds"))),
        elapsed=say_span(elapsed),
        elapsed_exact=say_exact(sum(piece.counted for piece in pieces)),
        left=say_span(remaining),
        due_at=clock.get("due_at"),
        breached_at=breached,
        settled_at=clock.get("settled_at"),
        cause=_cause(clock) if breached else "",
        standing=_standing(clock, state, remaining),
        rule=str(clock.get("rule") or ""),
        policy=str(clock.get("policy") or ""),
        team=str(clock.get("team") or ""),
        confirmed=not clock.get("unconfirmed", False),
        exempted=exempted,
        pieces=pieces,
        due=due,
        raw=clock,
    )


def clock_look(clock: Tree) -> Look:
    """Breached stays breached, whatever came after."""
    state = str(clock.get("state") or "")
    if clock.get("breached_at") and state != "cancelled":
        return CLOCK_STATES["late" if state in ("running", "paused") else "breached"]
    return CLOCK_STATES.get(state, Look("question", state.capitalize() or "Unknown", "idle"))


def draw(clock: Tree) -> tuple[tuple[Piece, ...], Mark | None]:
    """The strip's pieces, and where the promise ends on it."""
    parts = list(_parts(clock))
    if not parts:
        return (), None
    weights = _weights(parts)
    whole = sum(weights) or 1.0
    seconds = whole_seconds([length for _, _, _, length in parts])
    counts = [length if kind in ("running", "late") else 0.0 for kind, _, _, length in parts]
    counted = whole_seconds(counts)
    pieces, start = [], 0.0
    for (kind, began, ended, _), weight, spent, count in zip(parts, weights, seconds, counted, strict=True):
        length = 100 * weight / whole
        words = f"{KINDS.get(kind, (kind.capitalize(), ''))[0]} for {say_span(spent)}"
        if kind == "ahead":
            words = f"{say_span(spent)} of business time left"
        pieces.append(
            Piece(
                kind=kind,
                began_at=began,
                ended_at=ended,
                start=round(start, 3),
                length=round(length, 3),
                words=words,
                seconds=spent,
                counted=count,
            )
        )
        start += length
    return tuple(pieces), _due_mark(clock, pieces)


def _parts(clock: Tree) -> Iterator[tuple[str, datetime, datetime | None, float]]:
    """(kind, began, ended, seconds): the segments, cut where the clock was breached, and what is left to come."""
    breached = as_instant(clock.get("breached_at"))
    ended = as_instant(clock.get("started_at"))
    for segment in clock.get("segments") or ():
        kind, began, ended = str(segment["kind"]), as_instant(segment["began_at"]), as_instant(segment["ended_at"])
        if began is None or ended is None:
            continue
        if kind != "running" or breached is None or ended <= breached:
            yield kind, began, ended, _between(began, ended)
            continue
        if began < breached:
            yield "running", began, breached, _between(began, breached)
        cut = max(began, breached)
        yield "late", cut, ended, _between(cut, ended)
    remaining = _number(clock.get("remaining_seconds"))
    if ended is not None and remaining > 0 and clock.get("state") in ("running", "paused"):
        yield "ahead", ended, None, remaining


def _weights(parts: Sequence[tuple[str, datetime, datetime | None, float]]) -> list[float]:
    lit = sum(length for kind, _, _, length in parts if kind != "closed")
    if not lit:
        return [1.0 if length else 0.0 for _, _, _, length in parts]
    most, least = CLOSED_AT_MOST * lit, NARROWEST * lit
    return [
        max(min(length, most) if kind == "closed" else length, least if length else 0) for kind, _, _, length in parts
    ]


def _due_mark(clock: Tree, pieces: Sequence[Piece]) -> Mark | None:
    if clock.get("state") == "cancelled":
        return None
    due = as_instant(clock.get("due_at") or (clock.get("breached_at") if clock.get("cause") == "elapsed" else None))
    last = pieces[-1]
    if last.kind == "ahead":
        return _mark(due, 100.0)
    if due is None:
        return None
    for piece in pieces:
        assert piece.ended_at is not None
        if piece.began_at <= due <= piece.ended_at and piece.ended_at > piece.began_at:
            share = _between(piece.began_at, due) / _between(piece.began_at, piece.ended_at)
            return _mark(due, piece.start + piece.length * share)
    return None


def _mark(at: datetime | None, position: float) -> Mark:
    anchor = "start" if position < 25 else "end" if position > 75 else "middle"
    return Mark(at=at, position=round(position, 3), anchor=anchor, words="Due" if at else "Due once it goes on")


def _title(clock: Tree) -> str:
    title = target_words(clock.get("target"))
    if clock.get("team") and clock.get("target") == "ola":
        title += f" ({clock['team']})"
    cycle = int(_number(clock.get("cycle")))
    return f"{title}, {_ordinal(cycle)} time" if cycle > 1 else title


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _standing(clock: Tree, state: str, remaining: float) -> str:
    """Where a clock that does not count down stands, in a sentence."""
    if state == "paused":
        return (
            f"Paused with {say_span(remaining)} left."
            if remaining > 0
            else f"Paused, {say_span(remaining)} overdue; that grows no further."
        )
    if state == "cancelled":
        why = CANCELLED_BECAUSE.get(str(clock.get("cancelled_because")), "")
        return f"Cancelled: {why}." if why else "Cancelled; it counts in no figure."
    if state == "settled":
        if clock.get("breached_at") and remaining > 0:
            return "It was breached; that stays, although the promise was made longer later."
        return f"Met with {say_span(remaining)} to spare." if remaining > 0 else f"Missed by {say_span(remaining)}."
    return ""


def _cause(clock: Tree) -> str:
    said = CAUSES.get(str(clock.get("cause")), "")
    if clock.get("would_not_have_breached"):
        said += " By the days that were closed afterwards, it would not have been missed."
    return said


def _between(began: datetime, ended: datetime) -> float:
    return (ended - began).total_seconds()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
