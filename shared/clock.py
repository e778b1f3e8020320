"""The only module that reads the wall clock.

`SystemClock` is real time: token expiry, signature freshness, leases, retries, retention, ids.
`BusinessClock` is what due times, bake times, freezes and campaigns go by: real time plus an offset that only a demo may set.
"""

import os
import threading
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
    """A UUIDv7 (RFC 9562): 48 bits of real Unix milliseconds, a counter of 12 bits, then 62 random bits.

    Ids of one process sort by creation, also within a millisecond: what was written down first is told first.
    """
    value = _ids.next(time.time_ns() // 1_000_000)
    value = (value >> 12) << 80 | 0x7 << 76 | (value & 0xFFF) << 64
    value |= 0x2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return str(UUID(int=value))


class _Sequence:
    """Milliseconds with a counter below them, ever greater (RFC 9562, 6.2, method 1); a full counter borrows from the future."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self, milliseconds: int) -> int:
        with self._lock:
            self._last = max(self._last + 1, (milliseconds & (2**48 - 1)) << 12)
            return self._last


_ids = _Sequence()


def instant_of(identifier: str) -> datetime:
    """When an id of `new_id` was made, by the millisecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=UUID(identifier).int >> 80)


def monotonic() -> float:
    """Seconds for measuring spans; never for instants."""
    return time.monotonic()
