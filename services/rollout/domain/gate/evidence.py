"""What is known about a wave, as stored: the only thing gates are assessed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.rollout.domain.calendar import Freeze
from services.rollout.domain.signoff import Signoff


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveCounts:
    """Members of a wave. Each is counted once, under their present state; `push_failed` counts apart from that."""

    assigned: int = 0
    invited: int = 0
    enrolled: int = 0
    started: int = 0
    completed: int = 0
    passed: int = 0
    failed: int = 0
    withdrawn: int = 0
    push_failed: int = 0

    @property
    def members(self) -> int:
        """Everyone who has a place and was not withdrawn: the denominator of every share."""
        return self.assigned + self.invited + self.enrolled + self.reached

    @property
    def reached(self) -> int:
        """Those who have at least begun."""
        return self.started + self.completed + self.passed + self.failed

    @property
    def done(self) -> int:
        return self.completed + self.passed


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """An unsolved ticket that counts for the wave."""

    ticket_id: str
    number: int
    subject: str
    priority: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBreach:
    """A missed target whose clock has not settled."""

    clock_id: str
    cycle: int
    ticket_id: str
    ticket_number: int
    ticket_subject: str
    target: str
    priority: str
    breached_at: datetime
    unconfirmed: bool | None = None
    confirmed_at: datetime | None = None

    @property
    def may_be_withdrawn(self) -> bool:
        """Its helpdesk has not been read up to that instant: an answer in time may still come."""
        return bool(self.unconfirmed) and self.confirmed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyEvidence:
    """A survey that was asked for; `verdict` is None until the survey service has decided."""

    request_id: str
    requested_at: datetime
    closes_at: datetime
    campaign_id: str | None = None
    verdict: str | None = None
    explanation: str = ""
    estimate: float | None = None
    answered: int = 0
    invited: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEvidence:
    """Everything that the gates of one wave look at."""

    counts: WaveCounts = WaveCounts()
    opened_at: datetime | None = None
    open_tickets: tuple[OpenTicket, ...] = ()
    open_breaches: tuple[OpenBreach, ...] = ()
    settled: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(target, outcome) -> clocks settled so; outcomes are `met` and `breached`."""
    surveys: Mapping[str, SurveyEvidence] = field(default_factory=dict)
    """By gate."""
    signoffs: Mapping[str, tuple[Signoff, ...]] = field(default_factory=dict)
    """By gate; voided ones are not among them."""
    freezes: tuple[Freeze, ...] = ()
