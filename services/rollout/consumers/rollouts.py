"""What tickets and surveys say, for the waves that wait for it."""

from datetime import datetime

from services.rollout.ports import RolloutUnit
from services.rollout.usecases.evidence import (
    take_breach,
    take_campaign,
    take_confirmation,
    take_settlement,
    take_ticket,
    take_verdict,
    take_withdrawal,
)
from shared.consumer import Handler
from shared.events.envelope import Envelope, Event
from shared.events.survey import CampaignChanged, VerdictReached
from shared.events.tickets import ClockBreachConfirmed, ClockBreached, ClockBreachWithdrawn, ClockSettled, TicketChanged


def ticket_handlers() -> dict[type[Event], Handler[RolloutUnit]]:
    """For `Runtime.consume("rollout-tickets", stream="tickets", ...)`."""

    async def on_breach(unit: RolloutUnit, envelope: Envelope[ClockBreached], now: datetime) -> None:
        await take_breach(unit, envelope.data, now)

    async def on_confirmation(unit: RolloutUnit, envelope: Envelope[ClockBreachConfirmed], now: datetime) -> None:
        await take_confirmation(unit, envelope.data, now)

    async def on_withdrawal(unit: RolloutUnit, envelope: Envelope[ClockBreachWithdrawn], now: datetime) -> None:
        await take_withdrawal(unit, envelope.data, now)

    async def on_settlement(unit: RolloutUnit, envelope: Envelope[ClockSettled], now: datetime) -> None:
        await take_settlement(unit, envelope.data, now)

    return {
        TicketChanged: take_ticket,
        ClockBreached: on_breach,
        ClockBreachConfirmed: on_confirmation,
        ClockBreachWithdrawn: on_withdrawal,
        ClockSettled: on_settlement,
    }


def survey_handlers() -> dict[type[Event], Handler[RolloutUnit]]:
    """For `Runtime.consume("rollout-survey", stream="survey", ...)`."""

    async def on_campaign(unit: RolloutUnit, envelope: Envelope[CampaignChanged], now: datetime) -> None:
        await take_campaign(unit, envelope.data, now)

    async def on_verdict(unit: RolloutUnit, envelope: Envelope[VerdictReached], now: datetime) -> None:
        await take_verdict(unit, envelope.data, now)

    return {CampaignChanged: on_campaign, VerdictReached: on_verdict}
