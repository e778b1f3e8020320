"""From a gate's request to open invitations."""

from datetime import datetime, timedelta
from uuid import uuid4

from services.survey.domain.campaign import Campaign, CampaignState, close, launch
from services.survey.domain.instrument import Instrument
from services.survey.domain.verdict import Basis, Outcome
from services.survey.errors import RequestUnusable
from services.survey.ports import InstrumentLibrary, Invitation, LoadedInstrument, Member, ReachedVerdict, SurveyUnit
from services.survey.usecases.announce import announce_campaign, announce_verdict
from services.survey.usecases.publish_instruments import publish_instrument
from shared.clock import new_id
from shared.events.messages import SignedLink
from shared.events.rollout import SurveyRequested
from shared.events.survey import NotificationRequested

LINK_OUTLIVES_CLOSE_FOR = timedelta(days=30)
"""Whoever comes late finds a page that says so. Business time is never behind real time, so the close is covered."""


async def request_campaign(
    unit: SurveyUnit, library: InstrumentLibrary, request: SurveyRequested, now: datetime
) -> None:
    """One campaign per `request_id`, in preparation. `RequestUnusable` for what can never be asked."""
    loaded = _check(library, request)
    instrument = loaded.instrument
    await publish_instrument(unit, loaded, now)
    campaign = Campaign(
        id=new_id(),
        request_id=request.request_id,
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        title=instrument.title,
        mode=instrument.mode,
        k=instrument.k,
        rollout=request.rollout,
        wave=request.wave,
        gate=request.gate,
        measure=request.measure,
        threshold=request.threshold,
        confidence=request.confidence,
        on_undecided=Outcome(request.on_undecided),
        audience_size=request.audience_size,
        closes_at=request.closes_at,
    )
    if not await unit.campaigns.add_once(campaign):
        return
    why_not = campaign.why_not_published(request.audience_size)
    if why_not is not None:
        await refuse_campaign(unit, campaign, why_not, now)
    else:
        announce_campaign(unit, campaign)


async def launch_campaign(unit: SurveyUnit, campaign_id: str, now: datetime) -> None:
    """Snapshot the audience, invite it, open. Does nothing unless the campaign still waits for this."""
    campaign = await unit.campaigns.lock(campaign_id)
    if campaign.state is not CampaignState.PREPARING or now >= campaign.closes_at:
        return
    members = await unit.directory.list_members(campaign.rollout, campaign.wave)
    if len(members) < campaign.audience_size:
        return
    why_not = campaign.why_not_published(len(members))
    if why_not is not None:
        await refuse_campaign(unit, campaign, why_not, now)
        return
    instrument = await unit.instruments.get(campaign.instrument_id, campaign.instrument_version)
    # A random id says nothing of the moment or the order in which people were invited.
    invited = [(member, str(uuid4())) for member in members]
    await unit.invitations.add(
        [Invitation(id=name, campaign_id=campaign.id, person_id=member.person_id) for member, name in invited]
    )
    for member, name in invited:
        if member.email:
            unit.record(_notice(campaign, instrument, member, member.email, name))
    opened = launch(campaign, invited=len(members), now=now)
    await unit.campaigns.save(opened)
    announce_campaign(unit, opened)


async def refuse_campaign(unit: SurveyUnit, campaign: Campaign, why: str, now: datetime) -> None:
    """Closed before it opened: nobody was asked, and the gate learns that, and why. No policy makes this a pass."""
    closed = close(campaign, now)
    await unit.campaigns.save(closed)
    announce_campaign(unit, closed)
    verdict = ReachedVerdict(
        campaign_id=campaign.id,
        outcome=Outcome.UNDECIDED,
        basis=Basis.DEADLINE,
        estimate=None,
        answered=0,
        explanation=why,
        reached_at=now,
    )
    await announce_verdict(unit, closed, verdict)


def _check(library: InstrumentLibrary, request: SurveyRequested) -> LoadedInstrument:
    loaded = library.find_latest(request.instrument)
    if loaded is None:
        raise RequestUnusable(f"There is no instrument {request.instrument!r}.")
    if loaded.instrument.find_measure(request.measure) is None:
        raise RequestUnusable(f"The instrument {request.instrument!r} has no measure {request.measure!r}.")
    if not 0 <= request.threshold <= 1:
        raise RequestUnusable(f"The threshold {request.threshold} is not between 0 and 1.")
    if not 0 < request.confidence < 1:
        raise RequestUnusable(f"The confidence {request.confidence} is not between 0 and 1.")
    if request.audience_size < 0:
        raise RequestUnusable("An audience cannot be smaller than nobody.")
    return loaded


def _notice(
    campaign: Campaign, instrument: Instrument, member: Member, email: str, invitation_id: str
) -> NotificationRequested:
    until = f"{campaign.closes_at:%d %B %Y, %H:%M} UTC"
    lines = [
        f"Hello {member.name}," if member.name else "Hello,",
        f"you belong to the wave {campaign.wave} of the rollout {campaign.rollout}. {instrument.intro}",
        "No account is needed. The link is yours alone and takes one answer:",
        "{link}",
        *instrument.privacy,
        f"You can answer until {until}.",
    ]
    return NotificationRequested(
        notification_id=invitation_id,
        to_email=email,
        to_name=member.name,
        person_id=member.person_id,
        subject=f"{instrument.title} ({campaign.rollout})",
        body="\n\n".join(lines),
        link=SignedLink(
            purpose="survey", subject=invitation_id, expires_at=campaign.closes_at + LINK_OUTLIVES_CLOSE_FOR
        ),
        rollout=campaign.rollout,
        wave=campaign.wave,
    )
