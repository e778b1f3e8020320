"""Events of the rollout service, to use cases. One durable for all of them, so that a request follows the members it asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.survey.ports import InstrumentLibrary, SurveyUnit
from services.survey.usecases import erase_person, follow_enrolment, follow_person, request_campaign
from shared.consumer import Handler
from shared.events.envelope import Envelope, Event
from shared.events.rollout import EnrolmentChanged, PersonChanged, PersonErased, SurveyRequested


def make_handlers(library: InstrumentLibrary) -> Mapping[type[Event], Handler[Any]]:
    """What `survey-rollout` listens to."""

    async def on_person_changed(unit: SurveyUnit, envelope: Envelope[PersonChanged], _: datetime) -> None:
        await follow_person(unit, envelope)

    async def on_person_erased(unit: SurveyUnit, envelope: Envelope[PersonErased], _: datetime) -> None:
        await erase_person(unit, envelope.data.person_id)

    async def on_enrolment_changed(unit: SurveyUnit, envelope: Envelope[EnrolmentChanged], _: datetime) -> None:
        await follow_enrolment(unit, envelope)

    async def on_survey_requested(unit: SurveyUnit, envelope: Envelope[SurveyRequested], now: datetime) -> None:
        await request_campaign(unit, library, envelope.data, now)

    return {
        PersonChanged: on_person_changed,
        PersonErased: on_person_erased,
        EnrolmentChanged: on_enrolment_changed,
        SurveyRequested: on_survey_requested,
    }
