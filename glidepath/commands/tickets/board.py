"""`tickets sla`: what is due next, with countdowns; `-w` stays and counts down."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from glidepath.client import Client
from glidepath.commands.tickets.reading import TICKETS, BusinessNow, clocks_of, find_ticket
from glidepath.drawing.clocks import clock_block, stands, target_words
from glidepath.drawing.spans import zone_name
from glidepath.faults import Fault
from glidepath.output import Format, Output, console, plain, show_data
from glidepath.session import opened
from shared.clock import monotonic

TICK_SECONDS = 1.0
ASK_EVERY_SECONDS = 3.0
"""Countdowns tick by themselves; the service is asked less often than the screen changes."""


def show_board(
    context: typer.Context,
    number: Annotated[str | None, typer.Argument(metavar="[NUMBER]", help="Only this ticket's clocks")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay and count down")] = False,
    team: Annotated[str | None, typer.Option(help="Only this team's")] = None,
    rollout: Annotated[str | None, typer.Option(help="Only those that count for this rollout")] = None,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many clocks at most")] = 20,
    output: Output = Format.TABLE,
) -> None:
    """Show what is overdue and what is due next, the soonest first, with countdowns."""
    if watch and output is not Format.TABLE:
        raise Fault("--watch draws a table; leave it out for json or yaml")
    with opened(context, patience_seconds=30.0 if watch else 0.0) as client:
        query = {"team": team, "rollout": rollout}
        read = _Ticket(client, number) if number else _Board(client, query, most)
        if output is not Format.TABLE:
            show_data(read.data(), output)
            return
        now = BusinessNow(client)
        if not watch:
            console().print(read.drawn(read.data(), now()))
            return
        _watch(read, now)


class _Board:
    """All clocks that run."""

    def __init__(self, client: Client, query: Mapping[str, str | None], most: int) -> None:
        self._client, self._query, self._most = client, dict(query), most

    def data(self) -> dict[str, Any]:
        summary = self._client.get(f"{TICKETS}/clocks/summary")
        late = self._clocks("overdue")
        soon = self._clocks("running")
        # What can still be saved is not pushed off the screen by what cannot.
        late = late[: max(self._most // 2, self._most - len(soon))]
        return {"summary": summary, "clocks": [*late, *soon][: self._most]}

    def _clocks(self, state: str) -> list[dict[str, Any]]:
        return list(self._client.items(f"{TICKETS}/clocks", most=self._most, state=state, **self._query))

    def drawn(self, data: Mapping[str, Any], now: datetime) -> Group:
        return Group(_headline(data["summary"], now), _table(data["clocks"], now))


class _Ticket:
    """One ticket's clocks with their bars."""

    def __init__(self, client: Client, number: str) -> None:
        self._client, self._number = client, number

    def data(self) -> dict[str, Any]:
        ticket = find_ticket(self._client, self._number)
        return {"ticket": ticket, "clocks": clocks_of(self._client, self._number)}

    def drawn(self, data: Mapping[str, Any], now: datetime) -> Group:
        ticket = data["ticket"]
        head = Text(f"#{ticket['number']} {ticket['subject']}  ", "bold")
        head.append(f"{ticket['priority']} {str(ticket['status']).replace('_', ' ')}", "dim")
        blocks = [line for clock in data["clocks"] for line in clock_block(clock, now)]
        return Group(head, *(blocks or [Text("no clock runs: the policy promises nothing here", "dim")]))


def _watch(read: _Board | _Ticket, now: BusinessNow) -> None:
    data, asked_at = read.data(), monotonic()
    with Live(read.drawn(data, now()), console=console(), auto_refresh=False) as live:
        while True:
            time.sleep(TICK_SECONDS)
            if monotonic() - asked_at >= ASK_EVERY_SECONDS:
                data, asked_at = read.data(), monotonic()
            live.update(read.drawn(data, now()), refresh=True)


_COUNTS = {
    "overdue": ("overdue", "bold red"),
    "due_within_an_hour": ("due within an hour", "bold yellow"),
    "running": ("running", ""),
    "paused": ("paused", ""),
    "unconfirmed": ("unconfirmed", "magenta"),
}


def _headline(summary: Mapping[str, Any], now: datetime) -> Text:
    """The counts of all teams; where counting stopped, "or more" is said."""
    head, most = Text(), int(summary.get("most") or 0)
    for name, (words, style) in _COUNTS.items():
        count = int(summary.get(name) or 0)
        more = "+" if most and count >= most else ""
        head.append(f"{count}{more} {words}   ", style if count else "")
    return head.append(f"{now.astimezone():%a %H:%M:%S} {zone_name(now)}", "dim")


def _table(clocks: Sequence[Mapping[str, Any]], now: datetime) -> Table | Text:
    if not clocks:
        return Text("no clock is due")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("ticket", justify="right")
    for name in ("priority", "subject", "clock", "stands", "policy"):
        table.add_column(name, overflow="fold")
    for clock in clocks:
        table.add_row(
            Text(f"#{clock['ticket_number']}"),
            Text(plain(clock.get("priority"))),
            Text(plain(clock.get("ticket_subject"))),
            Text(target_words(clock)),
            stands(clock, now),
            Text(plain(clock.get("policy")), "dim"),
        )
    return table
