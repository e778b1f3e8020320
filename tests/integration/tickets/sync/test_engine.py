"""What the engine promises beside the contract: shown with one helpdesk, since none of it is the vendor's."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from services.tickets.adapters.helpdesk.credentials import Credential
from services.tickets.domain.sync import Filters, Mode, WriteState
from services.tickets.ports.sync import CredentialRefused
from shared.mapping.calls import Auth
from shared.rest import PagingRequest
from tests.integration.tickets.sync.synced import NAME, Synced
from tests.support.helpdesks import ALL
from tests.support.helpdesks.faults import Refusal


@pytest.fixture
async def synced(synced_with: Callable[[str], Synced]) -> Synced:
    return synced_with("plaindesk")


async def test_a_connector_that_only_reads_writes_nothing_and_keeps_what_it_would(synced: Synced) -> None:
    await synced.connect(Mode.READ_ONLY)
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    await synced.reconcile()
    await synced.say_here(key, "Please restart it.")
    await synced.change_here(key, status="pending")
    before = synced.there.state(key)
    await synced.reconcile()
    assert synced.there.state(key) == before
    assert [(each.kind, each.state) for each in await synced.orders()] == [
        ("comment", WriteState.WAITING),
        ("change", WriteState.WAITING),
    ]
    assert (await synced.tickets())[key].status == "pending"


async def test_filters_bound_what_is_taken_in_and_what_is_here_stays(synced: Synced) -> None:
    await synced.connect(filters=Filters(since=synced.here.clock.now() + timedelta(minutes=5)))
    synced.there.open_ticket(requester="ada@example.com", subject="An old one")
    await synced.deliver()
    await synced.reconcile()
    assert await synced.tickets() == {}
    synced.tick(600)
    key = synced.there.open_ticket(requester="ada@example.com", subject="A new one")
    await synced.deliver()
    await synced.reconcile()
    assert list(await synced.tickets()) == [key]


async def test_a_poll_finds_what_no_webhook_said_and_the_connector_counts_it(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    synced.there.take_webhooks()
    await synced.reconcile()
    assert list(await synced.tickets()) == [key]
    assert (await synced.connector()).found > 0


async def test_a_mistake_in_a_mapping_is_kept_with_its_expression_and_the_value_it_met(synced: Synced) -> None:
    document = json.loads(json.dumps(synced.vendor.document))
    good = synced.there.open_ticket(requester="ada@example.com", subject="Fine")
    document["answers"]["tickets"].setdefault("defaults", {})["occurred_at"] = "let.ticket.title"
    synced.vendor = type(synced.vendor).model_validate(document)
    synced.vendor._document.update(document)
    await synced.connect()
    await synced.reconcile()
    async with synced.here.database.read() as unit:
        problems, _ = await unit.sync_records.page_problems(PagingRequest(50, None), connector=NAME)
    assert [each.expression for each in problems] == ["let.ticket.title"]
    assert "'Fine'" in problems[0].reason
    assert good not in await synced.tickets()


async def test_a_reply_in_time_that_is_polled_late_leaves_no_breach(synced: Synced) -> None:
    await synced.connect()
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound", priority="P1")
    await synced.reconcile()
    due_in = timedelta(minutes=50)
    synced.here.clock.advance(due_in)
    synced.there.reply(key, "We are on it.")
    synced.there.take_webhooks()
    synced.here.clock.advance(timedelta(hours=1))
    await synced.here.run_due()
    ticket = (await synced.tickets())[key]
    before = await synced.here.clock_of({"ticket_id": ticket.ticket_id})
    assert before["unconfirmed"] is True
    await synced.reconcile()
    after = await synced.here.clock_of({"ticket_id": ticket.ticket_id})
    assert (after["state"], after["breached_at"]) == ("settled", None)


async def test_a_helpdesk_that_shuts_us_out_is_not_hammered_and_says_what_to_do(synced: Synced) -> None:
    await synced.connect()
    synced.there.credential = {**synced.there.credential, "secret": "changed"}
    await synced.work()
    connector = await synced.connector()
    assert connector.problem is not None
    assert "credential" in connector.problem
    assert connector.next_call_at is not None
    attempts = synced.way.attempts
    synced.tick(60)
    await synced.work()
    assert synced.way.attempts == attempts


async def test_retry_after_is_respected_and_nothing_is_lost(synced: Synced) -> None:
    await synced.connect()
    synced.there.faults.refuse_next = [Refusal(429, {"Retry-After": "120"})]
    await synced.work()
    connector = await synced.connector()
    assert connector.next_call_at == synced.here.clock.now() + timedelta(seconds=120)


async def test_two_connectors_do_not_hold_each_other_up(synced: Synced) -> None:
    await synced.connect()
    async with synced.here.database.unit() as unit:
        broken = replace(
            await unit.connectors.get(NAME), name="broken", base_url="https://nowhere.test", credential="x"
        )
        await unit.connectors.put(broken)
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    await synced.reconcile()
    assert list(await synced.tickets()) == [key]
    async with synced.here.database.read() as unit:
        assert (await unit.connectors.get("broken")).problem is not None


async def test_a_fault_of_our_own_slows_down_its_connector_only(synced: Synced) -> None:
    class Broken:
        async def of(self, unit: object, connector: object) -> object:
            raise KeyError("a mistake in a program")

    await synced.connect()
    synced.rounds.vendors = Broken()  # type: ignore[assignment]
    assert await synced.rounds.step() is False
    connector = await synced.connector()
    assert connector.problem == "A fault of Glidepath: KeyError."
    assert connector.next_call_at is not None


def test_every_helpdesk_of_the_issue_has_a_simulator() -> None:
    wanted = {"zendesk", "rt", "servicenow", "freshdesk", "freshservice", "zammad", "glpi", "github", "plaindesk"}
    assert wanted <= set(ALL)
    assert {name for name in ALL if "jira" in name}


async def test_an_access_token_is_renewed_once_and_the_new_refresh_token_is_kept_first() -> None:
    kept: list[str] = []
    auth = Auth.model_validate({"oauth2": {"token_url": "/oauth/tokens"}})

    def answer(request: httpx.Request) -> httpx.Response:
        assert b"refresh_token=old" in request.content
        return httpx.Response(200, json={"access_token": "fresh", "refresh_token": "new"})

    async def keep(values: object) -> None:
        assert isinstance(values, dict)
        kept.append(values["refresh_token"])

    values = {"kind": "oauth2", "client_id": "us", "client_secret": "s", "refresh_token": "old"}
    credential = Credential(values, auth, "https://desk.example", keep)
    assert credential.needs_renewal
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert await credential.renew(client)
    assert kept == ["new"]
    assert credential.headers() == {"Authorization": "Bearer fresh"}


async def test_a_refresh_token_that_counts_no_more_asks_a_person() -> None:
    auth = Auth.model_validate({"oauth2": {"token_url": "/oauth/tokens"}})

    async def keep(values: object) -> None:
        raise AssertionError("nothing new is to be kept")

    credential = Credential({"kind": "oauth2", "refresh_token": "old"}, auth, "https://desk.example", keep)
    refused = httpx.MockTransport(lambda _: httpx.Response(400, json={"error": "invalid_grant"}))
    async with httpx.AsyncClient(transport=refused) as client:
        with pytest.raises(CredentialRefused, match="authorise"):
            await credential.renew(client)
