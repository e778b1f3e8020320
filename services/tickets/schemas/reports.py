"""Reports, exemptions and what-if replays over the wire."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.tickets.domain.exemption import Exemption
from services.tickets.domain.report import ENOUGH, By, Figures, said
from services.tickets.ports import Percentiles
from services.tickets.schemas.requests import STORABLE
from services.tickets.usecases.reporting.attaining import Attainment, Line

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2_000, pattern=STORABLE)]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class FiguresOut(BaseModel):
    """`decided` cycles were met or breached in the period; a breach counts from its instant on, finished or not.

    `raw` is met of decided, `adjusted` leaves exempted breaches out. Both are said as counts (`4 of 5`) below 20 cases, and the
    percents are null then: a few cases bear no percentage. Percents are cut to a tenth, never rounded up.
    """

    decided: int
    met: int
    breached: int
    exempted: int
    open_overdue: int
    cancelled: int
    raw_percent: float | None
    raw_said: str
    adjusted_percent: float | None
    adjusted_said: str


class AttainmentRow(FiguresOut):
    """`key` is the value of what is told apart by, empty for none. `target` is null on a key's sum, which has no percentiles.

    Percentiles are seconds of business time by nearest rank: a value that occurred. Overdue is of late cycles that are over.
    """

    key: str
    target: str | None
    elapsed_measured: int | None = None
    elapsed_p50_seconds: float | None = None
    elapsed_p90_seconds: float | None = None
    elapsed_p95_seconds: float | None = None
    overdue_measured: int | None = None
    overdue_p50_seconds: float | None = None
    overdue_p90_seconds: float | None = None
    overdue_p95_seconds: float | None = None


class AttainmentOut(BaseModel):
    """Half-open: `to` is the day after the last one."""

    model_config = ConfigDict(populate_by_name=True)
    from_on: Annotated[date, Field(alias="from")]
    to_on: Annotated[date, Field(alias="to")]
    zone: str
    began_at: AwareDatetime
    ended_at: AwareDatetime
    by: By
    rows: list[AttainmentRow]
    whole: FiguresOut


def figures_out(figures: Figures) -> dict[str, Any]:
    kept = figures.decided - figures.exempted
    return {
        "decided": figures.decided,
        "met": figures.met,
        "breached": figures.breached,
        "exempted": figures.exempted,
        "open_overdue": figures.open_overdue,
        "cancelled": figures.cancelled,
        "raw_percent": _percent(figures.met, figures.decided),
        "raw_said": said(figures.met, figures.decided),
        "adjusted_percent": _percent(figures.met, kept),
        "adjusted_said": said(figures.met, kept),
    }


def _percent(part: int, whole: int) -> float | None:
    return None if whole < ENOUGH else part * 1000 // whole / 10


def _row(line: Line) -> AttainmentRow:
    measured = _measured("elapsed", line.elapsed) | _measured("overdue", line.overdue)
    return AttainmentRow(key=line.value, target=line.target, **figures_out(line.figures), **measured)


def _measured(name: str, percentiles: Percentiles | None) -> dict[str, Any]:
    if percentiles is None:
        return {}
    places: Mapping[str, float] = {"p50": percentiles.p50, "p90": percentiles.p90, "p95": percentiles.p95}
    return {f"{name}_measured": percentiles.measured} | {
        f"{name}_{place}_seconds": seconds for place, seconds in places.items()
    }


def attainment_out(attainment: Attainment, by: By, from_on: date, to_on: date, zone: str) -> AttainmentOut:
    return AttainmentOut(
        from_on=from_on,
        to_on=to_on,
        zone=zone,
        began_at=attainment.period.began_at,
        ended_at=attainment.period.ended_at,
        by=by,
        rows=[_row(line) for line in attainment.lines],
        whole=FiguresOut(**figures_out(attainment.whole)),
    )


def attainment_csv(report: AttainmentOut) -> str:
    """RFC 4180 with a header line."""
    names = list(AttainmentRow.model_fields)
    names = ["key", "target", *(name for name in names if name not in ("key", "target"))]
    lines = ([getattr(row, name) for name in names] for row in report.rows)
    return render_csv([[report.by.value, *names[1:]], *lines])


def render_csv(lines: Iterable[Iterable[object]]) -> str:
    """RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection)."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    for line in lines:
        writer.writerow([_plain(cell) for cell in line])
    return written.getvalue()


def _plain(cell: object) -> object:
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell


class ReasonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


class ExemptionOut(BaseModel):
    """The breach stays; while `revoked_at` is null, adjusted figures leave it out."""

    exemption_id: str
    clock_id: str
    ticket_id: str
    target: str
    breached_at: AwareDatetime
    reason: str
    given_at: AwareDatetime
    given_by: str
    revoked_at: AwareDatetime | None
    revoked_by: str | None
    revoked_reason: str | None


def exemption_out(exemption: Exemption) -> ExemptionOut:
    return ExemptionOut(**{name: getattr(exemption, name) for name in ExemptionOut.model_fields})


class CounterDifference(BaseModel):
    """A counter that is not what the results come to."""

    day: date
    key: dict[str, str]
    kept: dict[str, int]
    counted: dict[str, int]


class ConsistencyOut(BaseModel):
    """`differences` are at most 100 of `different`; `missing` are decided clocks without a result, of which 100 are named."""

    first_day: date
    end_day: date
    counters: int
    different: int
    differences: list[CounterDifference]
    missing: int
    missing_clocks: list[str]
    consistent: bool
