"""A policy as written, stored and sent: plain JSON.

    {"calendar": {"zone": "Europe/Berlin", "hours": {"monday": ["09:00-12:00", "13:00-17:00"]}, "holidays": ["2026-12-25"]},
     "targets": {"P1": {"first_response_minutes": 60, "resolution_minutes": 240}},
     "pause_on": ["pending", "on_hold"]}

Hours are wall-clock times in the zone; a window that passes midnight is written as two. Targets are open minutes.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from services.tickets.domain.calendar import Calendar, CalendarInvalid, Window
from services.tickets.domain.policy import PAUSABLE, Policy, PolicyInvalid, Priority, Status, Target

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")


class DocumentProblem(PolicyInvalid):
    """`pointer` is the place in the document (RFC 6901)."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


def read_policy(name: str, version: int, document: Mapping[str, Any]) -> Policy:
    """The policy that a document (already of the right shape) says. Raises `DocumentProblem`."""
    return Policy(
        name=name,
        version=version,
        calendar=_calendar(document["calendar"]),
        targets={Priority(priority): _targets(priority, made) for priority, made in document["targets"].items()},
        pause_on=frozenset(Status(status) for status in document.get("pause_on", sorted(PAUSABLE))),
    )


def _calendar(document: Mapping[str, Any]) -> Calendar:
    week = tuple(tuple(_windows(day, document["hours"].get(day, ()))) for day in DAYS)
    holidays = frozenset(date.fromisoformat(str(day)) for day in document.get("holidays", ()))
    try:
        return Calendar(zone=document["zone"], week=week, holidays=holidays)
    except CalendarInvalid as problem:
        raise DocumentProblem("/calendar", str(problem)) from problem


def _windows(day: str, written: list[str]) -> list[Window]:
    windows = []
    for index, text in enumerate(written):
        match = _HOURS.fullmatch(text)
        if match is None:
            raise DocumentProblem(f"/calendar/hours/{day}/{index}", f"{text!r} is not written like 09:00-17:00.")
        opens_hour, opens_minute, closes_hour, closes_minute = (part for part in match.groups() if part is not None)
        opens, closes = int(opens_hour) * 60 + int(opens_minute), int(closes_hour) * 60 + int(closes_minute)
        windows.append(Window(opens=opens, closes=closes))
    return windows


def _targets(priority: str, written: Mapping[str, Any]) -> dict[Target, timedelta]:
    targets = {}
    for target in Target:
        minutes = written.get(f"{target}_minutes")
        if minutes is not None:
            if minutes <= 0:
                raise DocumentProblem(f"/targets/{priority}/{target}_minutes", "A target is longer than nothing.")
            targets[target] = timedelta(minutes=minutes)
    return targets
