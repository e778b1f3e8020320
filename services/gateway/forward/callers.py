"""Who calls the REST API: an API key, recognised by its keyed hash."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

import structlog
from pydantic import SecretStr

from services.gateway.domain.api_key import ApiKey, is_plausible
from services.gateway.errors import KeyUnknown
from services.gateway.ports import GatewayUnit, Scope
from services.gateway.usecases.keys import hash_of_key, identity_of
from shared.auth import Identity
from shared.clock import Clock, monotonic
from shared.errors import Unauthenticated

FRESH_SECONDS = 5.0
"""How long a revocation made by another replica may go unnoticed; one in this process takes effect at once."""
USE_NOTED_EVERY = timedelta(minutes=5)
MOST_REMEMBERED = 10_000


class _Units(Protocol):
    def unit(self) -> AbstractAsyncContextManager[GatewayUnit]: ...
    def read(self) -> AbstractAsyncContextManager[GatewayUnit]: ...


class Callers:
    """Recognises callers; remembers keys for seconds, so that a request costs no look at the database."""

    def __init__(
        self, database: _Units, *, pepper: SecretStr, clock: Clock, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock
        self._seconds = seconds
        self._known: dict[str, tuple[ApiKey, Identity, float]] = {}
        self._generation = 0
        self._noting: set[asyncio.Task[None]] = set()

    def forget(self) -> None:
        """A key was made or revoked: look again."""
        self._generation += 1
        self._known.clear()

    async def identify(self, scope: Scope) -> Identity:
        """`Unauthenticated` without a usable key; the detail never says which part was wrong."""
        text = _bearer(scope)
        if not is_plausible(text):
            raise KeyUnknown("The API key is not one of ours; check that it was copied whole.")
        hashed = hash_of_key(text, self._pepper)
        remembered = self._known.get(hashed)
        if remembered is None or self._seconds() - remembered[2] > FRESH_SECONDS:
            remembered = await self._look_up(hashed)
        key, identity, _ = remembered
        if not key.works_at(self._clock.now()):
            self._known.pop(hashed, None)
            raise KeyUnknown("The API key is not known, has expired or was revoked.")
        return identity

    async def _look_up(self, hashed: str) -> tuple[ApiKey, Identity, float]:
        generation = self._generation
        async with self._database.read() as unit:
            key = await unit.keys.find_by_hash(hashed)
        if key is None:
            raise KeyUnknown("The API key is not known, has expired or was revoked.")
        found = (key, identity_of(key), self._seconds())
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        if generation == self._generation:  # else it may have been revoked while we looked
            self._known[hashed] = found
        self._note_use(key)
        return found

    def _note_use(self, key: ApiKey) -> None:
        now = self._clock.now()
        if not key.works_at(now) or (key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY):
            return

        async def note() -> None:
            try:
                async with self._database.unit() as unit:
                    await unit.keys.note_use({key.id: now})
            except Exception as error:
                structlog.get_logger().warning("key.use_not_noted", key_id=key.id, error=repr(error))

        task = asyncio.create_task(note())
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def drain(self) -> None:
        """Wait for notes that are being written."""
        await asyncio.gather(*self._noting, return_exceptions=True)


def _bearer(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if not values:
        raise Unauthenticated("Send an API key: Authorization: Bearer gp_…")
    scheme, _, text = str(values[0].decode("latin-1")).partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer":
        raise Unauthenticated("Send one API key: Authorization: Bearer gp_…")
    return text.strip()
