"""`sync conflicts|quarantine|replay|dismiss|link|unlink`: where both sides differed, what was not understood, what is where."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from glidepath.commands.sync.connecting import pairs
from glidepath.commands.sync.reading import Name, connector_path
from glidepath.commands.tickets.reading import TICKETS, Number, find_ticket, ticket_path
from glidepath.drawing.spans import moment
from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import Yes, opened

Most = Annotated[int, typer.Option("--most", "-n", min=1, help="How many at most, the newest first")]
Item = Annotated[str, typer.Argument(metavar="ID", help="From `glidepath sync quarantine NAME`")]


def conflicts(context: typer.Context, name: Name, most: Most = 50, output: Output = Format.TABLE) -> None:
    """List fields that were changed on both sides, and whose word stands."""
    with opened(context) as client:
        rows = list(client.items(f"{connector_path(name)}/conflicts", most=most))
    if output is Format.TABLE:
        rows = [{**row, "at": moment(row["at"]), "ticket": f"#{row['number']}"} for row in rows]
    show_rows(rows, ("at", "ticket", "field", "ours", "theirs", "kept", "rule"), output, none="no conflict yet")


def quarantine(context: typer.Context, name: Name, most: Most = 50, output: Output = Format.TABLE) -> None:
    """List what could not be understood, with the expression of the vendor file that fails."""
    with opened(context) as client:
        rows = list(client.items(f"{connector_path(name)}/problems", most=most))
    if output is Format.TABLE:
        rows = [{**row, "id": row["problem_id"], "last": moment(row["last_at"])} for row in rows]
    columns = ("id", "last", "times", "answer", "expression", "reason")
    show_rows(rows, columns, output, none="the quarantine is empty")


def replay(context: typer.Context, item: Item, output: Output = Format.TABLE) -> None:
    """Understand an item again with the vendor file as it is now, and apply what it says."""
    with opened(context) as client:
        answer = client.post(f"{_item_path(item)}/replay")
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    facts = "1 fact" if answer["facts"] == 1 else f"{answer['facts']} facts"
    console().print(f"{item} is understood: {facts} of {', '.join(answer['external_ids']) or 'no ticket'}")


def dismiss(context: typer.Context, item: Item, yes: Yes = False) -> None:
    """Make nothing of an item."""
    with opened(context) as client:
        if not yes:
            typer.confirm("make nothing of this item?", abort=True)
        client.post(f"{_item_path(item)}/dismiss")
    console().print(f"{item} is dismissed")


def link(
    context: typer.Context,
    number: Number,
    name: Name,
    owner: Annotated[
        list[str] | None, typer.Option(metavar="FIELD=OWNER", help="Whose word counts for this ticket; repeat")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Have a ticket at a helpdesk as well, with its comments; or say whose word counts for one that is there."""
    body: dict[str, Any] = {"connector": name, "ownership": pairs(owner, "--owner")}
    with opened(context) as client:
        answer = client.call("PUT", f"{ticket_path(number)}/remote", body=body)
        if output is not Format.TABLE:
            show_data(answer, output)
            return
        known = find_ticket(client, number)
    there = f"is {answer['external_id']} at {name}" if answer["external_id"] else f"is to be opened at {name}"
    console().print(f"#{known['number']} {there}")


def unlink(context: typer.Context, number: Number, yes: Yes = False) -> None:
    """Tell a ticket's helpdesk nothing more of it. It stays on both sides."""
    with opened(context) as client:
        known = find_ticket(client, number)
        if not yes:
            typer.confirm(f"unlink #{known['number']} {known['subject']}?", abort=True)
        client.call("DELETE", f"{ticket_path(number)}/remote")
    console().print(f"#{known['number']} is linked no more")


def _item_path(item: str) -> str:
    return f"{TICKETS}/sync-problems/{quote(item, safe='')}"
