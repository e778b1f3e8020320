"""How work for a learning system is cut up and paced, and what is to be done about what did not work."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

BATCH = 50
"""Entries of one enrol call. Moodle loses the tail of longer ones silently (PHP's `max_input_vars`) and still answers null."""
MAX_ATTEMPTS = 4
"""How often an entry that was accepted, but is not there when read back, is sent before it is given up."""
FIRST_WAIT_FOR = timedelta(seconds=2)
LONGEST_WAIT_FOR = timedelta(minutes=10)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast one learning system is told things: at most `size` entries a call, `pause_for` between calls."""

    size: int = BATCH
    pause_for: timedelta = timedelta(milliseconds=250)

    def next_at(self, finished_at: datetime) -> datetime:
        """When the next batch may go out (real time)."""
        return finished_at + self.pause_for


def halves(entries: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """A batch that was refused as a whole, cut in two to find the entry that spoils it."""
    middle = (len(entries) + 1) // 2
    return entries[:middle], entries[middle:]


def missing(sent: Sequence[T], present: Collection[T]) -> list[T]:
    """What was accepted and is not there, in the order sent."""
    return [entry for entry in sent if entry not in present]


def wait_after(failures: int) -> timedelta:
    """How long to leave a system alone after so many failures in a row: doubling from two seconds to ten minutes."""
    doubled: timedelta = FIRST_WAIT_FOR * (1 << min(max(failures - 1, 0), 16))
    return min(doubled, LONGEST_WAIT_FOR)


def given_up(attempts: int) -> bool:
    """True when an entry has been sent often enough."""
    return attempts >= MAX_ATTEMPTS


def poll_due(*, wanted: bool, polled_at: datetime | None, every_for: timedelta, now: datetime) -> bool:
    """True when a system is to be asked what it knows: someone wants it now, or the interval is over."""
    return wanted or polled_at is None or now >= polled_at + every_for
