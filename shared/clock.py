"""The only module that reads the wall clock.

`SystemClock` is real time: token expiry, signature freshness, leases, retries, retention, ids.
`BusinessClock` is what due times, bake times, freezes and campaigns go by: real time plus an offset that only a demo may set.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant: aware, in UTC, microseconds."""
        ...


class SystemClock:
    """Real time, never bent."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands where it is put; `advance` moves it. For tests and for replaying history."""

    def __init__(self, at: datetime) -> None:
        self.at = require_aware(at)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


class BusinessClock:
    """Real time plus an offset. Outside a demo the offset stays zero: `step_to_offset` refuses."""

    def __init__(self, real: Clock, *, demo: bool = False) -> None:
        self._real = real
        self._demo = demo
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return self._real.now() + self.offset

    def step_to_offset(self, offset: timedelta) -> bool:
        """Set the offset; business time never runs backwards, so a smaller one is ignored. True if it moved."""
        if not self._demo:
            raise RuntimeError("The business clock can be stepped only with GLIDEPATH_DEMO=1.")
        if offset <= self.offset:
            return False
        self.offset = offset
        return True

    def real_seconds_until(self, at: datetime) -> float:
        """Real seconds until business time reaches `at` if nothing steps the clock; 0 if it has passed."""
        return max(0.0, (at - self.now()).total_seconds())


def require_aware(at: datetime) -> datetime:
    """`at` in UTC; `ValueError` for a naive time, whose zone nobody may guess."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """RFC 3339 text with a zone to an aware UTC instant. `ValueError` if it is not one or names no zone."""
    return require_aware(datetime.fromisoformat(text))


def render_instant(at: datetime) -> str:
    """RFC 3339 in UTC with `Z`, microseconds only where there are any."""
    return require_aware(at).isoformat().replace("+00:00", "Z")


def new_id() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of real Unix milliseconds, then 74 random bits, so ids sort by creation."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))


def monotonic() -> float:
    """Seconds for measuring spans; never for instants."""
    return time.monotonic()
