"""Business time as the demo drives it: it is stepped only when everything is quiet, so that nothing due is skipped over."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from glidepath.client import Client
from glidepath.faults import Fault, TimedOut
from shared.clock import BusinessClock, SystemClock, monotonic

QUIET_SECONDS = 180.0
"""Longer than any broker outage that the story must survive."""


class BusinessTime:
    """The deployment's business clock and our copy of it."""

    def __init__(self, client: Client, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._pause = pause
        self.clock = BusinessClock(SystemClock(), demo=True)

    def now(self) -> datetime:
        return self.clock.now()

    def join(self) -> None:
        """Take over the deployment's offset (an earlier story may have moved it)."""
        status = self._client.get("/api/rollout/v1/status")
        self.clock.step_to_offset(timedelta(seconds=status["business_offset_seconds"]))

    def advance_to(self, at: datetime) -> None:
        """Wait for quiet, move business time to `at` (never back), wait until everything due by then has happened."""
        self.quiet()
        offset = self.clock.offset + (at - self.now())
        if offset > self.clock.offset:
            self._client.post("/api/gateway/v1/demo/clock", {"offset_seconds": offset.total_seconds()})
            self.clock.step_to_offset(offset)
        self.quiet()

    def quiet(self) -> None:
        """Return once nothing is unsent, unhandled or due anywhere. `TimedOut` names who is not."""
        deadline = monotonic() + QUIET_SECONDS
        pause_seconds = 0.05
        while True:
            try:
                answer = self._client.get("/api/gateway/v1/demo/quiet")
            except Fault as fault:
                answer = {"quiet": False, "services": {"gateway": fault.message}}
            if answer["quiet"] and self._all_follow(answer):
                return
            if monotonic() > deadline:
                raise TimedOut("it does not get quiet", places=[f"{name}: {at}" for name, at in _loud(answer)])
            self._pause(pause_seconds)
            # Asking costs the deployment work; the longer it takes, the less it is asked.
            pause_seconds = min(pause_seconds * 1.5, 0.5)

    def _all_follow(self, answer: dict[str, object]) -> bool:
        """Whether every service has taken over the last step of the clock."""
        services = answer.get("services")
        if not isinstance(services, dict):
            return True
        ours = self.clock.offset.total_seconds()
        offsets = [one.get("business_offset_seconds") for one in services.values() if isinstance(one, dict)]
        return all(offset is None or abs(offset - ours) < 0.001 or offset > ours for offset in offsets)


def _loud(answer: dict[str, object]) -> list[tuple[str, object]]:
    services = answer.get("services")
    if not isinstance(services, dict):
        return []
    return [(name, one) for name, one in services.items() if not (isinstance(one, dict) and one.get("quiet"))]
