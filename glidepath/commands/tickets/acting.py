"""`tickets open|comment|set|merge`: the desk's own acts, for scripts and for hands on a keyboard."""

from typing import Annotated, Any

import typer

from glidepath.client import Client
from glidepath.commands.tickets.listing import next_clock
from glidepath.commands.tickets.reading import TICKETS, BusinessNow, Number, find_ticket, ticket_path
from glidepath.faults import Fault
from glidepath.output import Format, Output, console, show_data
from glidepath.session import Yes, opened

_NUMBERS = frozenset({"minutes_lost"})
_LISTS = frozenset({"tags"})


def open_one(
    context: typer.Context,
    subject: str,
    description: Annotated[str, typer.Option("--description", "-d", help="What happened")] = "",
    priority: Annotated[str, typer.Option("--priority", "-p", help="P1 to P4")] = "P3",
    kind: Annotated[str, typer.Option(help="incident, request, question or change")] = "incident",
    requester: Annotated[str | None, typer.Option(help="E-mail address of whoever needs help, if not you")] = None,
    impact: Annotated[str | None, typer.Option(help="Who is affected and how; P1 needs it")] = None,
    course: Annotated[str | None, typer.Option(help="The course's id in its learning system")] = None,
    system: Annotated[str | None, typer.Option(help="The system that is affected")] = None,
    team: Annotated[str | None, typer.Option(help="Who is to look at it")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="May be repeated")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Open a ticket."""
    body: dict[str, Any] = {"subject": subject, "description": description, "priority": priority.upper(), "kind": kind}
    body |= {"tags": tag or [], "requester": {"email": requester} if requester else None}
    body |= {"impact": impact, "course": course, "system": system, "team": team}
    with opened(context) as client:
        ticket = client.post(f"{TICKETS}/tickets", {name: value for name, value in body.items() if value is not None})
        _say(client, ticket, "opened", output)


def comment_on(
    context: typer.Context,
    number: Number,
    body: str,
    internal: Annotated[bool, typer.Option("--internal", help="For the desk only; answers nobody")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Write on a ticket. A public comment of the desk is the response that the clock waits for."""
    with opened(context) as client:
        comment = client.post(f"{ticket_path(number)}/comments", {"body": body, "public": not internal})
        if output is not Format.TABLE:
            show_data(comment, output)
            return
        _say(client, find_ticket(client, number), "commented", output)


def set_fields(
    context: typer.Context,
    number: Number,
    fields: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="status=pending priority=P1 assignee=")],
    output: Output = Format.TABLE,
) -> None:
    """Change fields of a ticket; nothing after the = clears one. Refused if somebody changed it meanwhile."""
    patch = dict(_field(text) for text in fields)
    with opened(context) as client:
        version = find_ticket(client, number)["version"]
        headers = {"If-Match": f'W/"{version}"'}
        ticket = client.call("PATCH", ticket_path(number), body=patch, headers=headers)
        _say(client, ticket, "changed", output)


def merge_tickets(
    context: typer.Context,
    number: Number,
    into: Annotated[str, typer.Option("--into", help="The ticket that stays")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept in both histories")],
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Merge a ticket into another: its clocks are cancelled, the other keeps the earlier start."""
    with opened(context) as client:
        source, survivor = find_ticket(client, number), find_ticket(client, into)
        if not yes:
            console().print(f"#{source['number']} {source['subject']}  ->  #{survivor['number']} {survivor['subject']}")
            typer.confirm("merge?", abort=True)
        body = {"into": survivor["ticket_id"], "reason": reason}
        client.post(f"{ticket_path(number)}/merge", body)
        _say(client, find_ticket(client, into), f"now holds #{source['number']}", output)


def _field(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Fault(f"{text!r} is not written like FIELD=VALUE, e.g. status=pending")
    if name in _LISTS:
        return name, [part.strip() for part in value.split(",") if part.strip()]
    if value and name in _NUMBERS:
        if not value.isdigit():
            raise Fault(f"{name} is a whole number, not {value!r}")
        return name, int(value)
    return name, value or None


def _say(client: Client, ticket: dict[str, Any], what: str, output: Format) -> None:
    if output is not Format.TABLE:
        show_data(ticket, output)
        return
    now = BusinessNow(client)()
    status = str(ticket["status"]).replace("_", " ")
    console().print(
        f"#{ticket['number']} {what}: {ticket['priority']} {status}; next:", next_clock(ticket["clocks"], now)
    )
