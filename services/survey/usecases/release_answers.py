"""Answers leave staging: in batches while a campaign is open, for good when it closes. Verdicts are looked for only here."""

from collections.abc import Sequence
from datetime import datetime

from services.survey.domain.anonymity import Shuffler, StagedAnswer, draw, is_unanimous, seal
from services.survey.domain.campaign import Campaign, CampaignState, close, release
from services.survey.domain.explanation import explain
from services.survey.domain.instrument import Instrument, Mode
from services.survey.domain.tally import count_answers, yes_and_no
from services.survey.domain.verdict import Verdict, certain_verdict, deadline_verdict
from services.survey.ports import ReachedVerdict, SurveyUnit
from services.survey.usecases.announce import announce_campaign, announce_progress, announce_verdict
from services.survey.usecases.open_campaign import refuse_campaign


async def release_answers(unit: SurveyUnit, campaign_id: str, rng: Shuffler, now: datetime) -> None:
    """Release one batch if one may leave; close if everybody has answered."""
    campaign = await unit.campaigns.lock(campaign_id)
    if campaign.state is not CampaignState.OPEN:
        return
    staged = await unit.staging.take_all(campaign.id)
    if campaign.answered + len(staged) >= campaign.invited:
        await _close(unit, campaign, staged, rng, now)
        return
    leaving = draw(staged, campaign.batching.due(len(staged)), rng)
    if not leaving:
        return
    instrument = await unit.instruments.get(campaign.instrument_id, campaign.instrument_version)
    campaign = await _release(unit, campaign, instrument, leaving, rng)
    await unit.campaigns.save(campaign)
    announce_campaign(unit, campaign)
    announce_progress(unit, campaign, now)
    await _look_for_verdict(unit, campaign, instrument, now, final=False)


async def close_campaign(unit: SurveyUnit, campaign_id: str, rng: Shuffler, now: datetime) -> None:
    """Close it if it is due; a campaign that never opened is refused."""
    campaign = await unit.campaigns.lock(campaign_id)
    if campaign.state is CampaignState.CLOSED or now < campaign.closes_at:
        return
    if campaign.state is CampaignState.PREPARING:
        members = await unit.directory.list_members(campaign.rollout, campaign.wave)
        why = f"Only {len(members)} of {campaign.audience_size} members of the wave were known when it was to close."
        await refuse_campaign(unit, campaign, why, now)
        return
    await _close(unit, campaign, await unit.staging.take_all(campaign.id), rng, now)


async def _close(
    unit: SurveyUnit, campaign: Campaign, staged: Sequence[StagedAnswer], rng: Shuffler, now: datetime
) -> None:
    instrument = await unit.instruments.get(campaign.instrument_id, campaign.instrument_version)
    leaving = draw(staged, campaign.batching.due_at_close(len(staged), campaign.answered), rng)
    if leaving:
        campaign = await _release(unit, campaign, instrument, leaving, rng)
    elif staged:
        # So few that nothing may ever be told of them: they go unread, as the page promised.
        await unit.staging.scrub(campaign.id, [row.invitation_id for row in staged])
    campaign = close(campaign, now)
    await unit.campaigns.save(campaign)
    announce_campaign(unit, campaign)
    if leaving:
        announce_progress(unit, campaign, now)
    await _look_for_verdict(unit, campaign, instrument, now, final=True)


async def _release(
    unit: SurveyUnit, campaign: Campaign, instrument: Instrument, batch: Sequence[StagedAnswer], rng: Shuffler
) -> Campaign:
    await unit.staging.scrub(campaign.id, [row.invitation_id for row in batch])
    if campaign.mode is Mode.ANONYMOUS:
        await unit.archive.seal(campaign.id, seal(batch, rng))
    else:
        await unit.archive.keep(campaign.id, batch)
    await unit.tallies.add(campaign.id, count_answers(instrument, [row.answers for row in batch]))
    return release(campaign, len(batch))


async def _look_for_verdict(
    unit: SurveyUnit, campaign: Campaign, instrument: Instrument, now: datetime, *, final: bool
) -> None:
    measure = instrument.find_measure(campaign.measure)
    assert measure is not None, "a request is refused unless its instrument has the measure"
    counts = yes_and_no(await unit.tallies.get(campaign.id), measure)
    yes, answered = counts["yes"], sum(counts.values())
    decide = deadline_verdict if final else certain_verdict
    verdict: Verdict | None = decide(campaign.question, yes=yes, answered=answered)
    if verdict is None:
        return
    told = answered and (campaign.mode is Mode.IDENTIFIED or not is_unanimous(counts))
    reached = ReachedVerdict(
        campaign_id=campaign.id,
        outcome=verdict.outcome,
        basis=verdict.basis,
        estimate=yes / answered if told else None,
        answered=answered,
        explanation=explain(campaign.question, verdict, yes=yes, answered=answered),
        reached_at=now,
    )
    await announce_verdict(unit, campaign, reached)
