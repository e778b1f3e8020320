"""From the outbox to JetStream: in outbox order, many in flight, marked as sent only on the server's acknowledgement.

No transaction is open across the network, and there is no "last id" cursor: PostgreSQL commits ids out of order, so what counts
is the index on unsent rows. The relay remembers which server and stream it published to. After a change of server it sends the
last ten minutes again (JetStream syncs to disk only every two minutes by default); into a new stream, all that is retained.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, delete, func, select, update

from shared.clock import Clock
from shared.crash import CrashPoints
from shared.database import Database, among, insert_for
from shared.jetstream import TRANSPORT_ERRORS, Bus

BATCH = 256
ACK_SECONDS = 5.0
RESEND_FOR = timedelta(minutes=10)
CHECK_BROKER_SECONDS = 5.0
IDLE_SECONDS = 0.5
INBOX_KEPT_FOR = timedelta(days=60)
ANSWERS_KEPT_FOR = timedelta(days=2)


class Relay:
    """One per service; runs while this process leads."""

    def __init__(self, database: Database[Any], bus: Bus, clock: Clock, crash: CrashPoints) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._crash = crash
        self._outbox = database.plumbing.outbox
        self._broker_checked: float | None = None
        self._generation = bus.generation
        self.wake = asyncio.Event()
        database.after_commit.append(lambda events: self.wake.set() if events else None)

    async def step(self) -> bool:
        """Publish one batch. True if there was one and all of it was acknowledged."""
        await self._bus.connected.wait()
        await self._check_broker()
        self.wake.clear()
        rows = await self._unsent()
        if not rows:
            return False
        self._crash.reach("relay.before_publish")
        sent = await self._publish(rows)
        self._crash.reach("relay.published")
        await self._mark(sent)
        self._crash.reach("relay.marked")
        if len(sent) < len(rows):
            self._broker_checked = None
            await asyncio.sleep(IDLE_SECONDS)
        return len(sent) == len(rows)

    async def wait(self) -> None:
        """Until something is recorded here, or half a second, whatever comes first."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self.wake.wait()
        except TimeoutError:
            pass

    async def unsent_count(self) -> int:
        async with self._database.reader.connect() as connection:
            statement = select(func.count()).select_from(self._outbox).where(self._outbox.c.sent_at.is_(None))
            return int((await connection.execute(statement)).scalar_one())

    async def _unsent(self) -> Sequence[Row[Any]]:
        statement = (
            select(self._outbox).where(self._outbox.c.sent_at.is_(None)).order_by(self._outbox.c.position).limit(BATCH)
        )
        async with self._database.reader.connect() as connection:
            return (await connection.execute(statement)).all()

    async def _publish(self, rows: Sequence[Row[Any]]) -> list[int]:
        js = self._bus.js

        async def publish(row: Row[Any]) -> int | None:
            headers = {"Nats-Msg-Id": row.event_id, "Content-Type": "application/cloudevents+json"}
            if row.traceparent:
                headers["traceparent"] = row.traceparent
            try:
                await js.publish(row.subject, row.body, timeout=ACK_SECONDS, headers=headers)
            except TRANSPORT_ERRORS as error:
                structlog.get_logger().warning(
                    "relay.not_acknowledged", subject=row.subject, error=type(error).__name__
                )
                return None
            return int(row.position)

        return [position for position in await asyncio.gather(*map(publish, rows)) if position is not None]

    async def _mark(self, positions: list[int]) -> None:
        if positions:
            async with self._database.work() as work:
                await work.session.execute(
                    update(self._outbox)
                    .where(among(work.dialect, self._outbox.c.position, positions))
                    .values(sent_at=self._clock.now())
                )

    async def _check_broker(self) -> None:
        """Notice another server or a new stream, and send again what it may not have."""
        now = asyncio.get_running_loop().time()
        fresh = self._broker_checked is not None and now - self._broker_checked < CHECK_BROKER_SECONDS
        if fresh and self._generation == self._bus.generation:
            return
        self._generation = self._bus.generation
        stream = await self._bus.ensure_stream(self._database.owner)
        server_id, created = self._bus.server_id, str(stream.created)
        state = self._database.plumbing.relay_state
        async with self._database.reader.connect() as connection:
            known = (await connection.execute(select(state).where(state.c.stream == stream.config.name))).first()
        if known is None or (known.server_id, known.stream_created) != (server_id, created):
            new_stream = known is None or known.stream_created != created
            await self._send_again(str(stream.config.name), server_id, created, everything=new_stream)
        self._broker_checked = now

    async def _send_again(self, stream: str, server_id: str, created: str, *, everything: bool) -> None:
        async with self._database.work() as work:
            again = update(self._outbox).where(self._outbox.c.sent_at.is_not(None)).values(sent_at=None)
            if not everything:
                again = again.where(self._outbox.c.sent_at > self._clock.now() - RESEND_FOR)
            result: Any = await work.session.execute(again)
            statement = insert_for(work.dialect, self._database.plumbing.relay_state).values(
                stream=stream, server_id=server_id, stream_created=created
            )
            await work.session.execute(
                statement.on_conflict_do_update(
                    index_elements=["stream"],
                    set_={"server_id": server_id, "stream_created": created},
                )
            )
        structlog.get_logger().info("relay.sends_again", stream=stream, rows=result.rowcount, everything=everything)

    async def purge(self, stream_max_age: timedelta) -> None:
        """Drop what nobody can need: sent rows a day older than the stream keeps, old inbox rows and stored answers."""
        now, plumbing = self._clock.now(), self._database.plumbing
        async with self._database.work() as work:
            too_old = now - stream_max_age - timedelta(days=1)
            await work.session.execute(delete(plumbing.outbox).where(plumbing.outbox.c.sent_at < too_old))
            await work.session.execute(delete(plumbing.inbox).where(plumbing.inbox.c.handled_at < now - INBOX_KEPT_FOR))
            await work.session.execute(
                delete(plumbing.idempotency).where(plumbing.idempotency.c.stored_at < now - ANSWERS_KEPT_FOR)
            )
