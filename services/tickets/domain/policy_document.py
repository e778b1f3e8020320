"""A policy as written, stored and sent: plain JSON. Two forms are read.

The first form is one rule for every ticket, with its calendar in it (`calendar_document` says how that is written):

    {"calendar": {"zone": "Europe/Berlin", "hours": {"monday": ["09:00-12:00", "13:00-17:00"]}, "holidays": ["2026-12-25"]},
     "targets": {"P1": {"first_response_minutes": 60, "resolution_minutes": 240}},
     "pause_on": ["pending", "on_hold"]}

The second is a list of rules, of which the first that holds applies; a calendar is named with its version or written inline:

    {"order": 100, "when": {"source": [""]}, "unless": {},
     "rules": [{"name": "vip", "when": {"tags": ["vip"]}, "unless": {"kind": ["change"]}, "calendar": "berlin@4",
                "targets": {"P1": {"first_response_minutes": 30, "next_response_minutes": 60, "periodic_update_minutes": 120,
                                   "resolution_minutes": 240, "agent_work_minutes": 180, "requester_wait_minutes": 480}},
                "ola_minutes": {"network": 240, "*": 480},
                "pause_on": {"resolution": ["pending"]}, "on_change": {"first_response": "restart"},
                "on_reopen": "continue", "reopen_window_hours": 168,
                "escalations": [{"at": "75%", "to": "assignee"},
                                {"at": "+2h", "time": "real", "to": "manager", "repeat_every_minutes": 60, "until": "touched"}]}]}

Targets and OLAs are open minutes of the rule's calendar. A condition's values are alternatives, "" is "not set".
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.calendar_document import DocumentProblem, read_calendar
from services.tickets.domain.condition import Condition, ConditionInvalid
from services.tickets.domain.policy import (
    FIXED_PAUSES,
    PAUSABLE,
    OnChange,
    OnReopen,
    Policy,
    PolicyInvalid,
    Priority,
    Rule,
    Status,
    Step,
    StepTime,
    Target,
)

__all__ = ["EVERYTHING", "DocumentProblem", "calendars_named", "read_policy"]

EVERYTHING = "everything"
"""The name of the one rule of a policy in the first form."""

_PER_PRIORITY = tuple(target for target in Target if target is not Target.OLA)
_AT = re.compile(r"(?P<percent>\d{1,4}(?:\.\d{1,2})?)%|(?P<sign>[+-])(?P<amount>\d{1,5})(?P<unit>[mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_RECIPIENT = re.compile(r"assignee|team|lead|manager|email:[^@\s]+@[^@\s]+|webhook:[\w.-]+")
_Word = TypeVar("_Word", bound=StrEnum)


def calendars_named(document: Mapping[str, Any]) -> set[str]:
    """The labels of the calendars that a document names, for who has to load them first."""
    rules = document.get("rules", ())
    return {rule["calendar"] for rule in rules if isinstance(rule.get("calendar"), str)}


def read_policy(
    name: str, version: int, document: Mapping[str, Any], calendars: Mapping[str, Calendar] | None = None
) -> Policy:
    """The policy that a document (already of the right shape) says. Raises `DocumentProblem`.

    `calendars` holds at least those that the document names, by label. One that is written inline bears the name of the policy
    and the rule (`standard/everything@1`), which is no name that a calendar of its own can have.
    """
    if "rules" not in document:
        return Policy(
            name=name, version=version, rules=(_rule(document, EVERYTHING, f"{name}/{EVERYTHING}", version, "", {}),)
        )
    rules = tuple(
        _rule(written, str(written["name"]), f"{name}/{written['name']}", version, f"/rules/{index}", calendars or {})
        for index, written in enumerate(document["rules"])
    )
    try:
        return Policy(
            name=name, version=version, order=document.get("order", 100), when=_condition(document, ""), rules=rules
        )
    except PolicyInvalid as problem:
        raise DocumentProblem("/rules", str(problem)) from problem


def _rule(
    written: Mapping[str, Any], name: str, calendar_name: str, version: int, at: str, calendars: Mapping[str, Calendar]
) -> Rule:
    window = written.get("reopen_window_hours")
    try:
        return Rule(
            name=name,
            when=_condition(written, at),
            calendar=_calendar(written["calendar"], calendar_name, version, f"{at}/calendar", calendars),
            targets={
                Priority(priority): _targets(made, f"{at}/targets/{priority}")
                for priority, made in written.get("targets", {}).items()
            },
            olas={
                team: _minutes(minutes, f"{at}/ola_minutes/{team}")
                for team, minutes in (written.get("ola_minutes") or {}).items()
            },
            pause_on=_pauses(written.get("pause_on"), f"{at}/pause_on"),
            on_change={
                _word(Target, target, f"{at}/on_change"): _word(OnChange, way, f"{at}/on_change/{target}")
                for target, way in (written.get("on_change") or {}).items()
            },
            on_reopen=_word(OnReopen, written.get("on_reopen") or OnReopen.CONTINUE, f"{at}/on_reopen"),
            reopen_window=None if window is None else timedelta(hours=window),
            ladder=tuple(
                _step(step, f"{at}/escalations/{index}") for index, step in enumerate(written.get("escalations") or ())
            ),
        )
    except PolicyInvalid as problem:
        raise DocumentProblem(at, str(problem)) from problem


def _calendar(
    written: str | Mapping[str, Any], name: str, version: int, at: str, calendars: Mapping[str, Calendar]
) -> Calendar:
    if not isinstance(written, str):
        return read_calendar(written, name=name, version=version, at=at)
    found = calendars.get(written)
    if found is None:
        raise DocumentProblem(at, f"There is no calendar {written!r}; write its name and version like berlin@4.")
    return found


def _condition(written: Mapping[str, Any], at: str) -> Condition:
    try:
        return Condition(
            when={feature: tuple(values) for feature, values in (written.get("when") or {}).items()},
            unless={feature: tuple(values) for feature, values in (written.get("unless") or {}).items()},
        )
    except ConditionInvalid as problem:
        raise DocumentProblem(f"{at}/when", str(problem)) from problem


def _targets(written: Mapping[str, Any], at: str) -> dict[Target, timedelta]:
    made: dict[Target, timedelta] = {}
    for target in _PER_PRIORITY:
        minutes = written.get(f"{target}_minutes")
        if minutes is not None:
            made[target] = _minutes(minutes, f"{at}/{target}_minutes")
    return made


def _minutes(written: float, at: str) -> timedelta:
    if written <= 0:
        raise DocumentProblem(at, "A target is longer than nothing.")
    return timedelta(minutes=written)


def _pauses(written: Any, at: str) -> dict[Target, frozenset[Status]]:
    """A list is for every target that can be told when to stand still."""
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        return dict.fromkeys((target for target in Target if target not in FIXED_PAUSES), _statuses(written, at))
    return {_word(Target, target, at): _statuses(made, f"{at}/{target}") for target, made in written.items()}


def _statuses(written: list[str], at: str) -> frozenset[Status]:
    statuses = frozenset(_word(Status, status, at) for status in written)
    if not statuses <= PAUSABLE:
        raise DocumentProblem(at, "Clocks can be paused on pending and on_hold only.")
    return statuses


def _step(written: Mapping[str, Any], at: str) -> Step:
    match = _AT.fullmatch(str(written["at"]))
    if match is None:
        raise DocumentProblem(f"{at}/at", f"{written['at']!r} is not written like 75%, -30m or +2h.")
    if not _RECIPIENT.fullmatch(str(written["to"])):
        raise DocumentProblem(
            f"{at}/to",
            f"{written['to']!r} is nobody; write assignee, team, lead, manager, email:address or webhook:name.",
        )
    if (written.get("until") or "touched") != "touched":
        raise DocumentProblem(f"{at}/until", "A step is repeated until the ticket is touched.")
    percent, repeat = match["percent"], written.get("repeat_every_minutes")
    distance = None if percent else int(match["sign"] + match["amount"]) * _UNITS[match["unit"]]
    try:
        return Step(
            percent=float(percent) if percent else None,
            offset_for=distance,
            time=_word(StepTime, written.get("time") or StepTime.BUSINESS, f"{at}/time"),
            to=written["to"],
            repeat_every=None if repeat is None else timedelta(minutes=repeat),
        )
    except PolicyInvalid as problem:
        raise DocumentProblem(at, str(problem)) from problem


def _word(words: type[_Word], written: str, at: str) -> _Word:
    try:
        return words(written)
    except ValueError as problem:
        raise DocumentProblem(at, f"{written!r} is none of {', '.join(words)}.") from problem
