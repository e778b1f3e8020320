"""The worker of all connectors: a step does a piece of work for each whose turn it is, side by side, by real time.

For one connector things happen one after the other: orders whose answer was lost are cleared up first, then orders are told,
then tickets are read that something was unclear about, then a page of the list of changes. What fails slows down its own
connector only.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.tickets.domain.sync import Connector, retry_in
from services.tickets.ports import Units
from services.tickets.ports.sync import CredentialRefused, Helpdesk, Helpdesks, OrderRefused, TicketGone
from services.tickets.usecases.syncing.clearing import clear_up
from services.tickets.usecases.syncing.polling import poll, read_asked_for
from services.tickets.usecases.syncing.post import Due, Post
from services.tickets.usecases.syncing.running import dry_run
from services.tickets.usecases.syncing.vendors import Vendors
from services.tickets.usecases.syncing.writing import tell
from shared.clock import BusinessClock, Clock, monotonic
from shared.errors import PermanentFailure, TemporaryFailure
from shared.mapping import VendorFile

LOOK_EVERY_SECONDS = 1.0
MENDED_BY_PEOPLE = timedelta(minutes=5)
"""How soon something is tried again that only a person can mend: a credential, an address, a vendor file."""
LONGEST_PROBLEM = 500


@dataclass(slots=True, kw_only=True)
class HelpdeskRounds:
    """`spread` gives a random number from 0 to 1."""

    database: Units
    helpdesks: Helpdesks
    vendors: Vendors
    clock: Clock
    business: BusinessClock
    public_url: str
    reached: Callable[[str], None] = lambda _: None
    seconds: Callable[[], float] = monotonic
    spread: Callable[[], float] = random.random
    _look_at: float = field(default=0.0)

    async def step(self) -> bool:
        """True if anything was done. Every commit wakes a worker: connectors are looked at once a second, or after work."""
        if self.seconds() < self._look_at:
            return False
        now = self.clock.now()
        async with self.database.read() as unit:
            connectors = await unit.connectors.list_all()
        due = [
            each
            for each in connectors
            if each.enabled and each.credential is not None and (each.next_call_at is None or each.next_call_at <= now)
        ]
        worked = any(await asyncio.gather(*(self._serve(connector) for connector in due)))
        if not worked:
            self._look_at = self.seconds() + LOOK_EVERY_SECONDS
        return worked

    async def _serve(self, connector: Connector) -> bool:
        try:
            async with self.database.read() as unit:
                post = self._post(connector, await self.vendors.of(unit, connector))
                due = await post.what_is_due(unit)
            if not due.anything:
                return False
            async with self.helpdesks.open(connector, post.vendor) as desk:
                worked = await self._work(post, desk, due)
        except TemporaryFailure as failure:
            await self._failed(connector, failure, failure.retry_after_seconds)
            return False
        except (CredentialRefused, OrderRefused, TicketGone, PermanentFailure) as failure:
            await self._failed(connector, failure, MENDED_BY_PEOPLE.total_seconds())
            return False
        except Exception as failure:
            # A fault of our own must not keep the other connectors from their work; this one is tried again, ever slower.
            structlog.get_logger().error("sync.broke", connector=connector.name, exc_info=failure)
            await self._failed(connector, PermanentFailure(f"A fault of Glidepath: {type(failure).__name__}."), None)
            return False
        if connector.failures or connector.problem is not None:
            async with self.database.unit() as unit:
                await unit.connectors.note(
                    connector.name, failures=0, problem=None, problem_since=None, next_call_at=None
                )
        return worked

    def _post(self, connector: Connector, vendor: VendorFile) -> Post:
        return Post(
            database=self.database,
            connector=connector,
            vendor=vendor,
            clock=self.clock,
            business=self.business,
            public_url=self.public_url,
            reached=self.reached,
        )

    async def _work(self, post: Post, desk: Helpdesk, due: Due) -> bool:
        """What is due; what comes of it has its turn in the next step."""
        cleared = due.unclear and await clear_up(post, desk)
        told = due.orders and await tell(post, desk)
        looked = due.look and await dry_run(post, desk)
        read = due.reads and await read_asked_for(post, desk)
        polled = due.page and await poll(post, desk)
        return cleared or told or looked or read or polled

    async def _failed(self, connector: Connector, failure: Exception, wish_seconds: float | None) -> None:
        now = self.clock.now()
        failures = connector.failures + 1
        wait = retry_in(failures, spread=self.spread())
        if wish_seconds is not None:
            wait = max(wait, timedelta(seconds=wish_seconds))
        structlog.get_logger().warning(
            "sync.failed",
            connector=connector.name,
            failures=failures,
            reason=str(failure),
            again_in=wait.total_seconds(),
        )
        async with self.database.unit() as unit:
            await unit.connectors.note(
                connector.name,
                failures=failures,
                problem=str(failure)[:LONGEST_PROBLEM],
                problem_since=connector.problem_since or now,
                next_call_at=now + wait,
            )


def next_look(connector: Connector, now: datetime) -> datetime | None:
    """When this connector is called next, at the latest; None while it is not."""
    if not connector.enabled or connector.credential is None:
        return None
    polled_at = connector.polled_at
    due = now if polled_at is None or connector.poll_wanted else polled_at + connector.poll_every_for
    return due if connector.next_call_at is None else max(due, connector.next_call_at)
