"""What becomes due: launches, release batches, closes. Each firing handles one campaign in one transaction.

Releasing is not done while somebody's answer is being taken: the request that brings the k-th answer would otherwise lend
its trace and its moment to the events of the batch.
"""

from datetime import UTC, datetime

from services.survey.domain.anonymity import Shuffler
from services.survey.ports import SurveyUnit
from services.survey.usecases import close_campaign, launch_campaign, release_answers
from shared.clock import BusinessClock

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""Due by the state of things and not by an instant."""


class CampaignTimers:
    """`rng` must be unpredictable (`random.SystemRandom`) outside tests."""

    def __init__(self, business: BusinessClock, rng: Shuffler) -> None:
        self._business = business
        self._rng = rng

    async def launch_due_at(self, unit: SurveyUnit) -> datetime | None:
        return AT_ONCE if await unit.campaigns.find_launch_due(self._business.now()) else None

    async def fire_launch(self, unit: SurveyUnit, now: datetime) -> int:
        campaign_id = await unit.campaigns.find_launch_due(now)
        if campaign_id is None:
            return 0
        await launch_campaign(unit, campaign_id, now)
        return 1

    async def release_due_at(self, unit: SurveyUnit) -> datetime | None:
        return AT_ONCE if await unit.campaigns.find_release_due() else None

    async def fire_release(self, unit: SurveyUnit, now: datetime) -> int:
        campaign_id = await unit.campaigns.find_release_due()
        if campaign_id is None:
            return 0
        await release_answers(unit, campaign_id, self._rng, now)
        return 1

    async def close_due_at(self, unit: SurveyUnit) -> datetime | None:
        found = await unit.campaigns.find_next_close()
        return found[1] if found else None

    async def fire_close(self, unit: SurveyUnit, now: datetime) -> int:
        found = await unit.campaigns.find_next_close()
        if found is None or found[1] > now:
            return 0
        await close_campaign(unit, found[0], self._rng, now)
        return 1
