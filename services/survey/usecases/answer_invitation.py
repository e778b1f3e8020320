"""One invitation, one answer. Sending the same again is harmless; sending another is refused in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.survey.domain.anonymity import StagedAnswer
from services.survey.domain.campaign import Campaign
from services.survey.domain.instrument import AnswerProblem, Answers, Instrument, read_answers
from services.survey.errors import InvitationUnknown
from services.survey.ports import Invitation, SurveyUnit


class Standing(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"  # it was used before this request
    CLOSED = "closed"
    ACCEPTED = "accepted"  # this answer counts, or says the same as the one that does
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    standing: Standing
    campaign: Campaign
    instrument: Instrument
    problems: Sequence[AnswerProblem] = ()


async def look_at_invitation(unit: SurveyUnit, invitation_id: str, now: datetime) -> InvitationView:
    """What the bearer of the link may do now. Changes nothing: mail scanners open links too. `InvitationUnknown`."""
    invitation = await _get(unit, invitation_id)
    campaign = await unit.campaigns.find(invitation.campaign_id)
    assert campaign is not None, "an invitation belongs to a campaign"
    standing = Standing.OPEN if campaign.takes_answers(now) else Standing.CLOSED
    if await _is_used(unit, invitation_id):
        standing = Standing.ANSWERED
    return await _view(unit, campaign, standing)


async def answer_invitation(
    unit: SurveyUnit, invitation_id: str, form: Mapping[str, Sequence[str]], now: datetime
) -> InvitationView:
    """Stage the answer. Nothing else is written: no event, no time, no mark on the invitation. `InvitationUnknown`."""
    invitation = await _get(unit, invitation_id)
    # From here on the campaign can neither close nor release: what is checked below stays true until the commit.
    campaign = await unit.campaigns.lock_for_answer(invitation.campaign_id)
    instrument = await unit.instruments.get(campaign.instrument_id, campaign.instrument_version)
    answers, problems = read_answers(instrument, form)
    if await _is_used(unit, invitation_id):
        same = not problems and await _says(unit, invitation_id) == answers
        return await _view(unit, campaign, Standing.ACCEPTED if same else Standing.ANSWERED)
    if not campaign.takes_answers(now):
        return await _view(unit, campaign, Standing.CLOSED)
    if problems:
        return await _view(unit, campaign, Standing.REJECTED, problems)
    added = await unit.staging.add(campaign.id, StagedAnswer(invitation_id=invitation_id, answers=answers))
    if not added and await _says(unit, invitation_id) != answers:
        return await _view(unit, campaign, Standing.ANSWERED)
    return await _view(unit, campaign, Standing.ACCEPTED)


async def _get(unit: SurveyUnit, invitation_id: str) -> Invitation:
    invitation = await unit.invitations.find(invitation_id)
    if invitation is None:
        raise InvitationUnknown("The invitation this link belongs to does not exist any more.")
    return invitation


async def _is_used(unit: SurveyUnit, invitation_id: str) -> bool:
    return await unit.staging.find(invitation_id) is not None or await unit.archive.has_answered(invitation_id)


async def _says(unit: SurveyUnit, invitation_id: str) -> Answers | None:
    """The answer on record, where it can still be known whose it is."""
    staged = await unit.staging.find(invitation_id)
    return staged.answers if staged else await unit.archive.find_kept(invitation_id)


async def _view(
    unit: SurveyUnit, campaign: Campaign, standing: Standing, problems: Sequence[AnswerProblem] = ()
) -> InvitationView:
    instrument = await unit.instruments.get(campaign.instrument_id, campaign.instrument_version)
    return InvitationView(standing=standing, campaign=campaign, instrument=instrument, problems=problems)
