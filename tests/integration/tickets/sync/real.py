"""The tickets service joined to a helpdesk that really runs, by the real clock and over real HTTP."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.tickets.adapters.helpdesk import OutsideHelpdesks
from services.tickets.domain.sync import Conflict, Connector, Mode, RemoteWrite, WriteState, owner_of
from services.tickets.domain.ticket import Ticket
from services.tickets.ports.tickets import TicketFilter
from services.tickets.usecases.syncing.rounds import HelpdeskRounds
from services.tickets.usecases.syncing.vendors import Vendors
from shared.auth import Role
from shared.clock import SystemClock
from shared.rest import PagingRequest
from shared.vault import Vault
from tests.integration.tickets.desk import TicketsDesk

NAME = "helpdesk"
SECONDS = 60


class RealHelpdesk:
    """`here` is our desk; the other one is at `base_url`."""

    def __init__(self, here: TicketsDesk, vendor: str, base_url: str, credential: dict[str, str]) -> None:
        self.here = here
        self.clock = SystemClock()
        here.clock.at = self.clock.now()
        self.vendor, self.base_url, self.credential = vendor, base_url, credential
        self.vault = Vault(here.runtime.settings.credentials_key)
        self.rounds = HelpdeskRounds(
            database=here.database,
            helpdesks=OutsideHelpdesks(self.vault, _never, clock=self.clock),
            vendors=Vendors(),
            clock=self.clock,
            business=here.runtime.business,
            public_url="https://glidepath.example",
        )

    async def connect(self, **changes: Any) -> None:
        now = self.clock.now()
        connector = Connector(
            name=NAME,
            vendor=self.vendor,
            base_url=self.base_url,
            credential=self.vault.seal_text(json.dumps(self.credential), owner=owner_of(NAME)),
            credential_kind=self.credential["kind"],
            mode=Mode.TWO_WAY,
            created_at=now - timedelta(days=1),
            changed_at=now,
        )
        async with self.here.database.unit() as unit:
            await unit.connectors.put(replace(connector, **changes))

    async def poll(self) -> None:
        """Until a poll that begins now is through; a list that asks by the second is given one."""
        await asyncio.sleep(1.1)  # real time passes at a real helpdesk
        async with self.here.database.unit() as unit:
            await unit.connectors.note(NAME, poll_wanted=True, next_call_at=None)
        await self.settle()

    async def read(self, external_id: str) -> None:
        """Read one ticket before anything is told of it."""
        async with self.here.database.unit() as unit:
            await unit.connectors.put(replace(await unit.connectors.get(NAME), mode=Mode.READ_ONLY))
            await unit.remote_links.want_reads(NAME, {external_id})
        await self.settle()
        async with self.here.database.unit() as unit:
            await unit.connectors.put(replace(await unit.connectors.get(NAME), mode=Mode.TWO_WAY))

    async def settle(self) -> None:
        """Until nothing is left to do."""
        async with asyncio.timeout(SECONDS):
            while True:
                self.here.clock.at = self.clock.now()
                self.rounds._look_at = 0.0
                if await self.rounds.step():
                    continue
                async with self.here.database.read() as unit:
                    connector = await unit.connectors.get(NAME)
                    waits = await unit.remote_writes.next_try(NAME) if connector.two_way else None
                assert connector.problem is None, connector.problem
                if waits is None:
                    return
                await asyncio.sleep(0.2)

    async def tickets(self) -> list[Ticket]:
        async with self.here.database.read() as unit:
            page, _ = await unit.tickets.page(TicketFilter(internal_too=True), PagingRequest(200, None))
        return [each.ticket for each in page]

    async def words(self, ticket_id: str) -> list[str]:
        answer = await self.here.ask("GET", f"/v1/tickets/{ticket_id}/comments?limit=200")
        return [each["body"] for each in answer.json()["items"]]

    async def say(self, ticket_id: str, body: str) -> None:
        answer = await self.here.ask("POST", f"/v1/tickets/{ticket_id}/comments", Role.IT_AGENT, json={"body": body})
        assert answer.status_code == 201, answer.text

    async def change(self, ticket_id: str, **fields: Any) -> None:
        self.here.clock.at = self.clock.now()
        await self.here.patch(await self.here.get(f"/v1/tickets/{ticket_id}"), **fields)

    async def orders(self, *states: WriteState) -> list[RemoteWrite]:
        async with self.here.database.read() as unit:
            found, _ = await unit.remote_writes.page(PagingRequest(200, None), connector=NAME, states=states)
        return list(found)

    async def conflicts(self) -> list[Conflict]:
        async with self.here.database.read() as unit:
            found, _ = await unit.remote_links.page_conflicts(PagingRequest(50, None), connector=NAME)
        return list(found)


async def _never(name: str, sealed: str) -> None:
    raise AssertionError("a token is not renewed")
