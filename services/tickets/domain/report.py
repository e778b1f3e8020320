"""What finished and broken cycles come to: results, figures, and how they are said.

A cycle is decided once: it is breached at the instant its target was used up, or met at the instant it was settled in time. It
counts in the period of that instant, so a breach counts at once and not when somebody finally answers.

    raw attainment      = met / (met + breached)
    adjusted attainment = met / (met + breached - exempted)

A cycle that was cancelled before anything was decided is in no figure. One that was breached first stays breached, since only
an exemption forgives; except after a merge, where the survivor carries the breach on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum

ENOUGH = 20
"""Fewer decided cycles are said as counts: one of five is not "20 %"."""


class CountsAs(StrEnum):
    """What a result is in the figures."""

    MET = "met"
    BREACHED = "breached"
    OUT = "out"


class By(StrEnum):
    """What figures can be told apart by."""

    POLICY = "policy"
    TEAM = "team"
    PRIORITY = "priority"
    TARGET = "target"
    ROLLOUT = "rollout"
    WAVE = "wave"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who and what a cycle counted for when it was decided. Empty text: nobody, none."""

    policy: str
    policy_version: int
    rule: str = ""
    team: str = ""
    agent: str = ""
    priority: str
    target: str
    rollout: str = ""
    wave: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One decided cycle. `finished_at`, `elapsed_seconds` and `overdue_seconds` are None while a breached clock still runs.

    Seconds are business time. `cancelled_because` is the engine's word, None where the cycle was not cancelled.
    """

    clock_id: str
    ticket_id: str
    standing: Standing
    target_seconds: float
    breached_at: datetime | None = None
    finished_at: datetime | None = None
    elapsed_seconds: float | None = None
    overdue_seconds: float | None = None
    cancelled_because: str | None = None
    exempted: bool = False

    def __post_init__(self) -> None:
        if self.breached_at is None and self.finished_at is None:
            raise ValueError(f"{self.clock_id} is not decided: it is neither breached nor finished.")

    @property
    def outcome(self) -> str:
        """As it went, figures aside: `met`, `breached` or `cancelled`."""
        if self.cancelled_because is not None:
            return "cancelled"
        return "met" if self.breached_at is None else "breached"

    @property
    def counts_as(self) -> CountsAs:
        if self.cancelled_because == "merged" or (self.cancelled_because and self.breached_at is None):
            return CountsAs.OUT
        return CountsAs.MET if self.breached_at is None else CountsAs.BREACHED

    @property
    def decided_at(self) -> datetime:
        decided_at = self.breached_at or self.finished_at
        assert decided_at is not None
        return decided_at

    @property
    def decided_on(self) -> date:
        """The day in UTC."""
        return self.decided_at.astimezone(UTC).date()


def corrected(known: Result | None, told: Result, *, exempted: bool) -> Result:
    """What is to be kept when a cycle is told again.

    The same decision keeps the standing and the target it was taken under: who holds the ticket later has not decided it.
    The wave follows the ticket, whose attribution can be corrected. Another decision is told anew.
    """
    standing, target_seconds = told.standing, told.target_seconds
    if known is not None and (known.breached_at, known.decided_at) == (told.breached_at, told.decided_at):
        standing = replace(known.standing, rollout=standing.rollout, wave=standing.wave)
        target_seconds = known.target_seconds
    overdue = None
    if told.elapsed_seconds is not None:
        overdue = max(0.0, told.elapsed_seconds - target_seconds) if told.breached_at is not None else 0.0
    forgiven = exempted and told.counts_as is CountsAs.BREACHED
    return replace(told, standing=standing, target_seconds=target_seconds, overdue_seconds=overdue, exempted=forgiven)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of cycles. `exempted` and `open_overdue` are part of `breached`; `cancelled` is in nothing else."""

    met: int = 0
    breached: int = 0
    exempted: int = 0
    open_overdue: int = 0
    cancelled: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def __neg__(self) -> "Figures":
        return Figures(**{each.name: -getattr(self, each.name) for each in fields(self)})

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def named(self) -> dict[str, int]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def decided(self) -> int:
        return self.met + self.breached

    @property
    def raw(self) -> float | None:
        """0 to 1; None where nothing was decided."""
        return _share(self.met, self.decided)

    @property
    def adjusted(self) -> float | None:
        """0 to 1, exempted breaches left out; None where nothing is left."""
        return _share(self.met, self.decided - self.exempted)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def figures_of(result: Result) -> Figures:
    """What one result adds."""
    counts_as = result.counts_as
    if counts_as is CountsAs.OUT:
        return Figures(cancelled=1)
    if counts_as is CountsAs.MET:
        return Figures(met=1)
    return Figures(breached=1, exempted=int(result.exempted), open_overdue=int(result.finished_at is None))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CountKey:
    """A day's counter. Agents are counted apart, so that reports of the desk read few rows and name nobody."""

    day: date
    policy: str = ""
    policy_version: int = 0
    team: str = ""
    agent: str = ""
    priority: str = ""
    target: str = ""
    rollout: str = ""
    wave: str = ""
    per_agent: bool = False

    def named(self) -> dict[str, str]:
        """What it counts for, as far as it says."""
        return {each.name: str(getattr(self, each.name)) for each in fields(self) if getattr(self, each.name)}


def keys_of(result: Result) -> tuple[CountKey, CountKey]:
    """The two counters that a result is in: the desk's and its agent's."""
    standing, day = result.standing, result.decided_on
    desk = CountKey(
        day=day,
        policy=standing.policy,
        policy_version=standing.policy_version,
        team=standing.team,
        priority=standing.priority,
        target=standing.target,
        rollout=standing.rollout,
        wave=standing.wave,
    )
    agent = CountKey(
        day=day,
        team=standing.team,
        agent=standing.agent,
        priority=standing.priority,
        target=standing.target,
        per_agent=True,
    )
    return desk, agent


def deltas(changes: Iterable[tuple[Result | None, Result | None]]) -> dict[CountKey, Figures]:
    """What the counters change by when results (before, after) change; keys that come to nothing are left out."""
    sums: dict[CountKey, Figures] = {}
    for before, after in changes:
        for result, sign in ((before, -1), (after, 1)):
            if result is None:
                continue
            added = figures_of(result)
            for key in keys_of(result):
                sums[key] = sums.get(key, Figures()) + (added if sign > 0 else -added)
    return {key: figures for key, figures in sums.items() if figures}


def nearest_rank(ordered: Sequence[float], percent: int) -> float | None:
    """The percentile as a value that occurred: the smallest that at least `percent` of the values do not exceed.

    Nearest rank, without interpolation. `ordered` ascends; None if it is empty.
    """
    if not ordered:
        return None
    return ordered[max(1, -(-len(ordered) * percent // 100)) - 1]


def said(part: int, whole: int) -> str:
    """A share in words that the number of cases carries: `97.5 %`, below `ENOUGH` cases `4 of 5`, and `none` for no case."""
    if whole == 0:
        return "none"
    if whole < ENOUGH:
        return f"{part} of {whole}"
    # Cut, never rounded up: 999 of 1,000 is not "100 %" of anything.
    return f"{part * 1000 // whole / 10:.1f} %"
