"""Tells a helpdesk what waits, as a process of its own, to be killed."""

import asyncio
from dataclasses import replace
from multiprocessing.connection import Connection

from services.tickets.adapters.helpdesk import OutsideHelpdesks
from services.tickets.main import create_app
from services.tickets.usecases.syncing.rounds import HelpdeskRounds
from services.tickets.usecases.syncing.vendors import Vendors
from shared.clock import SystemClock
from shared.vault import Vault
from tests.integration.tickets.desk import make_settings


async def main(url: str, works: "Connection[bool, None]") -> None:
    """Says on `works` when a kill begins to hit something."""
    runtime = create_app(make_settings(url, "nats://127.0.0.1:1"), clock=SystemClock()).state.runtime

    async def keep(name: str, sealed: str) -> None:
        async with runtime.database.unit() as unit:
            await unit.connectors.put(replace(await unit.connectors.get(name), credential=sealed))

    rounds = HelpdeskRounds(
        database=runtime.database,
        helpdesks=OutsideHelpdesks(Vault(runtime.settings.credentials_key), keep),
        vendors=Vendors(),
        clock=runtime.clock,
        business=runtime.business,
        public_url="https://glidepath.example",
        reached=runtime.crash.reach,
    )
    works.send(True)
    while True:
        if not await rounds.step():
            await asyncio.sleep(0.05)  # nothing to do: the parent looks whether all is told, and ends us
