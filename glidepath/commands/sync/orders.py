"""`sync writes|retry|discard`: what a helpdesk was and is to be told."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer

from glidepath.client import Client
from glidepath.commands.sync.reading import Name, connector_path, find_connector
from glidepath.commands.tickets.reading import TICKETS
from glidepath.drawing.spans import moment
from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import Yes, opened

Only = Annotated[str | None, typer.Option("--only", metavar="ID", help="One order, from `glidepath sync writes`")]


def writes(
    context: typer.Context,
    name: Name,
    state: Annotated[
        list[str] | None, typer.Option("--state", "-s", help="waiting, attempted, done, refused, discarded; repeat")
    ] = None,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many at most, the newest")] = 100,
    output: Output = Format.TABLE,
) -> None:
    """List what a helpdesk was and is to be told, the oldest first."""
    with opened(context) as client:
        rows = list_writes(client, name, ",".join(state or ()), most)
    show_writes(rows, output)


def retry(context: typer.Context, name: Name, only: Only = None, output: Output = Format.TABLE) -> None:
    """Try again what a helpdesk refused."""
    with opened(context) as client:
        answer = client.post(f"{_order_path(only) if only else f'{connector_path(name)}/writes'}/retry")
    _say(answer, "to be tried again", output)


def discard(
    context: typer.Context, name: Name, only: Only = None, yes: Yes = False, output: Output = Format.TABLE
) -> None:
    """Give up what waits to be told, or one order that waits or was refused. It cannot be taken back."""
    with opened(context) as client:
        if not yes:
            waiting = find_connector(client, name)["status"]["waiting"]
            typer.confirm("give up this order?" if only else f"give up {waiting} orders that wait?", abort=True)
        answer = client.post(f"{_order_path(only) if only else f'{connector_path(name)}/writes'}/discard")
    _say(answer, "given up", output)


def list_writes(client: Client, name: str, states: str = "", most: int | None = None) -> list[dict[str, Any]]:
    """Orders of a connector, the oldest first."""
    found = client.items(f"{connector_path(name)}/writes", most=most, state=states or None)
    return list(reversed(list(found)))


def show_writes(rows: Sequence[Mapping[str, Any]], output: Format, *, none: str = "no such order") -> None:
    """Orders as a table of tickets and words."""
    if output is not Format.TABLE:
        show_data(list(rows), output)
        return
    told = [
        {
            "ticket": f"#{row['number']}",
            "what": row["kind"],
            "words": row["says"],
            "state": row["state"],
            "since": moment(row["recorded_at"]),
            "by": row["recorded_by"],
            "problem": row["problem"],
            "id": row["write_id"],
        }
        for row in rows
    ]
    columns = ["ticket", "what", "words", "state", "since", "by", "id"]
    if any(row["problem"] for row in told):
        columns.insert(6, "problem")
    show_rows(told, columns, output, none=none)


def _order_path(write_id: str) -> str:
    return f"{TICKETS}/remote-writes/{quote(write_id, safe='')}"


def _say(answer: Mapping[str, Any], what: str, output: Format) -> None:
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    count = int(answer.get("writes", 1))
    console().print(f"{count} {'order is' if count == 1 else 'orders are'} {what}")
