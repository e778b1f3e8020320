"""Reading the times that vendors write.

A format is named in the vendor file; nothing is guessed from the value. A text without a zone is read in the file's zone and
says so.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

TimeFormat = Literal["iso", "epoch_s", "epoch_ms"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,18}))?)?)?"
    r"\s?(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?", re.ASCII)


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The zone of a name such as `UTC`, `Europe/Berlin` or `+02:00`; `ValueError` if there is none."""
    if name in ("UTC", "Z"):
        return UTC
    if re.fullmatch(r"[+-]\d{2}:\d{2}", name):
        return _offset(name)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def read_time(value: Any, formats: Sequence[TimeFormat], assumed: tzinfo) -> tuple[datetime, bool] | None:
    """The instant in UTC and whether its zone was assumed; None where the vendor set nothing (null, "", epoch 0).

    `iso` takes what vendors call ISO: `T` or a space, no seconds up to nanoseconds (cut to microseconds), `Z`, ` UTC`, `+02:00`,
    `-0800`, `+02`, or no zone at all, and a bare date. `epoch_s` and `epoch_ms` take integers, decimals and digits in a text.
    `ValueError` when no format fits.
    """
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return None
    for name in formats:
        found = _iso(value, assumed) if name == "iso" else _epoch(value, 1 if name == "epoch_s" else 1000)
        if found is not None:
            return None if name != "iso" and found[0] == EPOCH else found
    raise ValueError(f"{str(value)[:60]!r} is not a time written as {' or '.join(formats)}")


def _iso(value: Any, assumed: tzinfo) -> tuple[datetime, bool] | None:
    match = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]), tzinfo=_offset(offset) if offset else assumed,
        )  # fmt: skip
        return at.astimezone(UTC), offset is None
    except (ValueError, OverflowError):
        return None


def _epoch(value: Any, per_second: int) -> tuple[datetime, bool] | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        whole = timedelta(milliseconds=value) if per_second == 1000 else timedelta(seconds=value)
        return EPOCH + whole, False
    except (OverflowError, ValueError):
        return None


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if text[0] == "-" else span)
