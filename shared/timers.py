"""Loops that run on one replica at a time: timers by business time, workers for calls to outside systems.

A timer costs what is due, not what is open: it asks for the next due instant, sleeps until then, a wake-up or half a second, and
fires in batches. A worker does one bounded step at a time and opens its own short transactions around its calls.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog

from shared.clock import BusinessClock
from shared.crash import CrashPoints
from shared.database import Database
from shared.leadership import Leadership

U = TypeVar("U")
NextDue = Callable[[U], Awaitable[datetime | None]]
Fire = Callable[[U, datetime], Awaitable[int]]
Step = Callable[[], Awaitable[bool]]
IDLE_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 15.0


class Timer(Generic[U]):
    """`next_due` gives the earliest pending instant, `fire` handles some of what is due at `now` and says how many."""

    def __init__(
        self,
        name: str,
        database: Database[U],
        business: BusinessClock,
        *,
        next_due: "NextDue[U]",
        fire: "Fire[U]",
        crash: CrashPoints | None = None,
        after_backlog: bool = False,
    ) -> None:
        self.name = name
        self.after_backlog = after_backlog
        """At start, what waited for this service is handled before anything is fired."""
        self._database = database
        self._business = business
        self._next_due = next_due
        self._fire = fire
        self._crash = crash or CrashPoints(None)
        self._seconds_to_wait = 0.0
        self.wake = asyncio.Event()
        database.after_commit.append(lambda _: self.wake.set())

    async def due_at(self) -> datetime | None:
        async with self._database.read() as unit:
            return await self._next_due(unit)

    async def is_idle(self) -> bool:
        """Nothing is due now."""
        due_at = await self.due_at()
        return due_at is None or due_at > self._business.now()

    async def step(self) -> bool:
        """Fire one batch of what is due. False if nothing was."""
        self.wake.clear()
        due_at = await self.due_at()
        now = self._business.now()
        if due_at is None or due_at > now:
            self._seconds_to_wait = IDLE_SECONDS if due_at is None else self._business.real_seconds_until(due_at)
            return False
        self._seconds_to_wait = IDLE_SECONDS
        async with self._database.unit() as unit:
            fired = await self._fire(unit, now)
            if fired:
                self._crash.reach("timer.before_commit")
        if not fired:
            # Somebody else holds what is due. Our own commit has just woken us; without this we would ask without a pause.
            self.wake.clear()
        else:
            self._crash.reach("timer.committed")
        return fired > 0

    async def wait(self) -> None:
        await _wait_for(self.wake, min(max(self._seconds_to_wait, 0.001), IDLE_SECONDS))


class Worker:
    """`step` does a bounded piece of outside work; True: call again at once, False: wait for a wake-up."""

    def __init__(self, name: str, database: Database[Any], *, step: Step) -> None:
        self.name = name
        self._step = step
        self.wake = asyncio.Event()
        self.wake.set()
        self._running = False
        database.after_commit.append(lambda _: self.wake.set())

    async def is_idle(self) -> bool:
        return not self._running and not self.wake.is_set()

    async def step(self) -> bool:
        self._running = True
        self.wake.clear()
        try:
            more = await self._step()
            if more:
                self.wake.set()
            return more
        finally:
            self._running = False

    async def wait(self) -> None:
        await _wait_for(self.wake, IDLE_SECONDS)


async def run_while_leading(loop: Any, name: str, leadership: Leadership, stopping: asyncio.Event) -> None:
    """Drive anything with `step` and `wait` until told to stop; a failing step is logged and tried again, ever slower."""
    pause = FIRST_PAUSE_SECONDS
    while not stopping.is_set():
        try:
            await leadership.wait()
            if not await loop.step():
                await loop.wait()
            pause = FIRST_PAUSE_SECONDS
        except Exception as error:
            structlog.get_logger().error("loop.failed", loop=name, error=repr(error), exc_info=error)
            await _wait_for(stopping, pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
