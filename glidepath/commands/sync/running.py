"""`sync run`: read a helpdesk now, or look at what a run would take in and tell before the first word is sent."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from glidepath.client import Client
from glidepath.commands.sync.orders import list_writes, show_writes
from glidepath.commands.sync.reading import Name, connector_path, find_connector
from glidepath.commands.tickets.reading import TICKETS
from glidepath.faults import Fault, TimedOut
from glidepath.output import Format, Output, console, show_data
from glidepath.session import opened
from shared.clock import monotonic

ASK_EVERY_SECONDS = 0.3
LOOK_EVERY = 10
"""So many times the run is asked after before the connector is: one that fails would never finish."""


def run(
    context: typer.Context,
    name: Name,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look at everything, change nothing, and list what would be told")
    ] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Read everything within the filters anew")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="Wait so long for its end")] = 3600.0,
    output: Output = Format.TABLE,
) -> None:
    """Read a helpdesk now and wait until it is read."""
    quiet = output is not Format.TABLE
    with opened(context) as client:
        begun = client.post(f"{connector_path(name)}/runs", {"dry": dry_run, "whole": whole})
        done = _follow(client, begun, timeout, quiet=quiet)
        orders = list_writes(client, name, "waiting") if dry_run else []
    if quiet:
        show_data({**done, "orders": orders} if dry_run else done, output)
    else:
        _say(done, orders)
    if done["failure"]:
        raise Fault(str(done["failure"]))


def _follow(client: Client, run: Mapping[str, Any], timeout: float, *, quiet: bool) -> dict[str, Any]:
    """Wait for the run with a bar that says how far it is; a `Fault` when the connector fails meanwhile."""
    deadline = monotonic() + timeout
    current, path = dict(run), f"{TICKETS}/sync-runs/{quote(str(run['run_id']), safe='')}"
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(), transient=True, disable=quiet or not sys.stdout.isatty()) as progress:
        task, asked = progress.add_task(_so_far(current), total=None), 0
        while current["finished_at"] is None:
            if monotonic() > deadline:
                raise TimedOut(f"the run is still under way: glidepath sync status {run['connector']}")
            asked += 1
            if asked % LOOK_EVERY == 0:
                _need_working(client, str(run["connector"]))
            time.sleep(ASK_EVERY_SECONDS)
            current = client.get(path)
            progress.update(task, description=_so_far(current))
    return current


def _need_working(client: Client, name: str) -> None:
    standing = find_connector(client, name)["status"]
    if standing["state"] == "failing":
        raise Fault(str(standing["says"]), places=["the run goes on by itself once that is mended"])


def _so_far(run: Mapping[str, Any]) -> str:
    return f"{_many(run['pages'], 'page')}, {_many(run['tickets'], 'ticket')}, {run['fresh']} new"


def _say(run: Mapping[str, Any], orders: Sequence[Mapping[str, Any]]) -> None:
    screen = console()
    tickets, fresh = _many(run["tickets"], "ticket"), run["fresh"]
    if not run["dry"]:
        screen.print(f"read {tickets}, {fresh} of them new")
    else:
        screen.print(f"would read {tickets} and take in {fresh} that are new; nothing was changed, here or there")
        show_writes(orders, Format.TABLE, none="nothing would be told")
    if run["problems"]:
        items = _many(run["problems"], "item")
        screen.print(f"{items} could not be understood: glidepath sync quarantine {run['connector']}")


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
