"""`/console/events`: server-sent events that say no more than "fetch again".

How this replica learns of a change: a core NATS subscription, because every replica must hear every change, nothing needs to be
kept for one that is down, and a message that is missed costs nothing (a reconnect counts as a change).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared.clock import monotonic, new_id

AT_MOST_EVERY_SECONDS = 1.0
BEAT_SECONDS = 15.0
LISTEN_AGAIN_SECONDS = 2.0
STREAM_SECONDS = 1800.0
"""Then the browser connects again, and whoever was signed out meanwhile is refused."""
MOST_STREAMS = 500
RECONNECT_MILLISECONDS = 2000

SUBJECTS = {
    "rollout.wave.>": "rollouts",
    "rollout.plan.>": "rollouts",
    "rollout.signoff.>": "rollouts",
    "gateway.clock.>": "rollouts",
    "gateway.lms.>": "deliveries",
    "gateway.helpdesk.>": "deliveries",
    "rollout.delivery.>": "deliveries",
    "tickets.delivery.>": "deliveries",
    "tickets.ticket.>": "tickets",
    "tickets.clock.>": "tickets",
}
"""What is listened to -> the pages that show it."""
TOPICS = tuple(dict.fromkeys(SUBJECTS.values()))


class BusLink(Protocol):
    """The part of the connection to NATS that is needed here."""

    connected: asyncio.Event
    client: Any
    generation: int

    async def settled(self) -> None: ...


class Bell:
    """Counts changes by topic. Listens to NATS only while somebody looks at a page."""

    def __init__(self, bus: BusLink) -> None:
        self._bus = bus
        self._life = new_id()
        self._counts = dict.fromkeys(TOPICS, 0)
        self._rung = asyncio.Event()
        self._listeners = 0
        self._watching: asyncio.Task[None] | None = None
        self.closing = False

    def ring(self, *topics: str) -> None:
        """Something changed that these pages show."""
        for topic in topics:
            self._counts[topic] += 1
        self._wake()

    def hang_up(self) -> None:
        """End every stream now: a server that waits for open answers could not end otherwise."""
        self.closing = True
        self._wake()

    def _wake(self) -> None:
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    def counts(self) -> dict[str, int]:
        return dict(self._counts)

    def marker(self) -> str:
        """The id of an event: equal only if nothing changed, and never equal between two processes."""
        return "-".join([self._life, *(str(count) for count in self._counts.values())])

    async def wait(self, seconds: float) -> bool:
        """True once something changes, False if nothing did within `seconds`."""
        rung = self._rung
        try:
            async with asyncio.timeout(seconds):
                await rung.wait()
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        self._listeners += 1
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="console listens")
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0 and self._watching is not None:
                self._watching.cancel()
                self._watching = None

    @property
    def full(self) -> bool:
        return self._listeners >= MOST_STREAMS

    async def _watch(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                structlog.get_logger().warning("console.listening_failed", error=repr(error))
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _listen(self) -> None:
        """Until the connection fails or nobody looks any more."""
        subscriptions: list[Any] = []
        try:
            await self._bus.connected.wait()
            client = self._bus.client
            for subject, topic in SUBJECTS.items():
                subscriptions.append(await client.subscribe(subject, cb=self._ringer(topic)))
            await self._bus.settled()
            self.ring(*TOPICS)  # what was said before we listened is unknown
            generation = self._bus.generation
            while True:
                # The client subscribes again by itself; what was said while it was away is unknown.
                await asyncio.sleep(AT_MOST_EVERY_SECONDS)
                if generation != self._bus.generation:
                    generation = self._bus.generation
                    self.ring(*TOPICS)
        finally:
            for subscription in subscriptions:
                with contextlib.suppress(Exception):
                    await subscription.unsubscribe()

    def _ringer(self, topic: str) -> Callable[[Any], Any]:
        async def on_message(_: Any) -> None:
            self.ring(topic)

        return on_message


def event_stream(bell: Bell, request: Request) -> Response:
    """The answer to a browser that is signed in."""
    if bell.full or bell.closing:
        return Response("Too many pages are watching.\n", 503, {"retry-after": "30"}, media_type="text/plain")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    stream = _events(bell, request.headers.get("last-event-id", ""))
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _events(bell: Bell, last_event_id: str) -> AsyncIterator[str]:
    async with bell.listening():
        ends_at = monotonic() + STREAM_SECONDS
        seen = bell.counts()
        yield f"retry: {RECONNECT_MILLISECONDS}\n{_named('hello', bell, [])}"
        if last_event_id != bell.marker():  # without one, the page may be older than this stream
            yield _named("changed", bell, list(TOPICS))
        while monotonic() < ends_at and not bell.closing:
            changed = [topic for topic, count in bell.counts().items() if count != seen[topic]]
            if changed:
                seen = bell.counts()
                yield _named("changed", bell, changed)
                await asyncio.sleep(AT_MOST_EVERY_SECONDS)
            elif not await bell.wait(BEAT_SECONDS):
                yield ": still here\n\n"


def _named(event: str, bell: Bell, topics: list[str]) -> str:
    return f"id: {bell.marker()}\nevent: {event}\ndata: {' '.join(topics)}\n\n"
