"""`tickets explain`: which policy and rule, why not the earlier ones, and each clock's arithmetic with its sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from glidepath.commands.tickets.reading import BusinessNow, Number, find_ticket, ticket_path
from glidepath.drawing.clocks import bar, segment_table, stands, target_words
from glidepath.drawing.spans import exactly, moment, zone_name
from glidepath.output import Format, Output, console, show_data
from glidepath.session import opened


def explain_ticket(context: typer.Context, number: Number, output: Output = Format.TABLE) -> None:
    """Say why each clock of a ticket reads what it reads, so that anybody can check the sum by hand."""
    with opened(context) as client:
        explanation = client.get(f"{ticket_path(number)}/explain")
        if output is not Format.TABLE:
            show_data(explanation, output)
            return
        ticket = find_ticket(client, number)
        now = BusinessNow(client)()
    screen = console()
    screen.print(Text(f"#{ticket['number']} {ticket['subject']}", "bold"))
    _print_checks("policies, in order", explanation.get("policies") or [])
    _print_checks(f"rules of {explanation.get('policy') or ticket.get('policy')}", explanation.get("rules") or [])
    for sentence in explanation.get("sentences") or []:
        screen.print(Text(sentence))
    for clock in explanation.get("clocks") or []:
        screen.print()
        screen.print(Text.assemble((f"{target_words(clock):<24}", "bold"), stands(clock, now)))
        if clock.get("promise"):
            screen.print(Text(f"  {clock['promise']}"))
        if clock.get("segments"):
            screen.print(Text("  ").append(bar(clock["segments"])))
            screen.print(Padding(segment_table(clock), (0, 0, 0, 2), expand=False))
        screen.print(Padding(_sums(clock), (0, 0, 0, 2), expand=False))
        for sentence in clock.get("sentences") or []:
            screen.print(Text(f"  {sentence}"))
    screen.print(Text(f"times in {zone_name(now)}", "dim"))


def _print_checks(title: str, checks: Sequence[Mapping[str, Any]]) -> None:
    if not checks:
        return
    table = Table(box=None, pad_edge=False, show_header=False, title=title, title_justify="left", title_style="bold")
    table.add_column()
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    decided = False
    for check in checks:
        matched = bool(check.get("matched"))
        sign = Text("✔", "green") if matched and not decided else Text("·", "dim")
        reason = str(check.get("reason") or ("matches; the first match wins" if matched and not decided else ""))
        decided = decided or matched
        table.add_row(
            sign, Text(str(check.get("name") or check.get("policy") or check.get("rule") or "")), Text(reason)
        )
    console().print(table)


def _sums(clock: Mapping[str, Any]) -> Table:
    """counted + left = promised, in the clock's own numbers."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    elapsed, target = clock.get("elapsed_seconds"), clock.get("target_seconds")
    if elapsed is not None:
        table.add_row("counted", exactly(float(elapsed)))
    if target is not None:
        table.add_row("promised", exactly(float(target)))
    if elapsed is not None and target is not None:
        left = float(target) - float(elapsed)
        table.add_row("left" if left >= 0 else "over", exactly(abs(left)))
    for name in ("due_at", "breached_at", "settled_at"):
        if clock.get(name):
            words = name.removesuffix("_at")
            because = f" ({clock['cause']})" if name == "breached_at" and clock.get("cause") else ""
            table.add_row(words, moment(clock[name]) + because)
    return table
