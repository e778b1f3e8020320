"""The connection to NATS: never gives up, notices a dead link, and knows which server it talks to.

JetStream is transport. The record is each service's database; a wiped or restored broker is filled again by the relays.
"""

import asyncio
from datetime import timedelta
from typing import Any

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from shared.events.catalog import stream_of

DEDUPE_WINDOW = timedelta(minutes=10)
TRANSPORT_ERRORS = (NatsError, asyncio.TimeoutError, OSError)
PONG_SECONDS = 60
"""Longer than a link without an answer lives."""


class Bus:
    """One process's connection. `connected` is set while the link is up; every call is bounded in time."""

    def __init__(self, url: str, *, name: str, stream_max_age: timedelta) -> None:
        self._url = url
        self._name = name
        self._stream_max_age = stream_max_age
        self.connected = asyncio.Event()
        self.was_connected = False
        self.client: Client | None = None
        self.generation = 0
        """Grows with every reconnect: subscriptions and knowledge of the server from before are stale (nats.py #504)."""
        self._pings: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Connect, however long it takes; reconnects by itself ever after."""
        while self.client is None:
            try:
                self.client = await nats.connect(
                    self._url,
                    name=self._name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    connect_timeout=2,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_disconnected,
                    reconnected_cb=self._on_reconnected,
                )
            except TRANSPORT_ERRORS as error:
                structlog.get_logger().warning("nats.unreachable", error=type(error).__name__)
                await asyncio.sleep(0.5)
        self.was_connected = True
        self.connected.set()

    async def _on_error(self, error: Exception) -> None:
        structlog.get_logger().debug("nats.error", error=repr(error))

    async def _on_disconnected(self) -> None:
        self.connected.clear()
        structlog.get_logger().warning("nats.disconnected", client=self._name)

    async def _on_reconnected(self) -> None:
        self.generation += 1
        self.connected.set()
        structlog.get_logger().info("nats.reconnected", client=self._name)

    @property
    def js(self) -> JetStreamContext:
        assert self.client is not None, "wait for `connected` first"
        return self.client.jetstream(timeout=3.0)

    @property
    def server_id(self) -> str:
        """Changes when the server is restarted or another one is talked to."""
        assert self.client is not None
        # nats-py 2.16 has no public accessor for the server's INFO.
        return str(self.client._server_info.get("server_id", ""))

    async def settled(self) -> None:
        """Returns when the server has taken in all that this client said before, or the link it was said on is gone.

        It may be given up at any time, its ping is not: nats-py 2.16 stops reading for good at the answer to a ping that nobody
        waits for any more, and the link is dead until its own pings find that out.
        """
        assert self.client is not None, "wait for `connected` first"
        generation = self.generation
        ping = asyncio.create_task(self.client.flush(PONG_SECONDS), name="ping")
        self._pings.add(ping)
        ping.add_done_callback(self._forget)
        while not ping.done() and generation == self.generation:
            await asyncio.wait({ping}, timeout=1)

    def _forget(self, ping: "asyncio.Task[None]") -> None:
        self._pings.discard(ping)
        if not ping.cancelled() and (error := ping.exception()) is not None:
            structlog.get_logger().debug("nats.ping_failed", error=repr(error))

    async def ensure_stream(self, owner: str) -> StreamInfo:
        """The owner's stream, created or brought to our settings."""
        config = StreamConfig(
            name=stream_of(owner),
            subjects=[f"{owner}.>"],
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.NEW,
            storage=StorageType.FILE,
            max_age=self._stream_max_age.total_seconds(),
            duplicate_window=min(DEDUPE_WINDOW, self._stream_max_age).total_seconds(),
            allow_direct=True,
        )
        try:
            found = await self.js.stream_info(stream_of(owner))
        except NotFoundError:
            return await self.js.add_stream(config)
        if found.config.max_age != config.max_age:
            return await self.js.update_stream(config)
        return found

    async def last_message(self, stream: str, subject: str) -> bytes | None:
        """The newest message on a subject; None if there is none or no such stream."""
        try:
            message = await self.js.get_last_msg(stream, subject)
        except NotFoundError:
            return None
        return message.data

    async def close(self) -> None:
        """Close the link; the loops that use it have ended before."""
        if self.client is None:
            return
        try:
            async with asyncio.timeout(2):
                await self.client.close()
        except TRANSPORT_ERRORS as error:
            structlog.get_logger().debug("nats.close_failed", error=type(error).__name__)
        pings = list(self._pings)
        for ping in pings:
            ping.cancel()
        await asyncio.gather(*pings, return_exceptions=True)


def message_headers(message: Any) -> dict[str, str]:
    return dict(message.headers or {})
