"""Business time in a demo: every process follows `gateway.clock.stepped`, the last one at start and each new one at once."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import structlog

from shared.clock import BusinessClock
from shared.events.catalog import stream_of
from shared.events.gateway import ClockStepped
from shared.jetstream import TRANSPORT_ERRORS, Bus

CHECK_SECONDS = 0.5


async def follow_business_clock(bus: Bus, business: BusinessClock, stopping: asyncio.Event) -> None:
    """Runs only with GLIDEPATH_DEMO=1. A missed broadcast is made good by looking at the stream every half second."""
    subject = f"{ClockStepped.subject_prefix()}.business"
    await bus.connected.wait()
    assert bus.client is not None

    async def on_step(message: Any) -> None:
        _apply(message.data, business)

    await bus.client.subscribe(subject, cb=on_step)
    while not stopping.is_set():
        try:
            await bus.connected.wait()
            last = await bus.last_message(stream_of("gateway"), subject)
            if last is not None:
                _apply(last, business)
        except TRANSPORT_ERRORS as error:
            structlog.get_logger().debug("demo_clock.unreachable", error=type(error).__name__)
        await asyncio.sleep(CHECK_SECONDS)


def _apply(body: bytes, business: BusinessClock) -> None:
    data = ClockStepped.model_validate(json.loads(body)["data"])
    if business.step_to_offset(timedelta(seconds=data.offset_seconds)):
        structlog.get_logger().info("business_clock.stepped", offset_seconds=data.offset_seconds)
