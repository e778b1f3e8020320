"""The desk's public pages through the gateway, with the real tickets service behind it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from services.gateway.adapters.upstreams import InProcessUpstream
from services.tickets.main import create_app as create_tickets
from services.tickets.settings import TicketsSettings
from shared.clock import FixedClock
from shared.events.messages import SignedLink
from tests.integration.tickets.mailbag import FORM, hidden
from tests.support.gateway import Gateway, running_gateway

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HTML = {"accept": "text/html"}


@asynccontextmanager
async def desk_behind(make: Callable[[str], str], **settings: Any) -> AsyncIterator[tuple[Gateway, Any]]:
    clock = FixedClock(NOW)
    tickets = create_tickets(
        TicketsSettings.model_validate(
            {
                "database_url": make("tickets"),
                "nats_url": "nats://127.0.0.1:1",
                "identity_key": "identity-key-of-tests",
                "link_key": "link-key-of-all-tests",
                "mail_address": "help@example.org",
            }
        ),
        clock=clock,
    )
    behind = {"tickets": InProcessUpstream(tickets, name="tickets", timeout_seconds=10)}
    async with running_gateway(make("gateway"), upstreams=behind, clock=clock, **settings) as gateway:
        yield gateway, tickets
    await tickets.state.runtime.database.dispose()
    tickets.state.runtime.telemetry.shutdown()


async def test_anybody_raises_a_ticket_and_follows_it_without_a_key(service_database: Callable[[str], str]) -> None:
    async with desk_behind(service_database) as (gateway, tickets):
        page = await gateway.call("GET", "/help", key=None, headers=HTML)
        assert page.status_code == 200
        assert "help@example.org" in page.text
        sheet = await gateway.call("GET", "/help/assets/support.css", key=None)
        assert sheet.headers["content-type"].startswith("text/css")
        checked = await gateway.call("POST", "/help", key=None, data={**hidden(page), **FORM, "step": "check"})
        receipt = await gateway.call("POST", "/help/", key=None, data={**hidden(checked), "step": "send"})
        assert "#1" in receipt.text, receipt.text
        async with tickets.state.runtime.database.unit() as unit:
            ticket = await unit.tickets.get("1")
            links = await unit.channel.links_of([ticket.ticket.ticket_id], NOW)
        link = SignedLink(
            purpose="ticket", subject=links[ticket.ticket.ticket_id].link_id, expires_at=NOW.replace(year=2027)
        )
        path = f"/ticket/{tickets.state.runtime.links.mint(link)}"
        shown = await gateway.call("GET", path, key=None)
        assert "The video stalls" in shown.text
        done = await gateway.call("POST", path, key=None, data={**hidden(shown), "do": "solve"})
        assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=solved")
        assert "It is marked as solved." in (await gateway.call("GET", done.headers["location"], key=None)).text
        nowhere = await gateway.call("GET", "/help/no/wave", key=None)
        assert nowhere.status_code == 404


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_forms_of_one_address_are_slowed_down_and_the_page_says_so_in_words(
    service_database: Callable[[str], str],
) -> None:
    async with desk_behind(service_database, form_burst=3) as (gateway, _):
        for _ in range(3):
            assert (await gateway.call("POST", "/help", key=None, data={"step": "check"})).status_code == 422
        slowed = await gateway.call("POST", "/help", key=None, data={"step": "check"}, headers=HTML)
        assert slowed.status_code == 429
        assert slowed.headers["content-type"].startswith("text/html")
        assert "Please try again in" in slowed.text
        assert int(slowed.headers["retry-after"]) >= 1
        assert (await gateway.call("GET", "/help", key=None)).status_code == 200  # looking is free
