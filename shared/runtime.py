"""Everything that one process of a service runs: its database, the relay, consumers, timers and workers, under one roof.

`main.py` makes a Runtime, tells it what to consume and what to run, and hands it to `shared.app.build_app`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import select

from shared import migrations
from shared.auth import Identities
from shared.clock import BusinessClock, Clock, SystemClock
from shared.consumer import Consumer, Handler, Subscription
from shared.crash import CrashPoints
from shared.database import Database, UnitOfWork
from shared.demo_clock import follow_business_clock
from shared.errors import Conflict, NotFound, PermanentFailure, TemporaryFailure
from shared.events.envelope import Event
from shared.jetstream import TRANSPORT_ERRORS, Bus
from shared.leadership import Leadership
from shared.links import LinkSigner
from shared.outbox import Plumbing
from shared.relay import Relay
from shared.settings import ServiceSettings
from shared.telemetry import Telemetry
from shared.timers import Fire, NextDue, Step, Timer, Worker, run_while_leading

U = TypeVar("U")
PURGE_SECONDS = 3600.0
BACKLOG_SECONDS = 30.0


class Runtime(Generic[U]):
    """One service's process. Attributes are ready after construction; loops run inside `running()`."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        service: str,
        plumbing: Plumbing,
        make_unit: Callable[[UnitOfWork], U],
        migrations: Path,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.service = service
        self.plumbing = plumbing
        self.clock: Clock = clock or SystemClock()
        self.business = BusinessClock(self.clock, demo=settings.demo)
        self.identities = Identities(settings.identity_key)
        self.links = LinkSigner(settings.link_key)
        self.telemetry = Telemetry.of(service)
        self.crash = CrashPoints.from_environment()
        self.database: Database[U] = Database(
            settings.database_url, owner=service, plumbing=plumbing, make_unit=make_unit, clock=self.clock
        )
        self.stream_max_age = timedelta(days=settings.stream_max_age_days)
        self.bus = Bus(settings.nats_url, name=f"glidepath-{service}", stream_max_age=self.stream_max_age)
        self.leadership = Leadership(self.database)
        self.relay = Relay(self.database, self.bus, self.clock, self.crash)
        self.consumers: list[Consumer[U]] = []
        self.timers: list[Timer[U]] = []
        self.workers: list[Worker] = []
        self._migrations = migrations
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def consume(self, durable: str, *, stream: str, handlers: Mapping[type[Event], "Handler[U]"]) -> None:
        """Handle events of another service (`stream` is its name). One consumer per stream and purpose."""
        foreign = [model.NAME for model in handlers if model.owner() != stream]
        if foreign:
            raise ValueError(f"{durable}: {foreign} are not in the stream of {stream}")
        subscription = Subscription(durable=durable, owner=stream, handlers=handlers)
        self.consumers.append(
            Consumer(
                subscription,
                self.database,
                self.bus,
                clock=self.clock,
                business=self.business,
                crash=self.crash,
                batch=self.settings.consumer_batch,
                ack_wait_seconds=self.settings.consumer_ack_wait_seconds,
            )
        )

    def timer(self, name: str, *, next_due: "NextDue[U]", fire: "Fire[U]", after_backlog: bool = False) -> None:
        """Fire what is due by business time, on one replica. `after_backlog`: at start not before the consumers have handled
        what came while nothing ran, since it may say that what is due is not; bounded, a broker that is away holds up nothing.
        """
        self.timers.append(
            Timer(
                name,
                self.database,
                self.business,
                next_due=next_due,
                fire=fire,
                crash=self.crash,
                after_backlog=after_backlog,
            )
        )

    def worker(self, name: str, *, step: Step) -> None:
        """Do outside work step by step, on one replica."""
        self.workers.append(Worker(name, self.database, step=step))

    async def migrate(self) -> None:
        """Bring this service's database to this release's schema."""
        await migrations.upgrade(self.settings.database_url, self._migrations)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start every loop; on leaving, let each finish what it began, then close connections."""
        await self.database.ping()
        self._start("connect", self.bus.connect())
        self._start("leadership", self.leadership.hold())
        self._start("relay", run_while_leading(self.relay, "relay", self.leadership, self._stopping))
        self._start("purge", self._purge())
        if self.settings.demo:
            self._start("demo clock", follow_business_clock(self.bus, self.business, self._stopping))
        for consumer in self.consumers:
            self._start(consumer.subscription.durable, consumer.run(self._stopping))
        for timer in self.timers:
            self._start(timer.name, self._run_timer(timer))
        for worker in self.workers:
            self._start(worker.name, run_while_leading(worker, worker.name, self.leadership, self._stopping))
        structlog.get_logger().info("service.started", service=self.service)
        try:
            yield
        finally:
            await self._stop()

    async def _run_timer(self, timer: Timer[U]) -> None:
        if timer.after_backlog:
            await self._handle_backlog()
        await run_while_leading(timer, timer.name, self.leadership, self._stopping)

    async def _handle_backlog(self) -> None:
        """Until the consumers are past what was in the streams at the start, at most half a minute."""
        handled = asyncio.gather(*(consumer.handle_backlog() for consumer in self.consumers))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((handled, stopping), timeout=BACKLOG_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not handled.done():
            handled.cancel()
            structlog.get_logger().warning("service.backlog_waits", service=self.service, seconds=BACKLOG_SECONDS)
        with contextlib.suppress(asyncio.CancelledError, *TRANSPORT_ERRORS):
            await handled

    def _start(self, name: str, loop: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(loop, name=f"{self.service} {name}"))

    async def _stop(self) -> None:
        self._stopping.set()
        waits_forever = {f"{self.service} {name}" for name in ("connect", "leadership", "purge")}
        for task in self._tasks:
            if task.get_name() in waits_forever or not self.bus.connected.is_set():
                task.cancel()
        _, pending = await asyncio.wait(self._tasks, timeout=self.settings.shutdown_seconds)
        for task in pending:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.bus.close()
        await self.database.dispose()
        self.telemetry.shutdown()
        structlog.get_logger().info("service.stopped", service=self.service)

    async def _purge(self) -> None:
        while True:
            await asyncio.sleep(PURGE_SECONDS)
            if self.leadership.is_leader:
                await self.relay.purge(self.stream_max_age)

    async def status(self) -> dict[str, Any]:
        """How the loops stand, for `GET /v1/status`. `quiet`: nothing is unsent, unhandled, due or being done."""
        for consumer in self.consumers:
            with contextlib.suppress(*TRANSPORT_ERRORS):
                await consumer.refresh_health()
        unsent = await self.relay.unsent_count()
        consumers = [{"name": one.subscription.durable, **asdict(one.health)} for one in self.consumers]
        timers = [{"name": one.name, "idle": await one.is_idle()} for one in self.timers]
        workers = [{"name": one.name, "idle": await one.is_idle()} for one in self.workers]
        quiet = (
            unsent == 0
            and all(one["bound"] and not one["pending"] and not one["ack_pending"] for one in consumers)
            and all(one["idle"] for one in (*timers, *workers))
        )
        return {
            "service": self.service,
            "quiet": quiet,
            "leader": self.leadership.is_leader,
            "nats_connected": self.bus.connected.is_set(),
            "outbox_unsent": unsent,
            "consumers": consumers,
            "timers": timers,
            "workers": workers,
            "business_offset_seconds": self.business.offset.total_seconds(),
        }

    async def replay(self, work: UnitOfWork, quarantine_id: str) -> None:
        """Handle a quarantined event again, in this transaction. `NotFound`, or `Conflict` that says why it failed again."""
        table = self.plumbing.quarantine
        consumer_name = (
            await work.session.execute(select(table.c.consumer).where(table.c.id == quarantine_id))
        ).scalar_one_or_none()
        consumer = next((one for one in self.consumers if one.subscription.durable == consumer_name), None)
        if consumer is None:
            raise NotFound("There is no such message in the quarantine.")
        try:
            await consumer.replay(work, quarantine_id)
        except (PermanentFailure, TemporaryFailure, ValueError, KeyError) as error:
            raise Conflict(f"It cannot be handled yet: {error}") from error

    async def unready_because(self) -> str | None:
        """Why this process should get no traffic; None if it may.

        A broker that went away is no reason: what is written waits in the outbox.
        """
        try:
            async with asyncio.timeout(2):
                await self.database.ping()
        except Exception as error:
            return f"the database does not answer ({type(error).__name__})"
        if not self.bus.was_connected:
            return "NATS has not been reached since the start"
        gaps = [one.subscription.durable for one in self.consumers if one.health.gap]
        if gaps:
            return f"{', '.join(gaps)} missed events that the stream no longer has; run `glidepath events refill`"
        dead = [task.get_name() for task in self._tasks if task.done() and not task.get_name().endswith(" connect")]
        return f"stopped working: {', '.join(dead)}" if dead else None
