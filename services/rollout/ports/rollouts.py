"""Rollouts, waves, evidence and holds as use cases see them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.rollout.domain.calendar import Freeze
from services.rollout.domain.gate import OpenBreach, OpenTicket, SurveyEvidence
from services.rollout.domain.hold import Hold
from services.rollout.domain.plan import Plan
from services.rollout.domain.rollout import Rollout, Wave
from shared.events.envelope import Envelope
from shared.events.tickets import TicketChanged
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseBinding:
    """A wave that wants a course of a source; `phase` is the wave's."""

    rollout: str
    wave: str
    source: str
    course_id: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffRequest:
    """A sign-off as stored, with whom it was sent to."""

    id: str
    rollout: str
    wave: str
    gate: str
    role: str
    name: str
    email: str
    plan_version: int
    plan_hash: str
    requested_at: datetime
    decision: str | None = None
    comment: str = ""
    given_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPlan:
    """A version of a plan as it was applied."""

    plan_version: int
    plan_hash: str
    plan: Plan
    document: Mapping[str, Any]
    source: str
    applied_at: datetime
    applied_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """Something that happened. `position` orders entries; 0 before it is stored."""

    rollout: str
    wave: str | None
    at: datetime
    kind: str
    actor: str
    sentence: str
    evidence: Mapping[str, Any]
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFact:
    """What one event tells of one cycle of a clock; None is not known from it."""

    clock_id: str
    cycle: int
    ticket_id: str
    wave_id: str | None
    ticket_number: int
    ticket_subject: str
    target: str
    priority: str
    breached_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_breach_at: datetime | None = None
    unconfirmed: bool | None = None
    confirmed_at: datetime | None = None
    settled_at: datetime | None = None
    outcome: str | None = None


class Evidence(Protocol):
    """What others told us: tickets, clocks, surveys, freezes."""

    async def apply_ticket(self, envelope: Envelope[TicketChanged], wave_id: str | None) -> set[str]:
        """Project a ticket's snapshot; ids of waves whose evidence may have changed (none if what is held is as new)."""
        ...

    async def apply_clock(self, fact: ClockFact) -> str | None:
        """Add what a fact tells, in any order; the id of the wave that it counts for."""
        ...

    async def list_open_tickets(self, wave_id: str) -> list[OpenTicket]: ...

    async def list_open_breaches(self, wave_id: str) -> list[OpenBreach]: ...

    async def count_settled(self, wave_id: str) -> dict[tuple[str, str], int]:
        """(target, outcome) -> clocks."""
        ...

    async def add_survey(self, rollout: str, wave: str, gate: str, survey: SurveyEvidence) -> None: ...

    async def apply_verdict(self, request_id: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """Note what a survey found; (rollout, wave) that asked for it, None if nobody here did."""
        ...

    async def apply_progress(self, request_id: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """Likewise, for a survey that has no verdict yet; a late word of progress never touches a verdict."""
        ...

    async def find_surveys(self, rollout: str, wave: str) -> dict[str, SurveyEvidence]:
        """By gate, the newest request of each."""
        ...

    async def list_freezes(self, *, ending_after: datetime | None = None) -> list[Freeze]: ...

    async def save_freeze(self, freeze: Freeze) -> bool:
        """False if it was so already."""
        ...


class Signoffs(Protocol):
    """Requests for sign-offs."""

    async def add(self, request: SignoffRequest) -> None: ...

    async def find(self, signoff_id: str, *, lock: bool = False) -> SignoffRequest | None: ...

    async def decide(self, signoff_id: str, *, decision: str, comment: str, now: datetime) -> None: ...

    async def void(self, ids: Collection[str], *, reason: str, now: datetime) -> None: ...

    async def list_valid(self, rollout: str, wave: str | None = None) -> list[SignoffRequest]:
        """Those that are not void, oldest first."""
        ...

    async def page(self, paging: PagingRequest, *, rollout: str | None) -> tuple[list[SignoffRequest], str | None]: ...


class Rollouts(Protocol):
    """Rollouts, their plans, waves, holds and timeline."""

    @property
    def evidence(self) -> Evidence: ...

    @property
    def signoffs(self) -> Signoffs: ...

    async def lock_rollout(self, name: str) -> Rollout | None:
        """The rollout, locked until the end of the transaction: whoever moves a wave takes this lock first."""
        ...

    async def find_rollout(self, name: str) -> Rollout | None: ...

    async def page_rollouts(self, paging: PagingRequest) -> tuple[list[Rollout], str | None]: ...

    async def save_rollout(self, rollout: Rollout) -> None: ...

    async def add_plan(self, rollout_id: str, applied: AppliedPlan) -> None: ...

    async def get_plan(self, rollout: Rollout) -> AppliedPlan:
        """The version in force."""
        ...

    async def list_waves(self, rollout_ids: Sequence[str]) -> list[Wave]:
        """In the plan's order."""
        ...

    async def save_wave(self, wave: Wave) -> None: ...

    async def remove_wave(self, wave_id: str) -> None: ...

    async def list_holds(self, wave_ids: Sequence[str]) -> dict[str, list[Hold]]:
        """Those in force, by wave, oldest first."""
        ...

    async def add_hold(self, wave_id: str, hold: Hold) -> None: ...

    async def lift_hold(self, hold_id: str, *, by: str, reason: str, now: datetime) -> None: ...

    async def note(self, entry: TimelineEntry) -> None: ...

    async def page_timeline(
        self, rollout: str, paging: PagingRequest, *, wave: str | None = None
    ) -> tuple[list[TimelineEntry], str | None]:
        """Newest first."""
        ...

    async def next_look_at(self) -> datetime | None:
        """When the next wave is to be looked at."""
        ...

    async def take_looks(self, now: datetime, limit: int) -> dict[str, list[str]]:
        """Rollout -> waves that are due, at most about `limit` waves; asked-for looks are used up."""
        ...

    async def want_look(self, rollout: str, wave: str, now: datetime) -> None:
        """Evidence of the wave changed: its gates are assessed within the second. Cheap, call it as often as you like."""
        ...

    async def list_course_bindings(self, source: str, course_id: str | None = None) -> list[CourseBinding]:
        """Waves that use a course of `source`, whatever their phase; all courses of the source if none is named."""
        ...

    async def list_waiting_waves(self) -> list[tuple[str, str]]:
        """(rollout, wave) of every wave whose turn it is and that has not opened."""
        ...

    async def find_wave_phase(self, rollout: str, wave: str) -> str | None:
        """The wave's phase. Push only while it is `open` or `baking`."""
        ...
