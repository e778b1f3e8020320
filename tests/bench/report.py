"""What a bench prints and writes: figures beside their yardstick of the same run, and whether the bar was held."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line. `held` is None for what is told for information only."""

    bench: str
    what: str
    measured: str
    yardstick: str = ""
    bar: str = ""
    held: bool | None = None


def render(figures: Sequence[Figure]) -> str:
    """A table with as many columns as are told, aligned."""
    rows = [("bench", "what", "measured", "yardstick", "bar", "")]
    verdicts = {True: "held", False: "NOT HELD", None: ""}
    rows += [(each.bench, each.what, each.measured, each.yardstick, each.bar, verdicts[each.held]) for each in figures]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def write(path: Path, figures: Sequence[Figure], raw: Mapping[str, object]) -> None:
    """Everything that was measured, for machines."""
    document = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "figures": [asdict(each) for each in figures],
        "raw": raw,
    }
    path.write_text(json.dumps(document, indent=2, default=str) + "\n", encoding="utf-8")


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; the values are sorted. 0 of nothing."""
    if not values:
        return 0.0
    return values[min(len(values) - 1, max(0, -(-int(len(values) * share * 1_000_000) // 1_000_000) - 1))]


def millis(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
