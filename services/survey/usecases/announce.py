"""What is told of a campaign. Every number here comes from released batches."""

from datetime import datetime

from services.survey.domain.campaign import Campaign
from services.survey.ports import ReachedVerdict, SurveyUnit
from shared.events.survey import CampaignChanged, ProgressCounted, VerdictReached


def announce_campaign(unit: SurveyUnit, campaign: Campaign) -> None:
    unit.record(
        CampaignChanged(
            campaign_id=campaign.id,
            request_id=campaign.request_id,
            instrument=campaign.instrument_id,
            title=campaign.title,
            rollout=campaign.rollout,
            wave=campaign.wave,
            gate=campaign.gate,
            state=campaign.state.value,
            invited=campaign.invited,
            answered=campaign.answered,
            opens_at=campaign.opens_at,
            closes_at=campaign.closes_at,
        ),
        aggregate_version=campaign.version,
    )


def announce_progress(unit: SurveyUnit, campaign: Campaign, now: datetime) -> None:
    unit.record(
        ProgressCounted(campaign_id=campaign.id, invited=campaign.invited, answered=campaign.answered, counted_at=now)
    )


async def announce_verdict(unit: SurveyUnit, campaign: Campaign, verdict: ReachedVerdict) -> None:
    """Once per campaign: a second verdict changes and tells nothing."""
    if not await unit.verdicts.add_once(verdict):
        return
    unit.record(
        VerdictReached(
            campaign_id=campaign.id,
            request_id=campaign.request_id,
            instrument=campaign.instrument_id,
            measure=campaign.measure,
            rollout=campaign.rollout,
            wave=campaign.wave,
            gate=campaign.gate,
            verdict=verdict.outcome.value,
            basis=verdict.basis.value,
            threshold=campaign.threshold,
            estimate=verdict.estimate,
            answered=verdict.answered,
            invited=campaign.invited,
            explanation=verdict.explanation,
            reached_at=verdict.reached_at,
        )
    )
