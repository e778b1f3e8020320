"""`tickets show`: what was said, what it is linked to, and its clocks drawn."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from glidepath.client import Client
from glidepath.commands.tickets.reading import BusinessNow, Number, clocks_of, find_ticket, ticket_path
from glidepath.drawing.clocks import clock_block, segment_table, target_words
from glidepath.drawing.spans import moment, when, zone_name
from glidepath.output import Format, Output, console, plain, show_data
from glidepath.session import opened

_FIELDS = ("requester", "team", "assignee", "kind", "impact", "cause", "minutes_lost", "tags", "course", "system")
MOST_COMMENTS = 200


def show_ticket(
    context: typer.Context,
    number: Number,
    segments: Annotated[bool, typer.Option("--segments", help="Every segment with both ends and its length")] = False,
    history: Annotated[bool, typer.Option("--history", help="Every line of the history too")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show one ticket: its conversation, its links, and each clock as a line of time whose pieces add up."""
    with opened(context) as client:
        ticket = find_ticket(client, number)
        clocks = clocks_of(client, number)
        comments = list(client.items(f"{ticket_path(number)}/comments", most=MOST_COMMENTS))
        lines = list(client.items(f"{ticket_path(number)}/history")) if history else []
        if output is not Format.TABLE:
            more = {"history": lines} if history else {}
            show_data({**ticket, "clocks": clocks, "comments": comments, **more}, output)
            return
        _print(client, ticket, clocks, comments, lines, segments=segments)


def _print(
    client: Client,
    ticket: Mapping[str, Any],
    clocks: Sequence[Mapping[str, Any]],
    comments: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]],
    *,
    segments: bool,
) -> None:
    now = BusinessNow(client)()
    screen = console()
    screen.print(Text.assemble((f"#{ticket['number']} ", "bold"), (str(ticket["subject"]), "bold")))
    screen.print(_facts(ticket, now))
    if ticket.get("description"):
        screen.print(Padding(Text(str(ticket["description"])), (1, 2, 0, 2), expand=False))
    for comment in comments:
        _print_comment(comment, now)
    screen.print()
    for clock in clocks:
        for line in clock_block(clock, now):
            screen.print(line)
        if segments:
            screen.print(Padding(segment_table(clock), (0, 0, 1, 2), expand=False))
    if not clocks:
        screen.print(Text("no clock runs: the policy promises nothing here", "dim"))
    if lines:
        screen.print(_history(lines))
    screen.print(
        Text(f"times in {zone_name(now)}; why a clock reads so: glidepath tickets explain {ticket['number']}", "dim")
    )


def _facts(ticket: Mapping[str, Any], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    status = str(ticket["status"]).replace("_", " ")
    table.add_row(
        "is", Text(f"{ticket['priority']}, {status}, policy {ticket.get('policy')}, version {ticket.get('version')}")
    )
    table.add_row("opened", Text(f"{moment(ticket.get('opened_at'))}"))
    for name in _FIELDS:
        if ticket.get(name):
            table.add_row(name.replace("_", " "), Text(_person(ticket[name])))
    if attribution := ticket.get("attribution"):
        said = f"{attribution['rollout']} / {attribution['wave']} (by {attribution['rule']})"
        table.add_row("counts for", Text(said))
    for name, numbers in _links(ticket).items():
        table.add_row(name, Text(", ".join(numbers)))
    if ticket.get("external_key") or ticket.get("external_id"):
        table.add_row("is there", Text(f"{ticket.get('source')} {ticket.get('external_key') or ticket['external_id']}"))
    if ticket.get("solved_at"):
        table.add_row("solved", Text(when(ticket["solved_at"], now)))
    return table


def _person(value: Any) -> str:
    if isinstance(value, Mapping):
        name, email = value.get("name"), value.get("email")
        return f"{name} <{email}>" if name and email and name != email else str(email or name or "-")
    return plain(value)


def _links(ticket: Mapping[str, Any]) -> dict[str, list[str]]:
    """Kind -> the other tickets, each with its subject where it is told."""
    found: dict[str, list[str]] = {}
    for link in ticket.get("links") or []:
        other = link.get("number") or link.get("other") or link.get("ticket_id")
        words = f"#{other}" + (f" {link['subject']}" if link.get("subject") else "")
        found.setdefault(str(link.get("kind", "link")).replace("_", " "), []).append(words)
    return found


def _print_comment(comment: Mapping[str, Any], now: datetime) -> None:
    kind = "" if comment.get("public") else ", internal"
    if comment.get("retracted_at"):
        kind += f", taken back {when(comment['retracted_at'], now)}"
    head = f"{when(comment.get('at'), now)}  {comment.get('author_name') or '-'} ({comment.get('author_role')}{kind})"
    style = "strike dim" if comment.get("retracted_at") else "" if comment.get("public") else "dim"
    console().print(Padding(Text(head, "bold"), (1, 0, 0, 0), expand=False))
    console().print(Padding(Text(str(comment.get("body", "")), style), (0, 0, 0, 2), expand=False))


def _history(lines: Sequence[Mapping[str, Any]]) -> Padding:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("happened", "noticed", "what", "by", "detail"):
        table.add_column(name, overflow="fold")
    for line in lines:
        late = line.get("observed_at") if line.get("observed_at") != line.get("at") else None
        what = str(line.get("kind", "")).replace("_", " ")
        detail = dict(line.get("detail") or {})
        if detail.get("target"):
            detail["target"] = target_words(detail)
        row = (moment(line.get("at")), moment(late), what, plain(line.get("actor")), plain(detail))
        table.add_row(*(Text(cell) for cell in row))
    return Padding(table, (1, 0, 0, 0), expand=False)
