"""`sync status`: how every connector stands, at a glance and in a sentence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from glidepath.commands.sync.reading import CONNECTORS, find_connector
from glidepath.drawing.spans import span, when, zone_name
from glidepath.output import Format, Output, console, show_data
from glidepath.session import opened
from shared.clock import SystemClock

_STYLES = {"failing": "bold red", "silent": "bold yellow", "no_credential": "yellow", "off": "dim", "fine": "green"}
_COUNTS = ("waiting", "refused", "conflicts", "problems")
_TITLES = {"problems": "quarantined"}


def status(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this connector")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show how connectors stand: lag, last success, what waits. Exit 1 when one is failing."""
    with opened(context) as client:
        rows = [find_connector(client, name)] if name else list(client.items(CONNECTORS))
    if output is not Format.TABLE:
        show_data(rows, output)
    elif not rows:
        console().print("no helpdesk is connected yet: `glidepath sync add NAME --vendor VENDOR --url URL`")
    else:
        console().print(standing_table(rows, SystemClock().now()))
    if any(row["status"]["state"] == "failing" for row in rows):
        raise typer.Exit(1)


def standing_table(rows: Sequence[Mapping[str, Any]], now: datetime) -> RenderableType:
    """A row per connector, and below it what is to be said of each that is not simply fine."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("connector", "state", "mode", "lag", "last success"):
        table.add_column(title, overflow="fold")
    for name in _COUNTS:
        table.add_column(_TITLES.get(name, name), justify="right")
    table.add_column("next look")
    said: list[Text] = []
    for row in rows:
        standing = row["status"]
        state = str(standing["state"])
        lag = standing.get("lag_seconds")
        table.add_row(
            Text(str(row["name"])),
            Text(state.replace("_", " "), _STYLES.get(state, "")),
            Text(str(row["mode"]).replace("_", " ")),
            Text("-" if lag is None else span(float(lag))),
            Text(when(standing.get("polled_at"), now)),
            *(_count(standing, name) for name in _COUNTS),
            Text(_next_look(standing, now)),
        )
        if state != "fine" or any(standing.get(name) for name in ("refused", "problems", "waiting", "uncertain")):
            said.append(Text.assemble((f"{row['name']}: ", "bold"), str(standing["says"])))
    return Group(table, Text(), *said, Text(f"times in {zone_name(now)}", "dim"))


def _count(standing: Mapping[str, Any], name: str) -> Text:
    count = int(standing.get(name) or 0)
    return Text(str(count), "bold red" if count and name in ("refused", "problems") else "")


def _next_look(standing: Mapping[str, Any], now: datetime) -> str:
    at = standing.get("next_look_at")
    if not at:
        return "-"
    due = datetime.fromisoformat(str(at))
    return "now" if due <= now else f"in {span((due - now).total_seconds())}"
