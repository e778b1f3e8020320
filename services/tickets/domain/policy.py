"""What is promised: targets per priority, the calendar they count in, and the statuses in which they wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.tickets.domain.calendar import Calendar


class Priority(StrEnum):
    """P1 is the most urgent."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Status(StrEnum):
    """`unknown` is an outside desk's word that nothing maps; the clocks run on in it."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"
    UNKNOWN = "unknown"

    @property
    def done(self) -> bool:
        return self in (Status.SOLVED, Status.CLOSED)


class Target(StrEnum):
    """What a clock measures."""

    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"


class PolicyInvalid(ValueError):
    """A policy that contradicts itself; the text names the place."""


PAUSABLE = frozenset({Status.PENDING, Status.ON_HOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy; it never changes. `targets` are open time of `calendar`; an absent one promises nothing."""

    name: str
    version: int
    calendar: Calendar
    targets: Mapping[Priority, Mapping[Target, timedelta]]
    pause_on: frozenset[Status] = PAUSABLE

    def __post_init__(self) -> None:
        if not self.pause_on <= PAUSABLE:
            raise PolicyInvalid("Clocks can be paused on pending and on_hold only.")
        for priority, targets in self.targets.items():
            for target, target_for in targets.items():
                if target_for <= timedelta(0):
                    raise PolicyInvalid(f"The {target} target of {priority} must be longer than nothing.")

    @property
    def label(self) -> str:
        """As events name it, e.g. `standard@1`."""
        return f"{self.name}@{self.version}"

    def target_for(self, priority: Priority, target: Target) -> timedelta | None:
        return self.targets.get(priority, {}).get(target)
