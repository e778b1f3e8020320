"""Keeping the projection of people and waves. Launching is the timer's: it sees what two replicas wrote at once."""

from services.survey.domain.campaign import expect_fewer
from services.survey.ports import SurveyUnit
from shared.events.envelope import Envelope
from shared.events.rollout import EnrolmentChanged, PersonChanged


async def follow_person(unit: SurveyUnit, envelope: Envelope[PersonChanged]) -> None:
    await unit.directory.apply_person(envelope)


async def follow_enrolment(unit: SurveyUnit, envelope: Envelope[EnrolmentChanged]) -> None:
    """Who leaves the wave while a campaign is prepared is not waited for."""
    step = await unit.directory.apply_enrolment(envelope)
    if step is None or not step.was_member or step.is_member:
        return
    enrolment = envelope.data
    for found in await unit.campaigns.list_preparing(enrolment.rollout, enrolment.wave):
        campaign = await unit.campaigns.lock(found.id)
        await unit.campaigns.save(expect_fewer(campaign))


async def erase_person(unit: SurveyUnit, person_id: str) -> None:
    """Name and address go; the invitation stays as a number among the invited, with nobody behind it."""
    await unit.directory.erase(person_id)
