"""Close days of a calendar: a new version of it, of the policies that use it, and a migration of open tickets, in one order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from services.tickets.domain.calendar import Calendar, zone_named
from services.tickets.domain.calendar_document import DAYS
from services.tickets.errors import PastDays
from services.tickets.ports import Migration, TicketsUnit
from services.tickets.usecases.policies.calendar_files import read_calendar_file
from services.tickets.usecases.policies.calendars import CalendarEdit, edit_calendar
from services.tickets.usecases.policies.holidays import ClosedDays, country_days
from services.tickets.usecases.policies.migrating import start_calendar_migration
from shared.errors import FieldProblem

Afterwards = Literal["no", "preview", "apply"]
FEW = 10
A_YEAR = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Which days to close, by one of: `dates` and `parts`; a country; the text of a file. What becomes of open tickets."""

    dates: Sequence[date] = ()
    parts: Mapping[date, Sequence[str]] | None = None
    name: str = ""
    country: str | None = None
    subdivision: str | None = None
    years: Sequence[int] = ()
    file: str | None = None
    retroactive: bool = False
    dry_run: bool = False
    migrate: Afterwards = "preview"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What came of it. `added` are days that were not closed before, `already` those that were."""

    edit: CalendarEdit
    added: Sequence[date]
    already: Sequence[date]
    notes: Sequence[str]
    migration: Migration | None


async def close_days(unit: TicketsUnit, name: str, wanted: Closing, *, by: str, now: datetime) -> Closed:
    """Raises `CalendarNotFound`, `CalendarNotUsable`, `CalendarFileNotUsable`; `PastDays` unless retroactive."""
    calendar = await unit.calendars.get(name)
    today = now.astimezone(zone_named(calendar.document["zone"])).date()
    days = _days(wanted, calendar.document["zone"], today)
    document, added, already = _with_days(calendar.document, days)
    past = [on for on in added if on < today]
    if past and not wanted.retroactive:
        some = ", ".join(on.isoformat() for on in past[:FEW]) + (", …" if len(past) > FEW else "")
        raise PastDays(
            f"{len(past)} of these days have passed ({some}). Leave them out, or send retroactive=true: then open tickets are"
            " counted again without them, breaches stay, and those that would not have come to be are flagged.",
            errors=[FieldProblem("/retroactive", f"needed for {some}")],
        )
    because = {**days.source, "added": [on.isoformat() for on in added]}
    edit = await edit_calendar(unit, name, document, because=because, by=by, now=now, dry_run=wanted.dry_run)
    migration = None
    if edit.new and edit.policies and wanted.migrate != "no" and not wanted.dry_run:
        migration = await start_calendar_migration(
            unit,
            calendar.label,
            edit.label,
            edit.policies,
            retroactive=wanted.retroactive,
            since=_midnight(min(past), calendar.document["zone"]) if past else None,
            goes_on=wanted.migrate == "apply",
            reason=wanted.reason,
            by=by,
            now=now,
        )
    return Closed(edit=edit, added=added, already=already, notes=days.notes, migration=migration)


def _days(wanted: Closing, zone: str, today: date) -> ClosedDays:
    if wanted.country is not None:
        return country_days(wanted.country, wanted.subdivision, wanted.years)
    if wanted.file is not None:
        return read_calendar_file(wanted.file, zone_named(zone), today=today)
    parts = {on: list(hours) for on, hours in (wanted.parts or {}).items()}
    return ClosedDays(
        days=dict.fromkeys(wanted.dates, wanted.name),
        parts=parts,
        names=dict.fromkeys(parts, wanted.name),
        source={"kind": "hand"},
    )


def _with_days(document: Mapping[str, Any], days: ClosedDays) -> tuple[dict[str, Any], list[date], list[date]]:
    """The document with the days closed; which of them are news, and which are not."""
    holidays = set(document.get("holidays", ()))
    closures = {on: list(hours) for on, hours in document.get("closures", {}).items()}
    names = dict(document.get("names", {}))
    added: list[date] = []
    already: list[date] = []
    for on in sorted({*days.days, *days.parts}):
        text, new = on.isoformat(), False
        if on in days.days and text not in holidays:
            holidays.add(text)
            new = True
        for hours in days.parts.get(on, ()):
            if hours not in closures.get(text, ()):
                closures[text] = sorted([*closures.get(text, ()), hours])
                new = True
        called = days.days.get(on) or days.names.get(on)
        if called and text not in names:
            names[text] = called
        (added if new else already).append(on)
    changed = {**document, "holidays": sorted(holidays)}
    if closures:
        changed["closures"] = dict(sorted(closures.items()))
    if names:
        changed["names"] = dict(sorted(names.items()))
    return (changed if added else dict(document)), added, already


def _midnight(on: date, zone: str) -> datetime:
    return datetime.combine(on, time(0), zone_named(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A date on which a calendar is not as its week says. `closed` are the windows that are cut, `remaining` what is open."""

    on: date
    kind: Literal["holiday", "closure", "shift"]
    name: str
    closed: Sequence[str]
    remaining: Sequence[str]


def upcoming(document: Mapping[str, Any], calendar: Calendar, now: datetime, *, limit: int) -> list[Difference]:
    """The next dates, from today on in the calendar's zone, that differ from the week."""
    zone = zone_named(calendar.zone)
    today = now.astimezone(zone).date()
    written = {*document.get("holidays", ()), *document.get("shifts", {}), *document.get("closures", {})}
    dates = sorted(on for on in map(date.fromisoformat, written) if on >= today)
    found = []
    for on in dates[:limit]:
        text = on.isoformat()
        kind: Literal["holiday", "closure", "shift"] = "closure"
        if text in document.get("shifts", {}):
            kind = "shift"
        elif text in document.get("holidays", ()):
            kind = "holiday"
        found.append(
            Difference(
                on=on,
                kind=kind,
                name=document.get("names", {}).get(text, ""),
                closed=document["hours"].get(DAYS[on.weekday()], []),
                remaining=_open_on(calendar, on),
            )
        )
    return found


def next_change(calendar: Calendar, now: datetime) -> datetime:
    """When it closes if it is open, else when it opens. Raises `NeverDue`."""
    opens = calendar.next_open(now)
    if opens > now:
        return opens
    closes = now
    for began, ended in calendar.openings(now, now + timedelta(days=A_YEAR)):
        if began > closes:
            break
        closes = ended
    return closes


def _open_on(calendar: Calendar, on: date) -> list[str]:
    zone = zone_named(calendar.zone)
    start, end = datetime.combine(on, time(0), zone), datetime.combine(on + timedelta(days=1), time(0), zone)
    hours = []
    for opens, closes in calendar.openings(start.astimezone(UTC), end.astimezone(UTC)):
        until = closes.astimezone(zone)
        ends = "24:00" if until.date() > on else f"{until:%H:%M}"
        hours.append(f"{opens.astimezone(zone):%H:%M}-{ends}")
    return hours
