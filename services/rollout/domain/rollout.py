"""A rollout and its waves as stored between two looks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.rollout.domain.assessment import Assessment, GateAssessment
from services.rollout.domain.plan import Plan, WavePlan
from services.rollout.domain.transition import OVER, GateRecord, Phase, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """`notice_from_at`: when the go-to person was told. `salt` makes the assignment and never changes."""

    id: str
    name: str
    title: str
    salt: str
    plan_version: int
    plan_hash: str
    notice_from_at: datetime
    created_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """`gates`, `waits`, `records`, `audience_size` and `completed` are what the last look found."""

    id: str
    rollout_id: str
    rollout: str
    name: str
    title: str
    position: int
    since: datetime
    phase: Phase = "pending"
    source: str | None = None
    course_id: str | None = None
    opened_at: datetime | None = None
    baking_since: datetime | None = None
    completed_at: datetime | None = None
    records: Mapping[str, GateRecord] = field(default_factory=dict)
    gates: tuple[GateAssessment, ...] = ()
    waits: tuple[Wait, ...] = ()
    audience_size: int = 0
    completed: int = 0
    looked_at: datetime | None = None
    next_look_at: datetime | None = None
    version: int = 0
    """0: not saved yet."""

    @property
    def waits_for(self) -> str:
        """All it waits for, in one line; empty when it waits for nothing."""
        return " ".join(wait.sentence for wait in self.waits)

    @property
    def refused_gates(self) -> list[str]:
        """Entry and exit gates that people answered with no, or could not answer: what `retry` asks again."""
        return [
            gate.gate
            for gate in self.gates
            if gate.kind in ("survey", "signoff") and gate.assessment in (Assessment.FAILED, Assessment.INCONCLUSIVE)
        ]


def wave_id(rollout: str, wave: str) -> str:
    """How a wave is named in events and rows."""
    return f"{rollout}:{wave}"


def notice_ends_at(rollout: Rollout, plan: Plan, wave: WavePlan) -> datetime | None:
    """Until when IT's notice keeps a wave shut; only those that wait for no other wave."""
    return rollout.notice_from_at + plan.notice_for if not wave.after and plan.notice_for else None


def earliest_openings(rollout: Rollout, plan: Plan, waves: Mapping[str, Wave], now: datetime) -> dict[str, datetime]:
    """The earliest instant at which each wave that has not opened could, if every gate passes the moment it may.

    A wave that is over, or that follows one that was aborted, has none.
    """
    opens: dict[str, datetime | None] = {}

    def ends(name: str) -> datetime | None:
        wave = waves.get(name)
        if wave is None or wave.phase == "completed":
            return now
        if wave.phase in OVER:
            return None
        started = wave.opened_at or opening(name)
        begun = wave.baking_since if wave.phase == "baking" else None
        return None if started is None else max(begun or max(started, now), started) + plan.wave(name).bake_for

    def opening(name: str) -> datetime | None:
        if name not in opens:
            planned = plan.wave(name)
            after = [ends(other) for other in planned.after]
            times = [now, notice_ends_at(rollout, plan, planned), planned.not_before_at, *after]
            wave = waves.get(name)
            times += [wait.until for wait in wave.waits] if wave and wave.phase == "waiting" else []
            opens[name] = None if None in after else max(at for at in times if at is not None)
        return opens[name]

    found = {
        wave.name: opening(wave.name)
        for wave in plan.waves
        if wave.name in waves and waves[wave.name].phase in ("pending", "waiting")
    }
    return {name: at for name, at in found.items() if at is not None}
