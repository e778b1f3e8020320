"""Taking in what other services say. A breach is acted on in the very transaction that takes it in."""

from datetime import datetime

from services.rollout.domain.rollout import wave_id
from services.rollout.ports import RolloutUnit
from services.rollout.ports.rollouts import ClockFact
from services.rollout.usecases.evaluation import look_at_waves
from shared.events.envelope import Envelope
from shared.events.survey import CampaignChanged, VerdictReached
from shared.events.tickets import (
    Attribution,
    ClockBreachConfirmed,
    ClockBreached,
    ClockBreachWithdrawn,
    ClockSettled,
    TicketChanged,
)


async def take_ticket(unit: RolloutUnit, envelope: Envelope[TicketChanged], now: datetime) -> None:
    """Project a ticket with its clocks, and have the waves it counts for looked at."""
    ticket = envelope.data
    touched = await unit.rollouts.evidence.apply_ticket(envelope, _wave_of(ticket.attribution))
    if not touched:
        return
    for clock in ticket.clocks:
        # A snapshot only fills in what a fact that was lost would have told; it never takes anything back.
        if clock.breached_at is None and clock.settled_at is None:
            continue
        settled = clock.state == "settled"
        outcome = ("breached" if clock.breached_at else "met") if settled else None
        await unit.rollouts.evidence.apply_clock(
            ClockFact(
                clock_id=clock.clock_id,
                cycle=clock.cycle,
                ticket_id=ticket.ticket_id,
                wave_id=_wave_of(ticket.attribution),
                ticket_number=ticket.number,
                ticket_subject=ticket.subject,
                target=clock.target,
                priority=ticket.priority.value,
                breached_at=clock.breached_at,
                settled_at=clock.settled_at,
                outcome="cancelled" if clock.state == "cancelled" else outcome,
            )
        )
    for wave in touched:
        await _want_look(unit, wave, now)


async def take_breach(unit: RolloutUnit, breach: ClockBreached, now: datetime) -> None:
    """A target was missed: the wave is looked at before this transaction ends."""
    await _apply(unit, _fact(breach, breached_at=breach.breached_at, unconfirmed=not breach.confirmed), now)


async def take_confirmation(unit: RolloutUnit, confirmed: ClockBreachConfirmed, now: datetime) -> None:
    """A breach that might still have been withdrawn stands."""
    await _apply(unit, _fact(confirmed, breached_at=confirmed.breached_at, confirmed_at=confirmed.confirmed_at), now)


async def take_withdrawal(unit: RolloutUnit, withdrawn: ClockBreachWithdrawn, now: datetime) -> None:
    """A breach was none after all, or not at that instant: then another one is told."""
    fact = _fact(withdrawn, withdrawn_at=withdrawn.withdrawn_at, withdrawn_breach_at=withdrawn.breached_at)
    await _apply(unit, fact, now)


async def take_settlement(unit: RolloutUnit, settled: ClockSettled, now: datetime) -> None:
    """A clock stopped for good in its cycle."""
    await _apply(unit, _fact(settled, settled_at=settled.settled_at, outcome=settled.outcome), now)


async def take_campaign(unit: RolloutUnit, campaign: CampaignChanged, now: datetime) -> None:
    """How far a survey has come; it decides nothing."""
    if campaign.request_id is None:
        return
    values = {"campaign_id": campaign.campaign_id, "answered": campaign.answered, "invited": campaign.invited}
    asked_by = await unit.rollouts.evidence.apply_progress(campaign.request_id, values)
    if asked_by is not None:
        await unit.rollouts.want_look(*asked_by, now)


async def take_verdict(unit: RolloutUnit, verdict: VerdictReached, now: datetime) -> None:
    """What a survey found, for the gate that asked."""
    if verdict.request_id is None:
        return
    values = {
        "campaign_id": verdict.campaign_id,
        "verdict": verdict.verdict,
        "explanation": verdict.explanation,
        "estimate": verdict.estimate,
        "answered": verdict.answered,
        "invited": verdict.invited,
        "reached_at": verdict.reached_at,
    }
    asked_by = await unit.rollouts.evidence.apply_verdict(verdict.request_id, values)
    if asked_by is not None:
        await look_at_waves(unit, {asked_by[0]: [asked_by[1]]}, now)


def _wave_of(attribution: Attribution | None) -> str | None:
    return None if attribution is None else wave_id(attribution.rollout, attribution.wave)


def _fact(
    event: ClockBreached | ClockBreachConfirmed | ClockBreachWithdrawn | ClockSettled,
    *,
    breached_at: datetime | None = None,
    withdrawn_at: datetime | None = None,
    withdrawn_breach_at: datetime | None = None,
    unconfirmed: bool | None = None,
    confirmed_at: datetime | None = None,
    settled_at: datetime | None = None,
    outcome: str | None = None,
) -> ClockFact:
    return ClockFact(
        clock_id=event.clock_id,
        cycle=event.cycle,
        ticket_id=event.ticket_id,
        wave_id=_wave_of(event.attribution),
        ticket_number=event.ticket_number,
        ticket_subject=event.ticket_subject,
        target=event.target,
        priority=event.priority.value,
        breached_at=breached_at,
        withdrawn_at=withdrawn_at,
        withdrawn_breach_at=withdrawn_breach_at,
        unconfirmed=unconfirmed,
        confirmed_at=confirmed_at,
        settled_at=settled_at,
        outcome=outcome,
    )


async def _apply(unit: RolloutUnit, fact: ClockFact, now: datetime) -> None:
    wave = await unit.rollouts.evidence.apply_clock(fact)
    if wave is not None:
        rollout, _, name = wave.partition(":")
        await look_at_waves(unit, {rollout: [name]}, now)


async def _want_look(unit: RolloutUnit, wave: str, now: datetime) -> None:
    rollout, _, name = wave.partition(":")
    await unit.rollouts.want_look(rollout, name, now)
