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
    """Show attainment and percentiles of settled clocks; `adjusted` leaves out what was exempted."""
    with opened(context) as client:
        report = client.get(f"{TICKETS}/reports/attainment", **{"from": since, "to": until, "by": by.value})
    if output is not Format.TABLE:
        show_data(report, output)
        return
    rows = (report.get("rows") or report.get("items") or []) if isinstance(report, dict) else report
    if not rows:
        console().print("no clock was settled or breached in that time")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by.value)
    for name in ("settled", "met", "breached", "attained", "adjusted", "p50", "p90", "p95", "overdue p90"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in _cells(row, by.value)))
    console().print(table)


def _cells(row: dict[str, Any], by: str) -> list[str]:
    name = str(row.get(by) or row.get("key") or row.get("name") or "-")
    counts = [str(row.get(field, "-")) for field in ("settled", "met", "breached")]
    percents = [_percent(row.get("attainment", row.get("raw"))), _percent(row.get("adjusted"))]
    spans = [_length(row, f"elapsed_{p}_seconds") for p in ("p50", "p90", "p95")]
    return [name, *counts, *percents, *spans, _length(row, "overdue_p90_seconds")]


def _percent(share: Any) -> str:
    if isinstance(share, dict):
        share = share.get("attainment")
    return f"{share:.1f}%" if isinstance(share, int | float) else "-"


def _length(row: dict[str, Any], field: str) -> str:
    seconds = row.get(field)
    return span(float(seconds)) if isinstance(seconds, int | float) else "-"
