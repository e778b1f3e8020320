"""Connections to helpdesks: unsealed, logged in, closed again."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx

from services.tickets.adapters.helpdesk.credentials import Credential
from services.tickets.adapters.helpdesk.exchange import Exchange
from services.tickets.adapters.helpdesk.rest import RestHelpdesk
from services.tickets.domain.sync import Connector, owner_of
from services.tickets.ports.sync import CredentialRefused, Helpdesk
from shared.clock import Clock, SystemClock
from shared.errors import PermanentFailure
from shared.http_client import outside_client
from shared.mapping import VendorFile
from shared.vault import Unsealable, Vault

SaveSealed = Callable[[str, str], Awaitable[None]]
"""Keeps a connector's sealed credential: its name, the seal."""


class OutsideHelpdesks:
    """`ports.sync.Helpdesks` over real HTTP. `transport` replaces the network in tests."""

    def __init__(
        self,
        vault: Vault | None,
        save: SaveSealed,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._vault = vault
        self._save = save
        self._transport = transport

    def open(self, connector: Connector, vendor: VendorFile) -> AbstractAsyncContextManager[Helpdesk]:
        """See `Helpdesks`."""
        return self._open(connector, vendor)

    @asynccontextmanager
    async def _open(self, connector: Connector, vendor: VendorFile) -> AsyncIterator[Helpdesk]:
        if vendor.calls is None:
            raise PermanentFailure(
                f"The vendor file {vendor.vendor} has no `calls`: it cannot be asked, only listened to."
            )
        if self._vault is None or connector.credential is None:
            raise CredentialRefused("There is no credential: set one with `glidepath sync login`.")
        vault, owner = self._vault, owner_of(connector.name)
        try:
            values = json.loads(vault.open_text(connector.credential, owner=owner))
        except Unsealable as problem:
            raise CredentialRefused(f"The credential cannot be unsealed ({problem}): set it anew.") from problem

        async def keep(renewed: Mapping[str, str]) -> None:
            await self._save(connector.name, vault.seal_text(json.dumps(dict(renewed)), owner=owner))

        credential = Credential(values, vendor.calls.auth, connector.base_url, keep)
        async with outside_client("", transport=self._transport) as client:
            exchange = Exchange(client, vendor.calls, credential, connector.base_url, system=vendor.title)
            yield RestHelpdesk(exchange, vendor, connector.settings, self._clock)
