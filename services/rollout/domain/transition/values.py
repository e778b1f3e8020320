"""What the state machine is given and what it answers: plain frozen values that the timeline keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

Phase: TypeAlias = Literal["pending", "waiting", "open", "baking", "holding", "completed", "aborted", "rolled_back"]
PHASES: Final[tuple[Phase, ...]] = (
    "pending",
    "waiting",
    "open",
    "baking",
    "holding",
    "completed",
    "aborted",
    "rolled_back",
)
UNDER_WAY: Final = frozenset({"open", "baking", "holding"})
OVER: Final = frozenset({"completed", "aborted", "rolled_back"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRecord:
    """When a gate's evidence was bad: since when it is, or when it last ceased to be."""

    bad_since: datetime | None = None
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A person's order to go on: without `full` it skips waiting times only, with it gates as well. Never holds of people."""

    to: Literal["open", "completed"]
    full: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveFacts:
    """A wave as stored. `notice_ends_at` only for waves that wait for no other one."""

    phase: Phase
    since: datetime
    predecessors: Mapping[str, Phase] = field(default_factory=dict)
    notice_ends_at: datetime | None = None
    opened_at: datetime | None = None
    baking_since: datetime | None = None
    gates: Mapping[str, GateRecord] = field(default_factory=dict)
    promotion: Promotion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One thing that the wave waits for; `until` where time alone ends it."""

    sentence: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From one phase to another, and why."""

    source: Phase
    target: Phase
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    """A gate stops the wave."""

    kind: Literal["place_hold"] = "place_hold"
    gate: str
    reason: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold:
    """A hold has done its duty."""

    kind: Literal["lift_hold"] = "lift_hold"
    hold_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMembers:
    """Give everybody in the audience who has no place yet a place in this wave."""

    kind: Literal["take_members"] = "take_members"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Send the survey of a gate."""

    kind: Literal["ask"] = "ask"
    gate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """Let the push worker enrol the members."""

    kind: Literal["enrol"] = "enrol"


Effect: TypeAlias = PlaceHold | LiftHold | TakeMembers | Ask | Enrol


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step: at most one transition, the effects to carry out with it, and when to look again if nothing happens."""

    transition: Transition | None = None
    effects: tuple[Effect, ...] = ()
    gates: Mapping[str, GateRecord] = field(default_factory=dict)
    waits: tuple[Wait, ...] = ()
    next_look_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """True if there is nothing more to do now."""
        return self.transition is None and not self.effects
