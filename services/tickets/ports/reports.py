"""Results of clocks and what they come to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from services.tickets.domain.period import Period
from services.tickets.domain.report import By, CountKey, Figures, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What figures are cut down to; None does not cut. `policy` is a name or `name@version`."""

    policy: str | None = None
    team: str | None = None
    agent: str | None = None
    priority: str | None = None
    target: str | None = None
    rollout: str | None = None
    wave: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Seconds of business time by nearest rank over `measured` cycles."""

    measured: int
    p50: float
    p90: float
    p95: float


Group = tuple[str, str]
"""(the value of what is told apart by, the target)."""


class Reports(Protocol):
    async def note(self, results: Sequence[Result], *, undecided: Collection[str] = ()) -> None:
        """Keep what cycles came to, and the counters with it, in this transaction.

        `results` are told as they stand now and correct what was told before. `undecided` are ids of clocks that have come to
        nothing after all (reopened, withdrawn, gone). Any number at once; the same again changes nothing.
        """
        ...

    async def find(self, clock_id: str) -> Result | None: ...

    async def figures(self, by: By, period: Period, cut: Cut) -> dict[Group, Figures]:
        """From the counters; only what lies beside whole UTC days is counted from the results."""
        ...

    async def percentiles(
        self, by: By, period: Period, cut: Cut
    ) -> tuple[dict[Group, Percentiles], dict[Group, Percentiles]]:
        """(elapsed of what is finished, overdue of what is finished late), of what counts in the period."""
        ...

    async def hold_snapshot(self) -> None:
        """What is read from here on is of one instant. Only before anything was read."""
        ...

    async def hold_counters(self) -> None:
        """Nobody notes results until this transaction ends."""
        ...

    async def counters(self, first_day: date, end_day: date) -> dict[CountKey, Figures]:
        """The counters of the days `[first_day, end_day)` as they are kept; those that come to nothing are left out."""
        ...

    async def recount(self, first_day: date, end_day: date) -> dict[CountKey, Figures]:
        """The same, counted anew from the results."""
        ...

    async def replace_counters(self, first_day: date, end_day: date, counted: Mapping[CountKey, Figures]) -> None: ...

    async def has_parts(self, many: int) -> bool:
        """Whether at least so many parts of counters wait to be folded."""
        ...

    async def fold_counters(self, limit: int) -> int:
        """Add up to `limit` of the counters' parts together into one row per key; how many parts were taken."""
        ...

    async def without_result(self, period: Period, limit: int) -> tuple[int, list[str]]:
        """Clocks that were decided in the period and have no result: how many, and the ids of at most `limit`."""
        ...
