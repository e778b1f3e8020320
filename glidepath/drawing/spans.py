"""Instants and lengths of time as a person reads them."""

from datetime import datetime, timedelta

from shared.clock import parse_instant

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_WEEK = timedelta(days=6)


def span(seconds: float) -> str:
    """`1d 4h`, `1h 12m`, `45s`: the two largest units that say something; fractions of a second only where there is no more."""
    seconds = abs(seconds)
    if 0 < seconds < 1:
        return f"{seconds:.3g}s"
    left = int(seconds)
    parts = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0s"


def exactly(seconds: float) -> str:
    """`1d 04:00:00` or `01:12:00`, to the microsecond where there is one: lengths written so can be added up by hand."""
    sign = "-" if seconds < 0 else ""
    whole = timedelta(seconds=abs(seconds))
    days, rest = divmod(whole, timedelta(days=1))
    hours, rest = divmod(rest, timedelta(hours=1))
    minutes, rest = divmod(rest, timedelta(minutes=1))
    text = f"{hours:02}:{minutes:02}:{rest.seconds:02}" + (f".{rest.microseconds:06}" if rest.microseconds else "")
    return f"{sign}{days}d {text}" if days else sign + text


def when(text: str | None, now: datetime) -> str:
    """An instant in the terminal's zone: the time alone for today, with the weekday for this week, else with the date."""
    if not text:
        return "-"
    at, today = parse_instant(text).astimezone(), now.astimezone()
    if at.date() == today.date():
        return f"{at:%H:%M}"
    return f"{at:%a %H:%M}" if abs(at - today) < _WEEK else f"{at:%Y-%m-%d %H:%M}"


def moment(text: str | None) -> str:
    """An instant in the terminal's zone with date, seconds and what is below them if anything is."""
    if not text:
        return "-"
    at = parse_instant(text).astimezone()
    return f"{at:%a %Y-%m-%d %H:%M:%S}" + (f".{at.microsecond:06}" if at.microsecond else "")


def zone_name(now: datetime) -> str:
    """The terminal's zone, said once beside what is printed in it."""
    return now.astimezone().tzname() or "local time"
