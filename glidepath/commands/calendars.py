"""`calendars ...`: when time counts, what is closed next, and closing days for holidays."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from glidepath.commands.plans import read_file
from glidepath.commands.policies.document import File, read_document
from glidepath.commands.tickets.reading import TICKETS
from glidepath.drawing.spans import moment
from glidepath.faults import Fault
from glidepath.output import Format, Output, console, plain, show_data, show_rows
from glidepath.session import Reason, opened

CALENDARS = f"{TICKETS}/calendars"
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would come of it and change nothing")]


def list_calendars(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List calendars and the policies that count in them."""
    with opened(context) as client:
        rows = list(client.items(CALENDARS))
    if output is Format.TABLE:
        rows = [{**row, "zone": row["calendar"].get("zone")} for row in rows]
    show_rows(rows, ("name", "version", "zone", "used_by", "created_by"), output)


def show_calendar(context: typer.Context, name: str, output: Output = Format.TABLE) -> None:
    """Show a calendar's week, whether it is open now, and the next days that differ from the week."""
    with opened(context) as client:
        found = client.get(_path(name))
        coming = client.get(f"{_path(name)}/upcoming")
    if output is not Format.TABLE:
        show_data({**found, "upcoming": coming}, output)
        return
    screen = console()
    screen.print(Text(f"{coming['calendar']}  {coming['zone']}", "bold"))
    for day, windows in found["calendar"].get("hours", {}).items():
        screen.print(Text(f"  {day:<10} {', '.join(windows)}"))
    state = "open" if coming["open_now"] else "closed"
    screen.print(Text(f"{state} until {moment(coming['next_change_at'])}"))
    show_rows(coming["items"], _DAYS, Format.TABLE, none="no day differs from the week")


def put_calendar(
    context: typer.Context, name: str, file: File, dry_run: DryRun = False, output: Output = Format.TABLE
) -> None:
    """Put a calendar in place, or its next version; open tickets stay with theirs until they are migrated."""
    with opened(context) as client:
        path = f"{_path(name)}?dry_run=true" if dry_run else _path(name)
        _tell(client.put(path, read_document(file)), output)


def close_days(
    context: typer.Context,
    name: str,
    day: Annotated[list[str] | None, typer.Option("--day", help="Like 2026-12-24; may be repeated")] = None,
    country: Annotated[str | None, typer.Option(help="Public holidays of a country, like DE")] = None,
    subdivision: Annotated[str | None, typer.Option(help="Of one part of it, like BE")] = None,
    year: Annotated[list[int] | None, typer.Option("--year", help="Of which years; may be repeated")] = None,
    ics: Annotated[Path | None, typer.Option(help="An iCalendar file")] = None,
    retroactive: Annotated[bool, typer.Option("--retroactive", help="Days that have passed too")] = False,
    migrate: Annotated[str, typer.Option(help="Open tickets: no, preview or apply")] = "preview",
    reason: Reason = "",
    dry_run: DryRun = False,
    output: Output = Format.TABLE,
) -> None:
    """Close days: new versions of the calendar and of the policies that count in it, and a migration of open tickets."""
    wanted: dict[str, Any] = {"retroactive": retroactive, "dry_run": dry_run, "migrate": migrate, "reason": reason}
    wanted |= {"dates": day, "country": country, "subdivision": subdivision, "years": year}
    if ics is not None:
        try:
            wanted["ics"] = read_file(ics).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Fault(f"{ics} is not UTF-8: {error.reason} at byte {error.start}") from error
    with opened(context) as client:
        body = {field: value for field, value in wanted.items() if value is not None}
        _tell(client.post(f"{_path(name)}/holidays", body), output)


_DAYS = ("on", "kind", "name", "closed", "remaining")


def _tell(change: dict[str, Any], output: Format) -> None:
    if output is not Format.TABLE:
        show_data(change, output)
        return
    screen = console()
    screen.print(
        Text(f"{change['calendar']} is made" if change["calendar"] else "nothing is changed (dry run)", "bold")
    )
    if change["added"]:
        screen.print(f"closed: {plain(change['added'])}")
    for note in change["notes"]:
        screen.print(note)
    for old, new in change["policies"].items():
        screen.print(f"{old} -> {new}")
    show_rows(change["upcoming"], _DAYS, Format.TABLE, none="no day differs from the week")
    if change["migration_id"]:
        screen.print(f"what it would change for open tickets: glidepath policies migrations ({change['migration_id']})")


def _path(name: str) -> str:
    return f"{CALENDARS}/{quote(name, safe='')}"


COMMANDS: dict[str, object] = {
    "list": list_calendars,
    "show": show_calendar,
    "put": put_calendar,
    "holidays": close_days,
}
