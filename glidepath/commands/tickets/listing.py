"""`tickets list`: the queue, cut and sorted as asked."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from glidepath.client import Client
from glidepath.commands.tickets.reading import TICKETS, BusinessNow
from glidepath.drawing.clocks import stands, target_words
from glidepath.drawing.spans import when
from glidepath.faults import Fault
from glidepath.output import Format, Output, console, plain, show_data
from glidepath.session import opened

EVERY_SECONDS = 2.0


class Sla(StrEnum):
    OVERDUE = "overdue"
    AT_RISK = "at_risk"
    RUNNING = "running"
    UNCONFIRMED = "unconfirmed"


class Sort(StrEnum):
    NEWEST = "newest"
    DUE = "due"
    UPDATED = "updated"


Words = Annotated[list[str] | None, typer.Option(help="May be repeated")]
One = str | None


def list_tickets(
    context: typer.Context,
    search: Annotated[One, typer.Option("--search", "-q", help="Words in subject, description and comments")] = None,
    view: Annotated[One, typer.Option("--view", "-v", help="A saved view; other options narrow it further")] = None,
    status: Annotated[list[str] | None, typer.Option("--status", "-s", help="May be repeated")] = None,
    priority: Annotated[list[str] | None, typer.Option("--priority", "-p", help="P1 to P4; may be repeated")] = None,
    kind: Words = None,
    team: Annotated[One, typer.Option(help="Only this team's")] = None,
    assignee: Annotated[One, typer.Option(help="Only this person's")] = None,
    requester: Annotated[One, typer.Option(help="Only those of this e-mail address")] = None,
    source: Annotated[One, typer.Option(help="Only those of this helpdesk")] = None,
    rollout: Annotated[One, typer.Option(help="Only those that count for this rollout")] = None,
    wave: Annotated[One, typer.Option(help="Only those that count for this wave")] = None,
    sla: Annotated[Sla | None, typer.Option(help="Only where a clock stands so")] = None,
    sort: Annotated[Sort | None, typer.Option(help="Order; default: newest first, or the view's own")] = None,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many at most")] = 50,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay and show every change")] = False,
    output: Output = Format.TABLE,
) -> None:
    """List tickets with the clock that is due next."""
    query: dict[str, Any] = {
        "q": search,
        "view": view,
        "status": status,
        "priority": [each.upper() for each in priority or ()] or None,
        "kind": kind,
        "team": team,
        "assignee": assignee,
        "requester": requester,
        "source": source,
        "rollout": rollout,
        "wave": wave,
        "sla": sla.value if sla else None,
        "sort": sort.value if sort else None,
    }
    if watch and output is not Format.TABLE:
        raise Fault("--watch draws a table; leave it out for json or yaml")
    with opened(context, patience_seconds=30.0 if watch else 0.0) as client:
        rows, more = _page(client, query, most)
        if output is not Format.TABLE:
            show_data(rows, output)
            return
        now = BusinessNow(client)
        if not watch:
            console().print(_drawn(rows, more, now()))
            return
        with Live(_drawn(rows, more, now()), console=console(), auto_refresh=False) as live:
            while True:
                time.sleep(EVERY_SECONDS)
                live.update(_drawn(*_page(client, query, most), now()), refresh=True)


def _page(client: Client, query: Mapping[str, Any], most: int) -> tuple[list[dict[str, Any]], bool]:
    """At most `most` tickets, and whether there are more."""
    rows = list(islice(client.items(f"{TICKETS}/tickets", most=most + 1, **query), most + 1))
    return rows[:most], len(rows) > most


def _drawn(rows: Sequence[Mapping[str, Any]], more: bool, now: datetime) -> Group:
    if not rows:
        return Group(Text("no ticket is like that"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("number", justify="right")
    for name in ("priority", "status", "subject", "assignee", "opened", "next clock"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(
            Text(plain(row.get("number"))),
            Text(plain(row.get("priority"))),
            Text(plain(row.get("status")).replace("_", " ")),
            Text(plain(row.get("subject"))),
            Text(plain(row.get("assignee"))),
            Text(when(row.get("opened_at"), now)),
            next_clock(row.get("clocks") or (), now),
        )
    note = [Text("there are more: raise --most or narrow the list", "dim")] if more else []
    return Group(table, *note)


def next_clock(clocks: Sequence[Mapping[str, Any]], now: datetime) -> Text:
    """The clock that matters: what is due soonest, else what is paused, else what was breached and still runs."""
    active = [clock for clock in clocks if clock.get("state") in ("running", "paused")]
    if not active:
        return Text("-", "dim")
    first = min(active, key=_urgency)
    return Text.assemble(f"{target_words(first)} ", stands(first, now))


def _urgency(clock: Mapping[str, Any]) -> tuple[int, str]:
    if clock.get("breached_at"):
        return 2, str(clock["breached_at"])
    return (0, str(clock["due_at"])) if clock.get("due_at") else (1, "")
