"""One clock of the walk: a strip of paper on which every minute is marked as it passes."""

from dataclasses import dataclass, field

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.policy import Target

RAN, PAUSED, STOOD = 1, 2, 3
UNKNOWN = -1
"""A due time beyond the minutes that were looked at."""


@dataclass
class Line:
    """Minutes are counted from the beginning of the case. `limit` is None while nothing is promised."""

    target: Target
    cycle: int
    began: int
    team: str | None
    marks: bytearray
    ticks: bytearray
    """The minutes that counted; `counted` is how many."""
    counted: int = 0
    started: int = 0
    state: str = "running"
    limit: int | None = None
    ever: bool = False
    lost: int | None = None
    over: bool = False
    breached: int | None = None
    cause: str = "elapsed"
    breached_limit: int = 0
    recounted: bool = False
    ended: int | None = None
    because: str | None = None
    due: int | None = None
    pieces: list[tuple[int | None, Calendar]] = field(default_factory=list)
    rule: str = ""
    policy: str = ""

    @property
    def live(self) -> bool:
        return self.state in ("running", "paused")

    def breach(self, minute: int, cause: str) -> None:
        if self.breached is None:
            assert self.limit is not None
            self.breached, self.cause, self.breached_limit = minute, cause, self.limit

    def nth_tick(self, number: int) -> int:
        """The end of the minute that was the `number`th to count."""
        minute = -1
        for _ in range(number):
            minute = self.ticks.index(1, minute + 1)
        return minute + 1

    def stops(self, until: int) -> list[tuple[str, int, int | None]]:
        """Where it stood still, as (kind, from, to)."""
        until = until if self.lost is None else self.lost
        found: list[tuple[str, int, int | None]] = []
        minute = self.started
        while minute < until:
            others = [
                self.marks.find(mark, minute, until) for mark in (RAN, PAUSED, STOOD) if mark != self.marks[minute]
            ]
            end = min((place for place in others if place >= 0), default=until)
            if self.marks[minute] != RAN:
                found.append(("paused" if self.marks[minute] == PAUSED else "settled", minute, end))
            minute = end
        if self.lost is None and self.state == "running":
            return found
        kind = "paused" if self.state == "paused" and self.lost is None else "settled"
        if found and found[-1][0] == kind and found[-1][2] == until:
            found[-1] = (kind, found[-1][1], None)
        else:
            found.append((kind, until, None))
        return found
