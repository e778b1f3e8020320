"""Instants, spans and shares in words, the same everywhere a person reads them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def say_instant(at: datetime, zone: str) -> str:
    """`Mon 2 Mar 2026 09:00 (Europe/Berlin)`: wall time in the plan's zone."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} ({zone})"


def say_span(span: timedelta) -> str:
    """`14 days`, `1 day 4 hours`, `30 minutes`; the two largest units."""
    seconds = int(span.total_seconds())
    parts = []
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "no time"


def say_share(part: int, whole: int) -> str:
    """`812 of 1,500 (54 %)`, rounded down: 99.9 % never reads as all."""
    return f"{part:,} of {whole:,} ({100 * part // whole} %)" if whole else f"{part:,} of 0"


def say_percent(share: float) -> str:
    """`90 %`, `97.5 %`."""
    return f"{round(share * 100, 2):g} %"


def say_count(count: int, noun: str) -> str:
    """`1 ticket`, `3 tickets`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
