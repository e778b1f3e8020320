"""What the gateway does by itself: send what is due, and let go of what was kept long enough."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from services.gateway.ports import GatewayUnit
from services.gateway.usecases.notices import PostOffice
from shared.clock import Clock, monotonic

LOOK_EVERY_SECONDS = 1.0
TIDY_EVERY_SECONDS = 600.0
TIDY_BATCH = 500


class _Units(Protocol):
    def unit(self) -> AbstractAsyncContextManager[GatewayUnit]: ...


@dataclass(slots=True, kw_only=True)
class NoticeRound:
    """Every commit wakes a worker and most have nothing to do with notices: look when one was kept, or by time."""

    office: PostOffice
    seconds: Callable[[], float] = monotonic
    _look_at: float = 0.0

    def notice_kept(self) -> None:
        self._look_at = 0.0

    async def step(self) -> bool:
        now = self.seconds()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_EVERY_SECONDS
        more = await self.office.send_due()
        if more:
            self._look_at = 0.0
        return more


@dataclass(slots=True, kw_only=True)
class Tidying:
    """Bodies and quarantine past their retention time, sessions and links that have ended."""

    database: _Units
    clock: Clock
    keep_for: timedelta
    seconds: Callable[[], float] = monotonic
    _tidy_at: float = field(default=0.0)

    async def step(self) -> bool:
        if self.seconds() < self._tidy_at:
            return False
        now = self.clock.now()
        async with self.database.unit() as unit:
            dropped = await unit.deliveries.drop_bodies_before(now - self.keep_for, TIDY_BATCH)
            dropped += await unit.quarantine.drop_before(now - self.keep_for, TIDY_BATCH)
            await unit.logins.drop_expired(now)
        if dropped < TIDY_BATCH:
            self._tidy_at = self.seconds() + TIDY_EVERY_SECONDS
        return dropped >= TIDY_BATCH
