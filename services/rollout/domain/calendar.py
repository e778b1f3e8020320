"""Freeze windows: spans in which no wave opens. Deny beats allow; what has already opened goes on (overrun)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Half-open: from `from_at` on, and no longer at `to_at`."""

    name: str
    from_at: datetime
    to_at: datetime
    reason: str

    def covers(self, at: datetime) -> bool:
        return self.from_at <= at < self.to_at


def freeze_at(freezes: Iterable[Freeze], at: datetime) -> Freeze | None:
    """The freeze in force that ends last, or None."""
    return max((freeze for freeze in freezes if freeze.covers(at)), key=lambda freeze: freeze.to_at, default=None)


def free_from(freezes: Iterable[Freeze], at: datetime) -> datetime:
    """The first instant from `at` on that no freeze covers; windows that touch or overlap count as one."""
    known = list(freezes)
    while (freeze := freeze_at(known, at)) is not None:
        at = freeze.to_at
    return at
