"""`tickets list` and `tickets show`."""

from typing import Annotated
from urllib.parse import quote

import typer

from glidepath.output import Format, Output, show_data, show_one, show_rows
from glidepath.session import opened


def list_tickets(
    context: typer.Context,
    most: Annotated[int, typer.Option("--most", "-n", help="How many at most")] = 50,
    output: Output = Format.TABLE,
) -> None:
    """List tickets."""
    with opened(context) as client:
        rows = list(client.items("/api/tickets/v1/tickets", most=most))
    show_rows(rows, ("number", "ticket_id", "priority", "status", "subject", "opened_at"), output)


def show_ticket(context: typer.Context, ticket_id: str, output: Output = Format.TABLE) -> None:
    """Show one ticket with its clocks."""
    with opened(context) as client:
        path = f"/api/tickets/v1/tickets/{quote(ticket_id, safe='')}"
        ticket, clocks = client.get(path), client.get(f"{path}/clocks")
    rows = clocks["items"] if isinstance(clocks, dict) else clocks
    if output is not Format.TABLE:
        show_data({**ticket, "clocks": rows}, output)
        return
    show_one({name: value for name, value in ticket.items() if name != "clocks"}, output)
    show_rows(rows, ("target", "cycle", "state", "due_at", "breached_at", "settled_at"), output)
