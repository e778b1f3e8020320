"""Reading: campaigns as they stand, and what of their answers may be shown."""

from dataclasses import dataclass

from services.survey.domain.campaign import Campaign
from services.survey.domain.result import Results, build_results
from services.survey.errors import CampaignUnknown
from services.survey.ports import ReachedVerdict, SurveyUnit
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStanding:
    campaign: Campaign
    verdict: ReachedVerdict | None


async def read_campaign(unit: SurveyUnit, campaign_id: str) -> CampaignStanding:
    """`CampaignUnknown`."""
    campaign = await _get(unit, campaign_id)
    return CampaignStanding(campaign=campaign, verdict=await unit.verdicts.find(campaign_id))


async def list_campaigns(unit: SurveyUnit, paging: PagingRequest) -> tuple[list[CampaignStanding], str | None]:
    """Newest first."""
    campaigns, after = await unit.campaigns.list_page(paging)
    return [
        CampaignStanding(campaign=campaign, verdict=await unit.verdicts.find(campaign.id)) for campaign in campaigns
    ], after


async def read_results(unit: SurveyUnit, campaign_id: str) -> Results:
    """From the tally, never from answers: a million of them cost the same as ten. `CampaignUnknown`."""
    campaign = await _get(unit, campaign_id)
    instrument = await unit.instruments.get(campaign.instrument_id, campaign.instrument_version)
    return build_results(campaign, instrument, await unit.tallies.get(campaign_id))


async def _get(unit: SurveyUnit, campaign_id: str) -> Campaign:
    campaign = await unit.campaigns.find(campaign_id)
    if campaign is None:
        raise CampaignUnknown("There is no campaign with this id.")
    return campaign
