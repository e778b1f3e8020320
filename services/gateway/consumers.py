"""What the gateway hears from the services behind it."""

from datetime import datetime
from typing import Any

from services.gateway.ports import GatewayUnit
from services.gateway.usecases.deliveries import note_meaning
from services.gateway.usecases.notices import keep_notice
from shared.clock import Clock
from shared.consumer import Handler
from shared.events import Envelope, Event, rollout, survey, tickets
from shared.events.messages import DeliveryUnderstoodPayload, NotificationRequestedPayload

Handlers = dict[type[Event], Handler[GatewayUnit]]


def subscriptions(clock: Clock) -> dict[str, Handlers]:
    """Owner -> what is heard from it. Logs and notices go by real time, so the business time handed over is not used."""

    async def on_understood(unit: GatewayUnit, envelope: Envelope[DeliveryUnderstoodPayload], _: datetime) -> None:
        await note_meaning(unit, envelope.data, clock.now())

    async def on_notice(unit: GatewayUnit, envelope: Envelope[NotificationRequestedPayload], _: datetime) -> None:
        await keep_notice(unit, envelope.data, owner=envelope.source, now=clock.now())

    both: Any = {
        "rollout": {rollout.DeliveryUnderstood: on_understood, rollout.NotificationRequested: on_notice},
        "tickets": {tickets.DeliveryUnderstood: on_understood, tickets.NotificationRequested: on_notice},
        "survey": {survey.NotificationRequested: on_notice},
    }
    handlers: dict[str, Handlers] = both
    return handlers
