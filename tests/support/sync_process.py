"""Tells a helpdesk what waits until it is killed: `python -m tests.support.sync_process DATABASE_URL`."""

import asyncio
import sys
from dataclasses import replace

from services.tickets.adapters.helpdesk import OutsideHelpdesks
from services.tickets.main import create_app
from services.tickets.usecases.syncing.rounds import HelpdeskRounds
from services.tickets.usecases.syncing.vendors import Vendors
from shared.clock import SystemClock
from shared.vault import Vault
from tests.integration.tickets.desk import make_settings


async def run(url: str) -> None:
    runtime = create_app(make_settings(url, "nats://127.0.0.1:1"), clock=SystemClock()).state.runtime

    async def keep(name: str, sealed: str) -> None:
        async with runtime.database.unit() as unit:
            await unit.connectors.put(replace(await unit.connectors.get(name), credential=sealed))

    rounds = HelpdeskRounds(
        database=runtime.database,
        helpdesks=OutsideHelpdesks(Vault(runtime.settings.credentials_key), keep),
        vendors=Vendors(runtime.database),
        clock=runtime.clock,
        business=runtime.business,
        public_url="https://glidepath.example",
        reached=runtime.crash.reach,
    )
    print("working", flush=True)  # noqa: T201  # so that the parent knows when a kill hits something
    while True:
        if not await rounds.step():
            await asyncio.sleep(0.05)  # nothing to do: the parent looks whether all is told, and ends us


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
