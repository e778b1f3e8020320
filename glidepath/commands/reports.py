"""`reports attainment`: how often the promise was kept, raw and with exemptions."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from glidepath.commands.tickets.reading import TICKETS
from glidepath.drawing.spans import span
from glidepath.output import Format, Output, console, show_data
from glidepath.session import opened


class By(StrEnum):
    POLICY = "policy"
    TEAM = "team"
    PRIORITY = "priority"
    TARGET = "target"
    ROLLOUT = "rollout"
    WAVE = "wave"
    AGENT = "agent"


def attainment(
    context: typer.Context,
    since: Annotated[str | None, typer.Option("--from", help="First day, like 2026-11-01")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Day after the last, like 2026-12-01")] = None,
    by: Annotated[By, typer.Option(help="What a row is")] = By.TARGET,
    output: Output = Format.TABLE,
) -> None:
    """Show how often the promise was kept, and how long it took; `adjusted` leaves out what was exempted."""
    with opened(context) as client:
        report = client.get(f"{TICKETS}/reports/attainment", **{"from": since, "to": until, "by": by.value})
    if output is not Format.TABLE:
        show_data(report, output)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    # By target the target is the row; else each row has all of them in turn.
    names = ["target"] if by is By.TARGET else [by.value, "target"]
    for name in names:
        table.add_column(name)
    for name in ("decided", "met", "breached", "exempted", "raw", "adjusted", "p50", "p90", "p95", "late p90"):
        table.add_column(name, justify="right")
    columns = len(table.columns)
    for row in report["rows"]:
        table.add_row(*(Text(cell) for cell in _cells(row)[-columns:]))
    whole = _cells({**report["whole"], "key": "all", "target": None})
    table.add_row(*(Text(cell, "bold") for cell in whole[-columns:]))
    screen = console()
    screen.print(table)
    screen.print(
        Text(f"{report['from']} to {report['to']} (excluded), days of {report['zone']}; times are business time", "dim")
    )


def _cells(row: dict[str, Any]) -> list[str]:
    """Few cases bear no percentage: the service says them as counts, and so do we."""
    names = [str(row.get("key") or "-"), str(row.get("target") or "all").replace("_", " ")]
    counts = [str(row[field]) for field in ("decided", "met", "breached", "exempted")]
    spans = [_length(row, f"elapsed_{place}_seconds") for place in ("p50", "p90", "p95")]
    return [*names, *counts, row["raw_said"], row["adjusted_said"], *spans, _length(row, "overdue_p90_seconds")]


def _length(row: dict[str, Any], field: str) -> str:
    seconds = row.get(field)
    return span(float(seconds)) if isinstance(seconds, int | float) else "-"
