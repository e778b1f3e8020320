"""The tickets service joined to a simulated helpdesk: webhooks handed in, rounds of the worker, both sides compared."""

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.tickets.adapters.helpdesk import OutsideHelpdesks
from services.tickets.domain.sync import Connector, Filters, Mode, RemoteWrite, WriteState, owner_of
from services.tickets.ports.tickets import TicketFilter
from services.tickets.usecases.syncing.rounds import HelpdeskRounds
from services.tickets.usecases.syncing.vendors import Vendors
from shared.auth import Role
from shared.clock import new_id
from shared.events.gateway import HelpdeskDelivered, SourceChanged
from shared.mapping import VendorFile, load_vendor
from shared.rest import PagingRequest
from shared.vault import Vault
from tests.integration.tickets.desk import TicketsDesk
from tests.support.helpdesks.desk import SimulatedDesk
from tests.support.helpdesks.faults import DeskTransport
from tests.support.helpdesks.records import SentWebhook

NAME = "helpdesk"
MOST_STEPS = 500


class Synced:
    """`here` is our desk, `there` the simulated one. Both live by one clock, which is moved by hand."""

    def __init__(self, here: TicketsDesk, kind: type[SimulatedDesk]) -> None:
        self.here = here
        self.there = kind(here.clock.now)
        self.way = DeskTransport(self.there)
        self.vendor: VendorFile = self.there.vendor_file or load_vendor(self.there.vendor)
        self.vault = Vault(here.runtime.settings.credentials_key)
        self.rounds = self.new_rounds()

    def new_rounds(self) -> HelpdeskRounds:
        """As after a restart: nothing that a process remembers."""
        database = self.here.database
        return HelpdeskRounds(
            database=database,
            helpdesks=OutsideHelpdesks(self.vault, self._keep, clock=self.here.clock, transport=self.way),
            vendors=Vendors(),
            clock=self.here.clock,
            business=self.here.runtime.business,
            public_url="https://glidepath.example",
            seconds=lambda: self.here.clock.now().timestamp(),
            spread=lambda: 0.5,
        )

    async def _keep(self, name: str, sealed: str) -> None:
        async with self.here.database.unit() as unit:
            await unit.connectors.put(replace(await unit.connectors.get(name), credential=sealed))

    async def connect(self, mode: Mode = Mode.TWO_WAY, **changes: Any) -> Connector:
        """The source as the gateway tells of it, and the connector."""
        await self.here.hand_in(
            SourceChanged(
                source_id=new_id(),
                name=NAME,
                vendor=self.there.vendor,
                kind="helpdesk",
                enabled=True,
                vendor_file=self.vendor.document,
            )
        )
        now = self.here.clock.now()
        sealed = self.vault.seal_text(json.dumps(dict(self.there.credential)), owner=owner_of(NAME))
        connector = Connector(
            name=NAME,
            vendor=self.there.vendor,
            base_url=self.there.base_url,
            settings=self.there.settings,
            credential=sealed,
            credential_kind=self.there.credential["kind"],
            mode=mode,
            created_at=now - timedelta(days=1),
            changed_at=now,
            changed_by="ada",
        )
        connector = replace(connector, **changes)
        async with self.here.database.unit() as unit:
            await unit.connectors.put(connector)
        return connector

    async def connector(self) -> Connector:
        async with self.here.database.read() as unit:
            found: Connector = await unit.connectors.get(NAME)
        return found

    async def narrow(self, filters: Filters) -> None:
        async with self.here.database.unit() as unit:
            await unit.connectors.put(replace(await unit.connectors.get(NAME), filters=filters))

    # Webhooks

    async def deliver(self, hooks: Iterable[SentWebhook] | None = None) -> int:
        """Hand in what the helpdesk sent, or these, in one transaction as a consumer does."""
        sent = list(self.there.take_webhooks() if hooks is None else hooks)
        kept = {name.lower() for name in self.vendor.kept_headers}
        received = self.here.clock.now()
        await self.here.hand_in(
            *(
                HelpdeskDelivered(
                    delivery_id=new_id(),
                    source=NAME,
                    vendor=self.there.vendor,
                    content_type=hook.content_type,
                    headers={name.lower(): value for name, value in hook.headers.items() if name.lower() in kept},
                    body=base64.b64encode(hook.body).decode(),
                    encoding="base64",
                    received_at=received,
                )
                for hook in sent
            )
        )
        return len(sent)

    # The worker

    async def work(self) -> int:
        """Steps until there is nothing left to do at this instant."""
        for steps in range(MOST_STEPS):
            self.rounds._look_at = 0.0
            if not await self.rounds.step():
                return steps
        raise AssertionError("the worker never comes to rest")

    async def reconcile(self) -> None:
        """A poll that sees everything that has happened up to now."""
        calls = self.vendor.calls
        assert calls is not None
        self.here.clock.advance(
            timedelta(seconds=calls.lag_seconds + 2 * calls.precision_seconds) + self.there.index_lag
        )
        async with self.here.database.unit() as unit:
            await unit.connectors.note(NAME, poll_wanted=True)
        await self.work()

    async def settle(self) -> None:
        """Until lost answers are cleared up and nothing waits."""
        for _ in range(20):
            await self.work()
            connector = await self.connector()
            async with self.here.database.read() as unit:
                next_try = await unit.remote_writes.next_try(NAME)
                reads = await unit.remote_links.wanted_reads(NAME, 1)
            if next_try is None and not reads and connector.failures == 0:
                return
            times = [at for at in (next_try, connector.next_call_at) if at is not None]
            if times and max(times) > self.here.clock.now():
                self.here.clock.at = max(times) + timedelta(seconds=1)
        raise AssertionError(f"never settled: {await self.orders()}; {(await self.connector()).problem}")

    def tick(self, seconds: float = 60) -> None:
        self.here.clock.advance(timedelta(seconds=seconds))

    # Here

    async def tickets(self) -> dict[str, Any]:
        """Our tickets by their ids there."""
        async with self.here.database.read() as unit:
            page, _ = await unit.tickets.page(TicketFilter(internal_too=True), PagingRequest(200, None))
        return {each.ticket.external_id or f"#{each.ticket.number}": each.ticket for each in page}

    async def words(self, external_id: str) -> list[tuple[str, bool]]:
        """What stands on our ticket, oldest first: body and whether the requester may read it."""
        ticket = (await self.tickets())[external_id]
        answer = await self.here.ask("GET", f"/v1/tickets/{ticket.ticket_id}/comments?limit=200")
        items = sorted(answer.json()["items"], key=lambda each: each["at"])
        return [(each["body"], each["public"]) for each in items if each["retracted_at"] is None]

    async def open_here(self, **fields: Any) -> Any:
        return await self.here.open_ticket(**fields)

    async def change_here(self, external_id: str, **fields: Any) -> None:
        ticket = (await self.tickets())[external_id]
        await self.here.patch(await self.here.get(f"/v1/tickets/{ticket.ticket_id}"), **fields)

    async def say_here(self, external_id: str, body: str, *, public: bool = True) -> None:
        ticket = (await self.tickets())[external_id]
        await self.say_on(ticket.ticket_id, body, public=public)

    async def say_on(self, ticket_id: str, body: str, *, public: bool = True) -> None:
        answer = await self.here.ask(
            "POST", f"/v1/tickets/{ticket_id}/comments", Role.IT_AGENT, json={"body": body, "public": public}
        )
        assert answer.status_code == 201, answer.text

    async def orders(self, *states: WriteState) -> list[RemoteWrite]:
        async with self.here.database.read() as unit:
            found, _ = await unit.remote_writes.page(PagingRequest(200, None), connector=NAME, states=states)
        return list(reversed(found))

    async def differences(self) -> list[str]:
        """Where the two sides say something else; texts by their letters, since markup may have changed."""
        ours = await self.tickets()
        found = [f"{key} is only here" for key in sorted(set(ours) - set(self.there.ticket_ids()))]
        for external_id in self.there.ticket_ids():
            if external_id not in ours:
                found.append(f"{external_id} is only there")
                continue
            found += await self._difference(external_id, ours[external_id])
        return found

    async def _difference(self, external_id: str, ticket: Any) -> list[str]:
        theirs = self.there.state(external_id)
        calls = self.vendor.calls
        says = {} if calls is None else calls.says
        found = []
        for name, said in (("status", theirs.status), ("priority", theirs.priority), ("subject", theirs.subject)):
            word = str(getattr(ticket, name))
            if said not in (word, says.get(name, {}).get(word, word)):
                found.append(f"{external_id}: {name} is {word} here and {said} there")
        here = sorted(_letters(body) for body, _ in await self.words(external_id))
        there = sorted(_letters(comment.body) for comment in theirs.comments)
        if here != there:
            found.append(f"{external_id}: said here {here}, there {there}")
        return found


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
