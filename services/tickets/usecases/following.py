"""Follow what the gateway and the rollout service tell: sources, plans, waves, members and people.

The streams come in no common order, so whatever completes a picture looks again at the tickets that waited for it.
"""

from datetime import datetime

from services.tickets.ports import TicketsUnit
from services.tickets.usecases.attributing import attribute_again
from services.tickets.usecases.baselines import measure_if_open
from shared.events.envelope import Envelope
from shared.events.gateway import SourceChanged
from shared.events.rollout import EnrolmentChanged, PersonChanged, PersonErased, PlanApplied, WaveChanged

MOST_AGAIN = 10_000
"""Tickets that one event can make us look at again."""


async def follow_source(unit: TicketsUnit, envelope: Envelope[SourceChanged], now: datetime) -> None:
    if envelope.data.kind == "helpdesk":
        await unit.sources.keep(envelope)


async def follow_plan(unit: TicketsUnit, envelope: Envelope[PlanApplied], now: datetime) -> None:
    await unit.directory.hold_alone()
    if await unit.directory.keep_plan(envelope):
        for wave in envelope.data.waves:
            await _look_again_at_wave(unit, envelope.data.rollout, wave, envelope.data.applied_at, now)


async def follow_wave(unit: TicketsUnit, envelope: Envelope[WaveChanged], now: datetime) -> None:
    wave = envelope.data
    await unit.directory.hold_alone()
    if await unit.directory.keep_wave(envelope) and wave.opened_at is not None:
        await _look_again_at_wave(unit, wave.rollout, wave.wave, wave.opened_at, now)
        await measure_if_open(unit, wave.rollout, wave.wave, now)


async def follow_enrolment(unit: TicketsUnit, envelope: Envelope[EnrolmentChanged], now: datetime) -> None:
    await unit.directory.hold_alone()
    if await unit.directory.keep_enrolment(envelope):
        await _look_again_at_person(unit, envelope.data.person_id, now)
        await measure_if_open(unit, envelope.data.rollout, envelope.data.wave, now)


async def follow_person(unit: TicketsUnit, envelope: Envelope[PersonChanged], now: datetime) -> None:
    await unit.directory.hold_alone()
    if await unit.directory.keep_person(envelope):
        await _look_again_at_person(unit, envelope.data.person_id, now)


async def forget_person(unit: TicketsUnit, envelope: Envelope[PersonErased], now: datetime) -> None:
    """Their names and words go, also from what search finds and history quotes; their tickets stay."""
    await unit.directory.hold_alone()
    touched = await unit.tickets.erase_words(envelope.data.person_id)
    await unit.channel.forget_person(envelope.data.person_id)
    await unit.recognitions.forget(envelope.data.person_id)
    await unit.directory.erase_person(envelope.data.person_id)
    await unit.tickets.index_again(touched)


async def _look_again_at_person(unit: TicketsUnit, person_id: str, now: datetime) -> None:
    found = await unit.tickets.unattributed(person_ids=[person_id], limit=MOST_AGAIN)
    await attribute_again(unit, found, now)


async def _look_again_at_wave(unit: TicketsUnit, rollout: str, wave: str, since: datetime, now: datetime) -> None:
    found = await unit.tickets.unattributed_in_wave(rollout, wave, since, MOST_AGAIN)
    await attribute_again(unit, found, now)
