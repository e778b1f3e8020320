"""SLA clocks: one as a line, its whole life as a bar with the sums beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from glidepath.drawing.spans import exactly, moment, span, when
from shared.clock import parse_instant

Clock = Mapping[str, Any]
BAR_WIDTH = 48
_SEGMENTS: dict[str, tuple[str, str, str]] = {
    "running": ("█", "green", "counted"),
    "paused": ("▒", "yellow", "paused"),
    "closed": ("·", "dim", "outside business hours"),
    "settled": ("─", "cyan", "solved"),
    "solved": ("─", "cyan", "solved"),
}


def target_words(clock: Clock) -> str:
    """`first response`, `next response (cycle 3)`, `ola network`."""
    words = str(clock.get("target", "")).replace("_", " ")
    team = f" {clock['team']}" if clock.get("team") and clock.get("target") == "ola" else ""
    cycle = int(clock.get("cycle") or 1)
    return f"{words}{team}" + (f" (cycle {cycle})" if cycle > 1 else "")


def stands(clock: Clock, now: datetime) -> Text:
    """Where a clock stands, in a sign and words: colour says nothing that they do not."""
    state = str(clock.get("state", ""))
    if state == "cancelled":
        because = clock.get("cancelled_because")
        return Text(f"⊘ cancelled{f' ({because})' if because else ''}", "dim")
    if state == "settled":
        return _settled(clock, now)
    if clock.get("breached_at"):
        return _overdue(clock, now, paused=state == "paused")
    if state == "paused" or not clock.get("due_at"):
        return Text(f"‖ paused{_left(clock)}", "yellow")
    return _running(clock, now)


def _settled(clock: Clock, now: datetime) -> Text:
    at = when(clock.get("settled_at"), now)
    if clock.get("breached_at"):
        return Text(f"✖ breached {when(clock['breached_at'], now)}, done {at}", "red")
    return Text(f"✔ met {at}", "green")


def _overdue(clock: Clock, now: datetime, *, paused: bool) -> Text:
    doubt = " (unconfirmed)" if clock.get("unconfirmed") else ""
    text = Text(f"✖ breached {when(clock['breached_at'], now)}{doubt}", "bold red")
    over = clock.get("remaining_seconds")
    if isinstance(over, int | float) and over < 0:
        text.append(f", {span(over)} over", "red")
    elif clock.get("due_at") and parse_instant(str(clock["due_at"])) > now:
        text.append(f", now due {when(clock['due_at'], now)}", "red")
    if paused:
        text.append(", paused", "yellow")
    return text


def _running(clock: Clock, now: datetime) -> Text:
    due_at = parse_instant(str(clock["due_at"]))
    left = (due_at - now).total_seconds()
    if left <= 0:
        return Text(f"✖ due {when(str(clock['due_at']), now)}, {span(left)} ago", "bold red")
    style = "bold yellow" if left < 3600 else ""
    return Text(f"▶ in {span(left)}  (due {when(str(clock['due_at']), now)})", style)


def _left(clock: Clock) -> str:
    left = clock.get("remaining_seconds")
    return f", {span(left)} left" if isinstance(left, int | float) and left > 0 else ""


def bar(segments: Sequence[Mapping[str, Any]], width: int = BAR_WIDTH) -> Text:
    """The segments in proportion; the shortest still gets a cell, so that nothing that happened is invisible."""
    drawn = Text()
    for segment, cells in zip(segments, _cells([float(each["seconds"]) for each in segments], width), strict=True):
        sign, style, _ = _SEGMENTS.get(str(segment["kind"]), ("?", "", ""))
        drawn.append(sign * cells, style)
    return drawn


def _cells(lengths: Sequence[float], width: int) -> list[int]:
    """Whole cells per length, at least one each, `width` together unless there are more lengths than cells."""
    total = sum(lengths)
    if not total:
        return [1 for _ in lengths]
    spare = max(0, width - len(lengths))
    shares = [spare * length / total for length in lengths]
    cells = [1 + int(share) for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda index: shares[index] - int(shares[index]), reverse=True)
    for index in by_rest[: spare - sum(int(share) for share in shares)]:
        cells[index] += 1
    return cells


def legend(segments: Sequence[Mapping[str, Any]]) -> Text:
    """What the signs of the bar mean, only those that are in it, with the time of each: together the whole life."""
    sums: dict[str, float] = {}
    for segment in segments:
        sums[str(segment["kind"])] = sums.get(str(segment["kind"]), 0.0) + float(segment["seconds"])
    text = Text()
    for kind, seconds in sums.items():
        sign, style, words = _SEGMENTS.get(kind, ("?", "", kind))
        text.append("  " if text else "")
        text.append(f"{sign} ", style).append(f"{words} {span(seconds)}")
    return text


def clock_block(clock: Clock, now: datetime) -> list[Text | Table]:
    """A clock as `tickets show` draws it: where it stands, the bar, and what was counted of what is promised."""
    segments = clock.get("segments") or []
    head = Text.assemble((f"{target_words(clock):<24}", "bold"), stands(clock, now))
    lines: list[Text | Table] = [head]
    if segments:
        lines.append(Text("  ").append(bar(segments)))
        lines.append(Text("  ").append(legend(segments)))
    lines.append(Text(f"  {_counted(clock)}", "dim"))
    return lines


def _counted(clock: Clock) -> str:
    said = f"counted {exactly(float(clock.get('elapsed_seconds') or 0))}"
    if clock.get("target_seconds") is not None:
        said += f" of {exactly(float(clock['target_seconds']))}"
    started_at, since = clock.get("started_at"), clock.get("counting_since")
    if started_at and since and since != started_at:
        said += f"; opened {moment(started_at)}, counting since {moment(since)}"
    return said


def segment_table(clock: Clock) -> Table:
    """Every segment with both ends and its length; the last lines are the sums, which must come out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("from", "to", "what"):
        table.add_column(name)
    table.add_column("length", justify="right")
    table.add_column("counted so far", justify="right")
    counted = 0.0
    for segment in clock.get("segments") or []:
        kind, seconds = str(segment["kind"]), float(segment["seconds"])
        counted += seconds if kind == "running" else 0.0
        sign, style, words = _SEGMENTS.get(kind, ("?", "", kind))
        table.add_row(
            moment(segment["began_at"]),
            moment(segment["ended_at"]),
            Text(f"{sign} {segment.get('reason') or words}", style),
            exactly(seconds),
            exactly(counted) if kind == "running" else "",
        )
    return table
