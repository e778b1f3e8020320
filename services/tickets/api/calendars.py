"""REST: calendars, the days on which they are closed, and what is coming."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.tickets.api.reading import Unit
from services.tickets.domain.calendar import NeverDue
from services.tickets.domain.calendar_document import read_calendar
from services.tickets.domain.policy_document import calendars_named
from services.tickets.ports import CalendarVersion, TicketsUnit
from services.tickets.schemas.policies import (
    CalendarChangeOut,
    CalendarIn,
    CalendarOut,
    ClosingOut,
    HolidaysIn,
    UpcomingOut,
    calendar_out,
)
from services.tickets.usecases.policies import (
    CalendarEdit,
    Closing,
    Difference,
    close_days,
    edit_calendar,
    next_change,
    upcoming,
)
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["calendars"])
CalendarName = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
DryRun = Annotated[bool, Query(description="Show what would come of it and change nothing.")]
SHOWN = 10


@router.get("/v1/calendars")
async def get_calendars(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[CalendarOut]:
    """The newest version of every calendar."""
    found, after = await unit.calendars.page(paging)
    return page_of(await _told(unit, found), after, request, response)


@router.get("/v1/calendars/{name}")
async def get_calendar(
    name: CalendarName,
    unit: Unit,
    version: Annotated[int | None, Query(ge=1, description="The newest without it.")] = None,
) -> CalendarOut:
    return (await _told(unit, [await unit.calendars.get(name, version)]))[0]


@router.get("/v1/calendars/{name}/versions")
async def get_calendar_versions(
    name: CalendarName, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[CalendarOut]:
    """Every version of one calendar, the newest first."""
    found, after = await unit.calendars.page(paging, name)
    return page_of(await _told(unit, found), after, request, response)


@router.put("/v1/calendars/{name}")
async def put_calendar(
    name: CalendarName, wanted: CalendarIn, unit: Unit, caller: Caller, now: Now, dry_run: DryRun = False
) -> CalendarChangeOut:
    """A new version, and of every policy that uses it. Open tickets stay with theirs until they are migrated."""
    edit = await edit_calendar(unit, name, wanted.document(), by=caller.name, now=now, dry_run=dry_run)
    return _changed(edit, dry_run, now)


@router.post("/v1/calendars/{name}/holidays")
async def post_holidays(
    name: CalendarName, wanted: HolidaysIn, unit: Unit, caller: Caller, now: Now
) -> CalendarChangeOut:
    """Close days: new versions of the calendar and of the policies that use it, and a migration of open tickets."""
    closing = Closing(
        dates=tuple(wanted.dates or ()),
        parts=wanted.closures,
        name=wanted.name,
        country=wanted.country,
        subdivision=wanted.subdivision,
        years=tuple(wanted.years or ()),
        file=wanted.ics,
        retroactive=wanted.retroactive,
        dry_run=wanted.dry_run,
        migrate=wanted.migrate,
        reason=wanted.reason,
    )
    closed = await close_days(unit, name, closing, by=caller.name, now=now)
    changed = _changed(closed.edit, wanted.dry_run, now)
    return changed.model_copy(
        update={
            "added": list(closed.added),
            "already": list(closed.already),
            "notes": list(closed.notes),
            "migration_id": closed.migration.migration_id if closed.migration else None,
        }
    )


@router.get("/v1/calendars/{name}/upcoming")
async def get_upcoming(
    name: CalendarName,
    unit: Unit,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=200)] = SHOWN,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> UpcomingOut:
    """The next dates that are not as the week says, and whether it is open now."""
    found = await unit.calendars.get(name, version)
    calendar = read_calendar(found.document, name=found.name, version=found.version)
    try:
        open_now, changes_at = calendar.next_open(now) == now, next_change(calendar, now)
    except NeverDue:
        open_now, changes_at = False, None
    return UpcomingOut(
        calendar=found.label,
        zone=calendar.zone,
        open_now=open_now,
        next_change_at=changes_at,
        items=[_closing(each) for each in upcoming(found.document, calendar, now, limit=limit)],
    )


def _changed(edit: CalendarEdit, dry_run: bool, now: Now) -> CalendarChangeOut:
    return CalendarChangeOut(
        calendar=None if dry_run and edit.new else edit.label,
        document=dict(edit.document),
        added=[],
        already=[],
        notes=[] if edit.new else ["Nothing is different; there is no new version."],
        policies=dict(edit.policies),
        migration_id=None,
        upcoming=[_closing(each) for each in upcoming(edit.document, edit.calendar, now, limit=SHOWN)],
    )


def _closing(each: Difference) -> ClosingOut:
    return ClosingOut(
        on=each.on, kind=each.kind, name=each.name, closed=list(each.closed), remaining=list(each.remaining)
    )


async def _told(unit: TicketsUnit, found: list[CalendarVersion]) -> list[CalendarOut]:
    policies = await unit.policies.newest()
    return [
        calendar_out(version, [each.label for each in policies if version.label in calendars_named(each.document)])
        for version in found
    ]
