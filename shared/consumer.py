"""A durable pull consumer: fetch a batch, handle it in one transaction with the inbox, commit, then acknowledge.

One bad message never loses the others: when a batch fails, its messages are handled one by one. Work that failed for a while is
retried with backoff and full jitter; work that cannot succeed goes to the quarantine with its reason, and what follows goes on.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo
from opentelemetry import trace
from sqlalchemy import select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from shared.clock import BusinessClock, Clock, new_id
from shared.crash import CrashPoints
from shared.database import Database, UnitOfWork, insert_for
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.catalog import stream_of
from shared.events.envelope import Envelope, Event
from shared.inbox import claim
from shared.jetstream import TRANSPORT_ERRORS, Bus

U = TypeVar("U")
Handler = Callable[[U, Envelope[Any], datetime], Awaitable[None]]
"""Gets the unit, the envelope and the business time; everything it does is one transaction with the inbox row."""

FETCH_SECONDS = 0.5
WATCHDOG_SECONDS = 10.0
BACKLOG_LOOK_SECONDS = 0.1
MAX_ATTEMPTS = 8
MAX_TEMPORARY_ATTEMPTS = 50
FIRST_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Subscription(Generic[U]):
    """What one consumer listens to. `durable` is shared by all replicas: `<service>-<purpose>`."""

    durable: str
    owner: str
    handlers: Mapping[type[Event], "Handler[U]"]

    def filters(self) -> list[str]:
        return [f"{model.subject_prefix()}.*" for model in self.handlers]


@dataclass(slots=True)
class ConsumerHealth:
    """How a consumer stands, for `/v1/status` and `/readyz`."""

    bound: bool = False
    gap: bool = False
    """The stream dropped messages that this consumer had not seen: the owner must send again. Stays until a restart."""
    pending: int = 0
    ack_pending: int = 0
    handled: int = 0


@dataclass(frozen=True, slots=True)
class _Readable:
    message: Msg
    envelope: Envelope[Any]
    handler: Any = field(repr=False)


class Consumer(Generic[U]):
    def __init__(
        self,
        subscription: Subscription[U],
        database: Database[U],
        bus: Bus,
        *,
        clock: Clock,
        business: BusinessClock,
        crash: CrashPoints,
        batch: int,
        ack_wait_seconds: float,
    ) -> None:
        self.subscription = subscription
        self.health = ConsumerHealth()
        self._database = database
        self._bus = bus
        self._clock = clock
        self._business = business
        self._crash = crash
        self._batch = batch
        self._ack_wait_seconds = ack_wait_seconds
        self._by_type = {model.type(): (model, handler) for model, handler in subscription.handlers.items()}
        self._tracer = trace.get_tracer("glidepath.consumer")

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; a broken subscription is made anew."""
        while not stopping.is_set():
            try:
                await self._bus.connected.wait()
                await self._consume(stopping)
            except TRANSPORT_ERRORS as error:
                structlog.get_logger().info(
                    "consumer.rebinds", durable=self.subscription.durable, error=type(error).__name__
                )
                await asyncio.sleep(FETCH_SECONDS)
            finally:
                self.health.bound = False

    async def refresh_health(self) -> None:
        """Ask the server how far behind this consumer is."""
        if self._bus.connected.is_set() and self.health.bound:
            await self._note(await self._info())

    async def handle_backlog(self) -> None:
        """Returns once all that is in the stream now has been acknowledged, by this process or another one."""
        last: int | None = None
        while True:
            with contextlib.suppress(*TRANSPORT_ERRORS):
                await self._bus.connected.wait()
                if self.health.bound:
                    if last is None:
                        last = (await self._bus.js.stream_info(stream_of(self.subscription.owner))).state.last_seq
                    if _is_past(await self._info(), last):
                        return
            await asyncio.sleep(BACKLOG_LOOK_SECONDS)

    async def _consume(self, stopping: asyncio.Event) -> None:
        generation = self._bus.generation
        pull = await self._bind()
        self.health.bound = True
        loop = asyncio.get_running_loop()
        watched_at, handled_then = loop.time(), self.health.handled
        try:
            while not stopping.is_set() and self._bus.generation == generation:
                messages = await self._fetch(pull)
                if messages:
                    await self.handle(messages)
                elif loop.time() - watched_at > WATCHDOG_SECONDS:
                    info = await self._info()
                    await self._note(info)
                    if info.num_pending and self.health.handled == handled_then:
                        structlog.get_logger().warning("consumer.stalled", durable=self.subscription.durable)
                        return
                    watched_at, handled_then = loop.time(), self.health.handled
        finally:
            await _quietly(pull.unsubscribe())

    async def _bind(self) -> JetStreamContext.PullSubscription:
        stream, durable = stream_of(self.subscription.owner), self.subscription.durable
        config = ConsumerConfig(
            durable_name=durable,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self._ack_wait_seconds,
            max_deliver=-1,
            max_ack_pending=1000,
            filter_subjects=self.subscription.filters(),
        )
        await self._bus.js.add_consumer(stream, config)
        return await self._bus.js.pull_subscribe_bind(durable=durable, stream=stream)

    async def _fetch(self, pull: JetStreamContext.PullSubscription) -> list[Msg]:
        """One message as soon as there is one, and what is ready behind it; nothing after half a second.

        A plain `fetch(n)` waits out its time for the n-th message; the first one's metadata says how many to ask for.
        """
        try:
            messages = await pull.fetch(1, timeout=FETCH_SECONDS)
        except (TimeoutError, NatsTimeout):
            return []
        behind = min(messages[0].metadata.num_pending or 0, self._batch - 1)
        if behind:
            with contextlib.suppress(*TRANSPORT_ERRORS):
                messages += await pull.fetch(behind, timeout=FETCH_SECONDS)
        return messages

    async def handle(self, messages: list[Msg]) -> None:
        """A batch in one transaction; one by one if that fails. Every message is acknowledged, postponed or quarantined."""
        readable = [item for message in messages if (item := await self._read(message)) is not None]
        if len(readable) > 1:
            try:
                await self._apply(readable)
            except Exception as error:
                structlog.get_logger().info(
                    "consumer.batch_failed", durable=self.subscription.durable, size=len(readable), error=repr(error)
                )
            else:
                await self._acknowledge(readable)
                return
        for item in readable:
            await self._handle_one(item)

    async def _handle_one(self, item: _Readable) -> None:
        try:
            await self._apply([item])
        except PermanentFailure as error:
            await self._quarantine(item.message, item.envelope.id, str(error))
        except Exception as error:
            await self._postpone_or_give_up(item, error)
        else:
            await self._acknowledge([item])

    async def _apply(self, items: list[_Readable]) -> None:
        now = self._business.now()
        consumer = self.subscription.durable
        async with self._database.work() as work:
            unit = self._database.wrap(work)
            ids = [item.envelope.id for item in items]
            fresh = set(await claim(work, self._database.plumbing, consumer, ids, self._clock.now()))
            for item in items:
                if item.envelope.id in fresh:
                    fresh.discard(item.envelope.id)
                    work.caused_by = item.envelope
                    with self._tracer.start_as_current_span(f"handle {item.envelope.data.NAME}"):
                        await item.handler(unit, item.envelope, now)
            self._crash.reach("consumer.before_commit")
        self._crash.reach("consumer.committed")

    async def _acknowledge(self, items: list[_Readable]) -> None:
        # A plain ack may get lost; then the message comes again and the inbox absorbs it.
        for item in items:
            await _quietly(item.message.ack())
        self.health.handled += len(items)
        self._crash.reach("consumer.acknowledged")

    async def _read(self, message: Msg) -> _Readable | None:
        try:
            document = json.loads(message.data)
            found = self._by_type.get(document["type"])
            if found is None:
                raise PermanentFailure(f"{self.subscription.durable} has no handler for {document['type']}")
            model, handler = found
            return _Readable(message, Envelope.from_cloudevent(document, model), handler)
        except Exception as error:
            headers = message.headers or {}
            event_id = headers.get("Nats-Msg-Id") or f"{message.subject}@{message.metadata.sequence.stream}"
            await self._quarantine(message, event_id[:80], f"The event cannot be read: {error}"[:2000])
            return None

    async def _postpone_or_give_up(self, item: _Readable, error: Exception) -> None:
        attempts = item.message.metadata.num_delivered or 1
        ours = isinstance(error, (TemporaryFailure, OperationalError, InterfaceError))
        if attempts >= (MAX_TEMPORARY_ATTEMPTS if ours else MAX_ATTEMPTS):
            await self._quarantine(
                item.message, item.envelope.id, f"Gave up after {attempts} attempts: {error!r}"[:2000]
            )
            return
        delay = getattr(error, "retry_after_seconds", None) or backoff_seconds(attempts)
        structlog.get_logger().warning(
            "consumer.postponed",
            durable=self.subscription.durable,
            event_id=item.envelope.id,
            attempts=attempts,
            delay=round(delay, 2),
            error=repr(error),
        )
        await _quietly(item.message.nak(delay=delay))

    async def _quarantine(self, message: Msg, event_id: str, reason: str) -> None:
        """Keep it, visible and replayable, and let what follows pass. If even that fails, it stays with the broker."""
        values = {
            "id": new_id(),
            "consumer": self.subscription.durable,
            "event_id": event_id,
            "subject": message.subject,
            "body": message.data,
            "reason": reason,
            "attempts": message.metadata.num_delivered or 1,
            "quarantined_at": self._clock.now(),
        }
        try:
            async with self._database.work() as work:
                statement = insert_for(work.dialect, self._database.plumbing.quarantine).values(values)
                await work.session.execute(statement.on_conflict_do_nothing())
        except (OperationalError, InterfaceError):
            await _quietly(message.nak(delay=backoff_seconds(3)))
            return
        structlog.get_logger().error(
            "consumer.quarantined", durable=self.subscription.durable, event_id=event_id, reason=reason
        )
        await _quietly(message.term())

    async def replay(self, work: UnitOfWork, quarantine_id: str) -> None:
        """Handle a quarantined message in this transaction. Raises what its handler raises; then it stays quarantined."""
        table = self._database.plumbing.quarantine
        row = (await work.session.execute(select(table).where(table.c.id == quarantine_id))).one()
        document = json.loads(row.body)
        model, handler = self._by_type[document["type"]]
        envelope = Envelope.from_cloudevent(document, model)
        if await claim(work, self._database.plumbing, row.consumer, [envelope.id], self._clock.now()):
            work.caused_by = envelope
            await handler(self._database.wrap(work), envelope, self._business.now())
        await work.session.execute(
            update(table).where(table.c.id == quarantine_id).values(replayed_at=self._clock.now())
        )

    async def _info(self) -> ConsumerInfo:
        info: ConsumerInfo = await self._bus.js.consumer_info(
            stream_of(self.subscription.owner), self.subscription.durable, timeout=3
        )
        return info

    async def _note(self, info: ConsumerInfo) -> None:
        state = (await self._bus.js.stream_info(stream_of(self.subscription.owner))).state
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        # A new consumer (floor 0) has missed nothing that it was ever promised; one that waits for nothing neither.
        if floor and info.num_pending and floor + 1 < state.first_seq and not self.health.gap:
            self.health.gap = True
            structlog.get_logger().error("consumer.gap", durable=self.subscription.durable, floor=floor)
        self.health.pending = info.num_pending or 0
        self.health.ack_pending = info.num_ack_pending or 0


def _is_past(info: ConsumerInfo, last: int) -> bool:
    """What the filter leaves out is never acknowledged: nothing waiting says as much as the floor."""
    floor = info.ack_floor.stream_seq if info.ack_floor else 0
    return floor >= last or not (info.num_pending or info.num_ack_pending)


def backoff_seconds(attempt: int) -> float:
    """Exponential backoff with full jitter (AWS Architecture Blog, 2015): anywhere between 0 and the capped ceiling."""
    ceiling = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** min(attempt, 20))
    return random.uniform(0.05, ceiling)  # noqa: S311  # jitter, not a secret


async def _quietly(step: Awaitable[Any]) -> None:
    """A lost ack, nak or unsubscribe is made good by redelivery; it must not end the loop."""
    try:
        await step
    except TRANSPORT_ERRORS as error:
        structlog.get_logger().debug("consumer.answer_lost", error=type(error).__name__)
