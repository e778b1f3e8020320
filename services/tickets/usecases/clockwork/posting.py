"""Escalations are posted to webhooks, signed as Standard Webhooks 1.0 says, until they are taken or given up."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.tickets.errors import WebhookNotFound, WebhookNotUsable, WebhooksNotSetUp
from services.tickets.ports import Outgoing, Post, TicketsUnit, Webhook
from shared.clock import Clock, monotonic
from shared.errors import FieldProblem, PermanentFailure, TemporaryFailure
from shared.outside_address import AddressRefused, check_url
from shared.vault import Vault

BATCH = 20
LOOK_EVERY_SECONDS = 1.0
PREFIX = "whsec_"
SECRET_BYTES = 32
# As Standard Webhooks suggests it: about a day in all.
RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
GONE = 410


async def put_webhook(
    unit: TicketsUnit, vault: Vault | None, name: str, url: str, *, by: str, now: datetime
) -> tuple[Webhook, str]:
    """A webhook under this name, with a new secret, which is told this once. Raises `WebhookNotUsable`, `WebhooksNotSetUp`."""
    if vault is None:
        raise WebhooksNotSetUp(
            "Set GLIDEPATH_CREDENTIALS_KEY for the tickets service: a webhook's secret is kept sealed."
        )
    try:
        check_url(url)
    except AddressRefused as problem:
        raise WebhookNotUsable(str(problem), errors=[FieldProblem("/url", str(problem))]) from problem
    secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    webhook = Webhook(
        name=name, url=url, secret=vault.seal_text(secret, owner=_owner(name)), changed_at=now, changed_by=by
    )
    await unit.webhooks.put(webhook)
    return webhook, secret


async def remove_webhook(unit: TicketsUnit, name: str) -> None:
    """Raises `WebhookNotFound`. What is on its way to it is given up."""
    if not await unit.webhooks.remove(name):
        raise WebhookNotFound(f"There is no webhook {name!r}.")


def signed(secret: str, message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers of Standard Webhooks 1.0, by HMAC-SHA256."""
    timestamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


class _Units(Protocol):
    def unit(self) -> AbstractAsyncContextManager[TicketsUnit]: ...
    def read(self) -> AbstractAsyncContextManager[TicketsUnit]: ...


@dataclass(slots=True, kw_only=True)
class PostRound:
    """The worker's step: what is due is posted outside of any transaction. Real time throughout."""

    database: _Units
    post: Post
    vault: Vault | None
    clock: Clock
    seconds: Callable[[], float] = monotonic
    _look_at: float = field(default=0.0)

    async def step(self) -> bool:
        """True if there was something to post. Every commit wakes a worker: look once a second, or at once after a post."""
        if self.seconds() < self._look_at:
            return False
        async with self.database.read() as unit:
            due = await unit.webhooks.due(self.clock.now(), BATCH)
        if not due:
            self._look_at = self.seconds() + LOOK_EVERY_SECONDS
        for message, webhook in due:
            await self._send(message, webhook)
        return bool(due)

    async def _send(self, message: Outgoing, webhook: Webhook | None) -> None:
        try:
            if webhook is None or self.vault is None:
                raise PermanentFailure("The webhook is gone.")
            secret = self.vault.open_text(webhook.secret, owner=_owner(webhook.name))
            headers = signed(secret, message.message_id, self.clock.now(), message.body)
            await self.post.send(webhook.url, message.body.encode(), headers)
        except TemporaryFailure as failure:
            await self._failed(message, failure, failure.retry_after_seconds)
        except AddressRefused as failure:
            await self._failed(message, failure, None, forever=True)
        except PermanentFailure as failure:
            # Another answer than "gone" may be a mistake that somebody mends within the day.
            await self._failed(message, failure, None, forever=webhook is None or f"answered {GONE}" in str(failure))
        else:
            structlog.get_logger().info("webhook.posted", message_id=message.message_id, webhook=message.webhook)
            async with self.database.unit() as unit:
                await unit.webhooks.note_sent(message.message_id, self.clock.now())

    async def _failed(
        self, message: Outgoing, failure: Exception, wish_seconds: float | None, *, forever: bool = False
    ) -> None:
        now = self.clock.now()
        try_at = None if forever else retry_at(message.attempts + 1, now, wish_seconds)
        structlog.get_logger().warning(
            "webhook.not_taken", message_id=message.message_id, webhook=message.webhook, reason=str(failure)
        )
        async with self.database.unit() as unit:
            await unit.webhooks.note_failed(message.message_id, str(failure)[:1000], at=now, try_at=try_at)


def retry_at(attempts: int, now: datetime, wish_seconds: float | None) -> datetime | None:
    """When to try again after so many failed attempts; None once it has been tried often enough."""
    if attempts > len(RETRY_AFTER):
        return None
    wish = timedelta(seconds=min(wish_seconds or 0.0, 24 * 3600.0))
    return now + max(RETRY_AFTER[attempts - 1], wish)


def _owner(name: str) -> str:
    return f"webhook:{name}"
