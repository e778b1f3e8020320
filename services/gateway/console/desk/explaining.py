"""Why a ticket is due when it is: rule by rule, clock by clock, as its page says it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.console.desk.strip import KINDS, ClockView, clock_view
from services.gateway.console.desk.words import spaced

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A policy or rule that was looked at. `skipped` says that one before it had matched already."""

    name: str
    matched: bool
    reason: str
    skipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedClock:
    clock: ClockView
    promise: str
    sentences: tuple[str, ...]
    sums: tuple[tuple[str, float], ...]
    calendars: tuple[tuple[str, str | None], ...]
    """(calendar, since when it counts); None: from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainView:
    policies: tuple[CheckView, ...]
    rules: tuple[CheckView, ...]
    sentences: tuple[str, ...]
    clocks: tuple[ExplainedClock, ...]


def explain_view(explained: Tree) -> ExplainView:
    """`explained` as `GET /v1/tickets/{id}/explain` answers."""
    return ExplainView(
        policies=checks(explained.get("policies") or explained.get("policy_checks") or ()),
        rules=checks(explained.get("rules") or explained.get("rule_checks") or ()),
        sentences=tuple(str(said) for said in explained.get("sentences") or ()),
        clocks=tuple(_clock(clock) for clock in explained.get("clocks") or ()),
    )


def checks(found: Sequence[Tree]) -> tuple[CheckView, ...]:
    """In the order in which they were asked; the first that matches decides."""
    views, decided = [], False
    for check in found:
        matched = bool(check.get("matched"))
        name = check.get("rule") or check.get("policy") or check.get("name") or ""
        reason = str(check.get("reason") or ("" if not matched else "everything it asks for holds"))
        views.append(CheckView(name=str(name), matched=matched and not decided, reason=reason, skipped=decided))
        decided = decided or matched
    return tuple(views)


def _clock(clock: Tree) -> ExplainedClock:
    sums = clock.get("sums") or {}
    pairs = sums.items() if isinstance(sums, Mapping) else ()
    return ExplainedClock(
        clock=clock_view(clock),
        promise=str(clock.get("promise") or ""),
        sentences=tuple(str(said) for said in clock.get("sentences") or ()),
        sums=tuple(
            (KINDS.get(str(name), (spaced(name), ""))[0].lower(), float(value)) for name, value in pairs if value
        ),
        calendars=tuple((str(each.get("calendar")), each.get("since")) for each in clock.get("calendars") or ()),
    )
