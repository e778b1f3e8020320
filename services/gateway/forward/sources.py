"""The configured sources, in memory, as the door for webhooks needs them."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import structlog

from services.gateway.domain.source import Source
from services.gateway.ports import GatewayUnit, VendorIntake, Vendors
from shared.clock import monotonic
from shared.vault import Vault

FRESH_SECONDS = 1.0
"""How long another replica's change may go unnoticed; a change in this process is noticed at once."""


class _Reads(Protocol):
    def read(self) -> AbstractAsyncContextManager[GatewayUnit]: ...


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source ready for use: its vendor's rules compiled, its secrets in the clear (in memory only)."""

    source: Source
    intake: VendorIntake
    secrets: Sequence[str]


class SourceBoard:
    """All sources at once: they are few, and an unknown name then costs no look at the database."""

    def __init__(self, database: _Reads, vendors: Vendors, vault: Vault) -> None:
        self._database = database
        self._vendors = vendors
        self._vault = vault
        self._open: dict[str, OpenSource] = {}
        self._intakes: dict[tuple[str, int], VendorIntake] = {}
        self._loaded_at: float | None = None
        self._generation = 0
        self._loading = asyncio.Lock()

    def forget(self) -> None:
        """Something was committed: load anew before the next answer."""
        self._generation += 1
        self._loaded_at = None

    async def find(self, name: str) -> OpenSource | None:
        """The source if it is configured and enabled."""
        if self._loaded_at is None or monotonic() - self._loaded_at > FRESH_SECONDS:
            await self._load()
        return self._open.get(name)

    async def _load(self) -> None:
        async with self._loading:
            while self._loaded_at is None or monotonic() - self._loaded_at > FRESH_SECONDS:
                generation = self._generation
                async with self._database.read() as unit:
                    sources = await unit.sources.list_sources()
                    secrets = await unit.sources.all_secrets()
                opened = {source.name: self._opened(source, secrets) for source in sources if source.enabled}
                self._open = {name: item for name, item in opened.items() if item is not None}
                if generation == self._generation:  # else a change was committed while we read
                    self._loaded_at = monotonic()

    def _opened(self, source: Source, secrets: Sequence[tuple[str, str, bytes]]) -> OpenSource | None:
        try:
            key = (source.id, source.version)
            intake = self._intakes.get(key) or self._vendors.intake_of(source.vendor_file)
            self._intakes[key] = intake
            plain = [
                self._vault.open(sealed, owner=row_id).decode()
                for owner, row_id, sealed in secrets
                if owner == source.id
            ]
        except Exception as error:
            # One source that cannot be used must not close the door for the others.
            structlog.get_logger().error("source.unusable", source=source.name, error=repr(error))
            return None
        return OpenSource(source, intake, plain)
