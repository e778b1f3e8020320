"""One asking of one audience: prepared until the whole audience is known, then open, then closed for good.

preparing ──launch──> open ──close──> closed
    └──────────────close───────────────┘      refused, or the audience never became known
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.survey.domain.anonymity import Batching, batching_for, why_not_anonymous
from services.survey.domain.instrument import Mode
from services.survey.domain.verdict import Outcome, Question


class CampaignState(StrEnum):
    PREPARING = "preparing"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`version` counts changes and goes out with `survey.campaign.changed`."""

    id: str
    request_id: str | None
    instrument_id: str
    instrument_version: int
    title: str
    mode: Mode
    k: int
    rollout: str
    wave: str
    gate: str
    measure: str
    threshold: float
    confidence: float
    on_undecided: Outcome
    audience_size: int
    """Members that must be known before the campaign launches."""
    closes_at: datetime
    """Business time."""
    state: CampaignState = CampaignState.PREPARING
    invited: int = 0
    answered: int = 0
    """Answers in released batches: the only number that is ever told."""
    opens_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 1

    @property
    def batching(self) -> Batching:
        return batching_for(self.mode, self.k)

    @property
    def question(self) -> Question:
        return Question(
            population=self.invited,
            threshold=self.threshold,
            confidence=self.confidence,
            on_undecided=self.on_undecided,
            at_least=self.batching.size,
        )

    def takes_answers(self, now: datetime) -> bool:
        """`closes_at` is exact, however late the timer is."""
        return self.state is CampaignState.OPEN and now < self.closes_at

    def why_not_published(self, invited: int) -> str | None:
        """Why this campaign must not be put before `invited` people, or None."""
        if invited == 0:
            return "Nobody belongs to the audience."
        return why_not_anonymous(invited, self.k) if self.mode is Mode.ANONYMOUS else None


def expect_fewer(campaign: Campaign, by: int = 1) -> Campaign:
    """Somebody left the wave while the campaign was being prepared."""
    return replace(campaign, audience_size=max(0, campaign.audience_size - by))


def launch(campaign: Campaign, *, invited: int, now: datetime) -> Campaign:
    assert campaign.state is CampaignState.PREPARING
    return replace(campaign, state=CampaignState.OPEN, invited=invited, opens_at=now, version=campaign.version + 1)


def release(campaign: Campaign, answers: int) -> Campaign:
    """A batch of `answers` counts from now on."""
    return replace(campaign, answered=campaign.answered + answers, version=campaign.version + 1)


def close(campaign: Campaign, now: datetime) -> Campaign:
    """At `closes_at` if that has passed, however late it is noticed."""
    assert campaign.state is not CampaignState.CLOSED
    closed_at = min(now, campaign.closes_at)
    return replace(campaign, state=CampaignState.CLOSED, closed_at=closed_at, version=campaign.version + 1)
