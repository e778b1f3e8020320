"""Events that the survey service owns. Nothing here names a respondent."""

from datetime import datetime
from typing import Literal

from shared.events.envelope import Event, Kind
from shared.events.messages import NotificationRequestedPayload


class CampaignChanged(Event, name="survey.campaign.changed", kind=Kind.STATE, key="campaign_id"):
    campaign_id: str
    request_id: str | None
    """The `rollout.survey.requested` this campaign answers; None for a campaign made by hand."""
    instrument: str
    title: str
    rollout: str | None
    wave: str | None
    gate: str | None
    state: Literal["preparing", "open", "closed"]
    invited: int
    answered: int
    """For anonymous campaigns: only what is sealed."""
    opens_at: datetime | None
    closes_at: datetime | None


class ProgressCounted(Event, name="survey.progress.counted", key="campaign_id"):
    """How far a campaign has come, told in batches of at least k."""

    campaign_id: str
    invited: int
    answered: int
    counted_at: datetime


class VerdictReached(Event, name="survey.verdict.reached", key="campaign_id"):
    """Whether the audience's share or mean is at or above the threshold, and on what basis that can be said."""

    campaign_id: str
    request_id: str | None
    instrument: str
    measure: str
    rollout: str | None
    wave: str | None
    gate: str | None
    verdict: Literal["pass", "fail", "undecided"]
    basis: Literal["certain", "anytime", "deadline"]
    threshold: float
    estimate: float | None
    """The share among the answers, 0 to 1; None without answers, or where all answered alike (a band is told instead)."""
    answered: int
    invited: int
    explanation: str
    """One sentence for a person."""
    reached_at: datetime


class ActionPublished(Event, name="survey.action.published", key="action_id"):
    """ "You said, we did": published to those who were asked."""

    action_id: str
    campaign_id: str
    theme: str
    action: str
    published_at: datetime


class NotificationRequested(NotificationRequestedPayload, name="survey.notification.requested", key="notification_id"):
    pass
