"""`policies migrate|migrations|undo`: every migration is a dry run first, and can be taken back."""

import sys
import time
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from glidepath.client import Client
from glidepath.commands.policies.document import versioned
from glidepath.commands.tickets.reading import TICKETS
from glidepath.drawing.spans import moment
from glidepath.faults import Fault, TimedOut
from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import Reason, Yes, opened
from shared.clock import monotonic

MIGRATIONS = f"{TICKETS}/migrations"
PATIENCE_SECONDS = 3600.0
_RUNNING = frozenset({"previewing", "applying", "undoing"})
_COUNTS = {
    "earlier": "due earlier",
    "later": "due later",
    "same": "due as before",
    "newly_breached": "breached by the move itself",
    "newly_promised": "promised for the first time",
    "restarted": "begun anew",
    "cancelled": "no longer promised",
    "would_not_have_breached": "breached before, and would not have been",
}


def migrate(
    context: typer.Context,
    old: Annotated[
        str, typer.Argument(metavar="FROM", help="NAME@VERSION of a policy or calendar that open tickets have now")
    ],
    new: Annotated[str, typer.Argument(metavar="TO", help="NAME@VERSION that they are to have")],
    retroactive: Annotated[
        bool, typer.Option("--retroactive", help="Count from each clock's start, not from now")
    ] = False,
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and stop there")] = False,
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Move open tickets to another version: shows what would change, asks, applies. Finished cycles are never touched."""
    for label in (old, new):
        versioned(label)
    quiet = output is not Format.TABLE
    with opened(context) as client:
        job = client.post(MIGRATIONS, {"from": old, "to": new, "retroactive": retroactive, "reason": reason})
        job = _finish(client, job, "dry run", quiet=quiet)
        if not quiet:
            _print_preview(job)
        if dry_run:
            _end(job, output)
            return
        if not yes:
            if quiet:
                raise Fault(
                    "say -y to apply, or --dry-run to stop after the preview: with json or yaml nobody is asked"
                )
            typer.confirm("apply?", abort=True)
        applied = client.post(f"{_path(job)}/apply")
        job = _finish(client, applied or job, "apply", quiet=quiet)
        if not quiet:
            console().print(f"applied; take it back: glidepath policies undo {_id(job)}")
        _end(job, output)


def undo_migration(
    context: typer.Context,
    migration: Annotated[str, typer.Argument(metavar="ID", help="From `glidepath policies migrations`")],
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Take a migration back: the open clocks read as if it had never been, save what was breached meanwhile."""
    quiet = output is not Format.TABLE
    with opened(context) as client:
        job = client.get(f"{MIGRATIONS}/{quote(migration, safe='')}")
        if not yes:
            typer.confirm(f"undo {job.get('from')} -> {job.get('to')}?", abort=True)
        undone = client.post(f"{_path(job)}/undo")
        job = _finish(client, undone or job, "undo", quiet=quiet)
    if not quiet:
        console().print(f"{job.get('from')} -> {job.get('to')} is undone")
    _end(job, output)


def list_migrations(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List migrations and where each stands."""
    with opened(context) as client:
        rows = list(client.items(MIGRATIONS))
    if output is Format.TABLE:
        rows = [{**row, "id": _id(row), "made_at": moment(row.get("created_at"))} for row in rows]
    show_rows(rows, ("id", "from", "to", "state", "made_at", "created_by"), output, none="no migration yet")


def _finish(client: Client, job: Mapping[str, Any], what: str, *, quiet: bool) -> dict[str, Any]:
    """Wait for the job with a bar; a `Fault` when it failed."""
    deadline = monotonic() + PATIENCE_SECONDS
    current = dict(job)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True, disable=quiet or not sys.stdout.isatty()) as progress:
        task = progress.add_task(what, total=None)
        while str(current.get("state")) in _RUNNING:
            progress.update(task, completed=_done(current), total=_size(current))
            if monotonic() > deadline:
                raise TimedOut(f"the {what} still runs: glidepath policies migrations")
            time.sleep(0.3)
            current = client.get(_path(current))
    return current


def _print_preview(job: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right", style="bold")
    table.add_column()
    counts = _counts(job)
    for name, words in _COUNTS.items():
        style = "bold red" if name == "newly_breached" and counts.get(name) else ""
        table.add_row(Text(str(counts.get(name, 0)), style), words)
    console().print(f"open clocks: {counts.get('clocks', 0)}, of {counts.get('tickets', 0)} tickets")
    console().print(table)
    if samples := _samples(job):
        show_rows(samples, ("number", "target", "due_before", "due_after", "effect"), Format.TABLE)


def _samples(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {**sample, "due_before": moment(sample.get("due_before")), "due_after": moment(sample.get("due_after"))}
        for sample in job.get("samples") or []
    ]


def _counts(job: Mapping[str, Any]) -> Mapping[str, int]:
    counts: Mapping[str, int] = job.get("counts") or {}
    return counts


def _done(job: Mapping[str, Any]) -> int:
    return int((job.get("progress") or {}).get("done") or 0)


def _size(job: Mapping[str, Any]) -> int | None:
    return int((job.get("progress") or {}).get("total") or 0) or None


def _id(job: Mapping[str, Any]) -> str:
    return str(job["migration_id"])


def _path(job: Mapping[str, Any]) -> str:
    return f"{MIGRATIONS}/{quote(_id(job), safe='')}"


def _end(job: Mapping[str, Any], output: Format) -> None:
    if output is not Format.TABLE:
        show_data(job, output)
