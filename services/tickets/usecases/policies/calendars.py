"""Calendars: named, versioned, immutable. An edit makes a new version of the calendar and of each policy that uses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.tickets.domain.calendar import Calendar, NeverDue
from services.tickets.domain.calendar_document import DocumentProblem, read_calendar
from services.tickets.domain.policy_document import calendars_named
from services.tickets.errors import CalendarNotUsable
from services.tickets.ports import CalendarVersion, PolicyVersion, TicketsUnit
from services.tickets.usecases.policies.checking import NO_WEEKDAY, calendar_parts, open_on_no_weekday
from services.tickets.usecases.policies.documents import calendar_of, moved
from services.tickets.usecases.policies.publishing import with_carried
from shared.errors import FieldProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEdit:
    """What an edit makes. `label` is that of the version it makes, or would make; `policies` old version -> new version."""

    label: str
    document: Mapping[str, Any]
    calendar: Calendar
    new: bool
    policies: Mapping[str, str] = field(default_factory=dict)


async def edit_calendar(
    unit: TicketsUnit,
    name: str,
    document: Mapping[str, Any],
    *,
    because: Mapping[str, Any] | None = None,
    by: str,
    now: datetime,
    dry_run: bool = False,
) -> CalendarEdit:
    """The version that says this, and the policies that use it moved on to it. Raises `CalendarNotUsable`."""
    await unit.policies.hold(name)
    newest = await unit.calendars.find_newest(name)
    version = 1 if newest is None else newest.version + 1
    calendar = check_calendar(name, version, document, now)
    if newest is not None and newest.document == document:
        calendar = check_calendar(name, newest.version, document, now)
        return CalendarEdit(label=newest.label, document=document, calendar=calendar, new=False)
    made = CalendarVersion(
        name=name, version=version, document=document, created_at=now, created_by=by, because=because
    )
    followed = await _followed(unit, made, now)
    if not dry_run:
        await unit.calendars.add(made)
        for policy in followed.values():
            await unit.policies.add(policy)
    policies = {before: after.label for before, after in followed.items()}
    return CalendarEdit(label=made.label, document=document, calendar=calendar, new=True, policies=policies)


def check_calendar(name: str, version: int, document: Mapping[str, Any], now: datetime) -> Calendar:
    """The calendar that the document says. Raises `CalendarNotUsable` with every place that is wrong."""
    problems: dict[tuple[str, str], None] = {}
    for part, piece in calendar_parts(document):
        try:
            calendar = read_calendar(piece, name=name, version=version)
        except DocumentProblem as problem:
            if part or not problems:
                problems.setdefault((problem.pointer or part, str(problem)))
    if open_on_no_weekday(document):
        problems["/hours", NO_WEEKDAY] = None
    if not problems:
        try:
            calendar.next_open(now)
        except NeverDue as problem:
            problems[("/hours", str(problem))] = None
    if problems:
        errors = [FieldProblem(pointer, detail) for pointer, detail in problems]
        raise CalendarNotUsable("The calendar cannot be used as written.", errors=errors)
    return calendar


async def _followed(unit: TicketsUnit, made: CalendarVersion, now: datetime) -> dict[str, PolicyVersion]:
    """A version with the new calendar for each that may still be given out or that open tickets are under.

    Old versions come first, so that what is in force stays the newest in force and what is proposed stays proposed.
    """
    newest = await unit.policies.newest()
    versions = {version.label: version for version in newest}
    for label in await unit.migrations.labels_of_open():
        if label not in versions:
            name, _, number = label.rpartition("@")
            versions[label] = await unit.policies.get(name, int(number))
    last = {version.name: version.version for version in sorted(newest, key=lambda each: each.version)}
    followed: dict[str, PolicyVersion] = {}
    for version in sorted(versions.values(), key=lambda each: (each.name, each.version)):
        used = [label for label in calendars_named(version.document) if _is_older(label, made)]
        if not used:
            continue
        last[version.name] += 1
        change = {"kind": "calendar", "of": version.version, "calendars": dict.fromkeys(sorted(used), made.label)}
        next_one = PolicyVersion(
            name=version.name,
            version=last[version.name],
            document=moved(version.document, made.name, made.version),
            created_at=now,
            created_by=made.created_by,
            because=change,
        )
        followed[version.label] = with_carried(next_one, version, now)
    return followed


def _is_older(label: str, made: CalendarVersion) -> bool:
    name, version = calendar_of(label)
    return name == made.name and version is not None and version < made.version
