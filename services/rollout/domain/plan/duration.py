"""Durations as plans write them: ISO 8601 (`P14D`, `PT4H30M`, `P2W`) or short (`14d`, `4h 30m`)."""

import re
from datetime import timedelta

MAX_DURATION = timedelta(days=3660)
_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SHORT = re.compile(r"(?:(\d+)w)?\s*(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")


def parse_duration(text: str) -> timedelta:
    """`ValueError` for what is not one, for months and years (they have no fixed length) and for more than ten years."""
    stripped = text.strip()
    found = (_ISO if stripped.startswith("P") else _SHORT).fullmatch(stripped)
    if found is None or stripped.endswith("T") or not any(found.groups()):
        raise ValueError(f"{text!r} is not a duration; write P14D, PT4H, P2W, or 14d, 4h 30m")
    # Ten digits are past any limit and short enough to multiply.
    if any(part and len(part) > 10 for part in found.groups()):
        raise ValueError(f"{text!r} is longer than ten years")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    if total > MAX_DURATION.total_seconds():
        raise ValueError(f"{text!r} is longer than ten years")
    return timedelta(seconds=total)


def render_duration(span: timedelta) -> str:
    """The one canonical form: `P14D`, `P1DT4H`, `PT30M`; `PT0S` for none."""
    seconds = int(span.total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    text = f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"
    return text if text != "P" else "PT0S"
