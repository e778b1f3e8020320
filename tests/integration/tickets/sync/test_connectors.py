"""A helpdesk is connected over REST: what is wrong is named field by field, a credential goes in and never comes out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.tickets.domain.sync import owner_of
from services.tickets.usecases.syncing.configuring import keep_renewed
from shared.auth import Role
from shared.clock import render_instant
from shared.events.gateway import SourceChanged
from shared.mapping import load_vendor
from shared.vault import Vault
from tests.integration.tickets.desk import START, TicketsDesk
from tests.integration.tickets.sync.connected import PATH, act, connect, log_in, problems_of, put, told
from tests.integration.tickets.sync.synced import NAME, Synced


@pytest.fixture
def synced(synced_with: Callable[[str], Synced]) -> Synced:
    return synced_with("zendesk")


async def test_a_new_connector_starts_read_only_and_says_that_it_lacks_its_credential(synced: Synced) -> None:
    answer = await put(synced, ownership={"status": "remote"})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert answer.headers["ETag"] == 'W/"1"'
    assert (made["mode"], made["title"], made["credential_kind"]) == ("read_only", "Zendesk Support", None)
    assert made["ownership"] == {"status": "remote", "priority": "newest", "subject": "newest"}
    assert made["status"]["state"] == "no_credential"
    assert f"glidepath sync login {NAME}" in made["status"]["says"]
    assert [each["kind"] for each in made["auth"]] == ["token", "basic"]
    assert made["auth"][1]["needs"] == ["user", "secret"]
    listed = await synced.here.get("/v1/connectors")
    assert listed["items"] == [made]


async def test_once_it_has_its_credential_it_is_read_and_says_up_to_when(synced: Synced) -> None:
    made = await connect(synced)
    assert (made["credential_kind"], made["status"]["state"]) == ("basic", "starting")
    synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    synced.tick(300)
    await synced.work()
    found = (await told(synced))["status"]
    assert (found["state"], found["failures"], found["problem"]) == ("fine", 0, None)
    assert found["lag_seconds"] == 60.0  # the export leaves out the last minute
    assert found["next_look_at"] == render_instant(synced.here.clock.now() + timedelta(minutes=5))
    assert list(await synced.tickets()) == synced.there.ticket_ids()


async def test_no_answer_ever_shows_a_credential(synced: Synced) -> None:
    await put(synced)
    answers = [
        await log_in(synced),
        await log_in(synced, kind="basic", secret="api-token-1"),
        await log_in(synced, kind="token", secret="api-token-1\n"),
        await log_in(synced, kind="token", secret="api-token-1", nonsense="api-token-1"),
        await synced.here.ask("GET", PATH, Role.ADMIN),
        await synced.here.ask("GET", "/v1/connectors", Role.ADMIN),
    ]
    assert [answer.status_code for answer in answers] == [204, 422, 422, 422, 200, 200]
    assert not [answer.text for answer in answers if "api-token-1" in answer.text]
    kept = await synced.connector()
    assert kept.credential is not None
    assert "api-token-1" not in kept.credential
    assert "api-token-1" in synced.vault.open_text(kept.credential, owner=owner_of(NAME))


@pytest.mark.parametrize(
    ("credential", "pointer", "said"),
    [
        ({"kind": "oauth2", "client_id": "a", "client_secret": "b"}, "/kind", "it takes token, basic"),
        ({"kind": "basic", "secret": "s"}, "/user", "is missing"),
        ({"kind": "token"}, "/secret", "is missing"),
        ({"kind": "token", "secret": "s", "user": "me"}, "/user", "does not belong"),
        ({"kind": "token", "secret": "a\nb"}, "/secret", "travels in a header"),
        ({"kind": "token", "secret": "schlüssel"}, "/secret", "travels in a header"),
        ({"kind": "basic", "user": "a:b", "secret": "s"}, "/user", "cannot hold a colon"),
        ({"kind": "basic", "user": "a", "secret": "s\r\n"}, "/secret", "a line break"),
    ],
)
async def test_a_credential_that_cannot_be_sent_is_refused_with_its_place(
    synced: Synced, credential: dict[str, str], pointer: str, said: str
) -> None:
    await put(synced)
    answer = await log_in(synced, **credential)
    assert (answer.status_code, answer.json()["code"]) == (422, "connector_not_usable")
    assert said in problems_of(answer)[pointer]


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"vendor": "nonsense"}, "/vendor", "those that can be called are freshdesk"),
        ({"vendor": "canvas"}, "/vendor", "delivers webhooks only"),
        ({"base_url": "ftp://desk.example"}, "/base_url", "http:// and https://"),
        ({"base_url": "nonsense"}, "/base_url", "http:// and https://"),
        ({"base_url": "https://me:secret@desk.example"}, "/base_url", "must not carry a name and password"),
        ({"base_url": "https://desk.example/?x=1"}, "/base_url", "no ?"),
        ({"settings": {"colour": "red"}}, "/settings/colour", "it takes group, brand, assignee"),
        ({"settings": {"zone": "Mars"}}, "/settings/zone", "no time zone"),
        ({"filters": {"since": "2100-01-01T00:00:00Z"}}, "/filters/since", "lies in the future"),
        ({"filters": {"since": "2026-01-01T00:00:00"}}, "/filters/since", "timezone"),
        ({"mode": "both"}, "/mode", "read_only"),
        ({"ownership": {"tags": "local"}}, "/ownership/tags/[key]", "status"),
        ({"poll_every_seconds": 5}, "/poll_every_seconds", "30"),
    ],
)
async def test_what_is_wrong_with_a_connector_is_named_with_its_place(
    synced: Synced, changes: dict[str, Any], pointer: str, said: str
) -> None:
    answer = await put(synced, **changes)
    assert answer.status_code == 422, answer.text
    assert said in problems_of(answer)[pointer]
    assert (await synced.here.ask("GET", PATH, Role.VIEWER)).status_code == 404


async def test_every_wrong_field_is_named_at_once(synced: Synced) -> None:
    answer = await put(synced, base_url="nonsense", settings={"colour": "red"})
    assert set(problems_of(answer)) == {"/base_url", "/settings/colour"}


async def test_a_setting_without_which_a_vendor_cannot_be_called_is_asked_for(desk: TicketsDesk) -> None:
    document = load_vendor("zendesk").document
    calls = document["calls"] | {"settings": {"group": {"title": "Where it goes", "required": True, "example": "7"}}}
    await desk.hand_in(source("helpdesk", document | {"calls": calls}))
    body = {"vendor": "zendesk", "base_url": "https://desk.example"}
    answer = await desk.ask("PUT", PATH, Role.ADMIN, json=body)
    assert problems_of(answer) == {"/settings/group": "is missing: Where it goes, for example 7"}


async def test_the_gateways_source_of_the_same_name_brings_its_own_vendor_file(desk: TicketsDesk) -> None:
    await desk.hand_in(source("helpdesk", load_vendor("zendesk").document | {"vendor": "own-desk", "title": "Our own"}))
    body = {"vendor": "zendesk", "base_url": "https://desk.example"}
    other = await desk.ask("PUT", PATH, Role.ADMIN, json=body)
    assert "is of vendor own-desk" in problems_of(other)["/vendor"]
    answer = await desk.ask("PUT", PATH, Role.ADMIN, json=body | {"vendor": "own-desk"})
    assert answer.json()["title"] == "Our own"


def source(name: str, document: dict[str, object]) -> SourceChanged:
    return SourceChanged(
        source_id=f"id-of-{name}",
        name=name,
        vendor=str(document["vendor"]),
        kind="helpdesk",
        enabled=True,
        vendor_file=document,
    )


async def test_nobody_overwrites_what_somebody_else_set(synced: Synced) -> None:
    assert (await put(synced, version=1)).status_code == 412
    assert (await put(synced)).status_code == 200
    assert (await put(synced)).status_code == 428
    changed = await put(synced, version=1, mode="two_way")
    assert (changed.status_code, changed.json()["version"], changed.json()["mode"]) == (200, 2, "two_way")
    assert (await put(synced, version=1)).status_code == 412


async def test_a_credential_is_not_sent_to_a_host_that_was_put_in_later(synced: Synced) -> None:
    version = (await connect(synced))["version"]
    same = await put(synced, version=version, base_url=synced.there.base_url + "/help")
    assert same.json()["credential_kind"] == "basic"
    moved = await put(synced, version=version + 1, base_url="https://elsewhere.example")
    assert (moved.json()["credential_kind"], moved.json()["status"]["state"]) == (None, "no_credential")
    assert (await synced.connector()).credential is None


async def test_a_connector_stays_with_its_vendor(synced: Synced) -> None:
    await put(synced)
    answer = await put(synced, version=1, vendor="freshdesk")
    assert "remove it and make another" in problems_of(answer)["/vendor"]


async def test_wider_filters_bring_in_what_the_narrow_ones_left_out(synced: Synced) -> None:
    made = await connect(synced, filters={"tags": ["training"]})
    synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    synced.tick(300)
    await synced.work()
    assert await synced.tickets() == {}
    synced.tick(86_400)
    await synced.work()
    assert (await put(synced, version=made["version"])).status_code == 200
    await synced.work()
    assert list(await synced.tickets()) == synced.there.ticket_ids()


async def test_one_team_is_exported_to_one_helpdesk(synced: Synced) -> None:
    assert (await put(synced, exports=["network", "training"])).status_code == 200
    answer = await put(synced, path="/v1/connectors/another", exports=["desk", "training"])
    assert problems_of(answer) == {"/exports/1": f"new tickets of this team go to {NAME} already"}


async def test_a_failure_is_told_with_what_is_wrong_and_mended_by_a_new_credential(synced: Synced) -> None:
    await put(synced)
    await log_in(synced, kind="token", secret="wrong")
    await synced.work()
    found = (await told(synced))["status"]
    assert (found["state"], found["failures"]) == ("failing", 1)
    assert "401" in found["says"]
    assert "next attempt" in found["says"]
    await log_in(synced)
    await synced.work()
    assert (await told(synced))["status"]["state"] == "fine"


async def test_a_connector_that_is_off_reads_nothing_and_its_breaches_wait_for_nothing(synced: Synced) -> None:
    made = await connect(synced)
    await synced.work()
    assert (await synced.here.get("/v1/watermarks"))["items"] != []
    off = (await put(synced, version=made["version"], enabled=False)).json()
    assert (off["status"]["state"], off["status"]["next_look_at"]) == ("off", None)
    assert (await synced.here.get("/v1/watermarks"))["items"] == []
    attempts = synced.way.attempts
    synced.tick(3600)
    await synced.work()
    assert synced.way.attempts == attempts


async def test_without_its_credential_a_connector_does_nothing_until_it_gets_another(synced: Synced) -> None:
    await connect(synced)
    assert (await synced.here.ask("DELETE", f"{PATH}/credential", Role.ADMIN)).status_code == 204
    assert (await told(synced))["status"]["state"] == "no_credential"
    refused = await synced.here.ask("POST", f"{PATH}/runs", Role.IT_LEAD, json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "connector_idle")


async def test_webhooks_that_stay_away_are_missed(synced: Synced) -> None:
    await synced.here.hand_in(source(NAME, synced.vendor.document))
    await connect(synced)
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    for body in ("one", "two", "three"):
        synced.tick(60)
        synced.there.reply(key, body)
        await synced.deliver()
    synced.tick(3600)
    await synced.work()
    found = (await told(synced))["status"]
    assert found["state"] == "silent"
    assert found["silent_since"] == found["delivered_at"]
    assert "though one usually comes every 60 seconds" in found["says"]


async def test_a_removed_connector_leaves_the_tickets_and_takes_the_rest_along(synced: Synced) -> None:
    await connect(synced, mode="two_way")
    key = synced.there.open_ticket(requester="ada@example.com", subject="No sound")
    await synced.reconcile()
    await synced.say_here(key, "On it")
    await act(synced, f"{PATH}/runs", body={"dry": True}, status=202)
    assert (await synced.here.ask("DELETE", PATH, Role.ADMIN)).status_code == 204
    assert (await synced.here.ask("GET", PATH, Role.VIEWER)).status_code == 404
    assert (await synced.here.ask("DELETE", PATH, Role.ADMIN)).status_code == 404
    ticket = (await synced.tickets())[key]
    assert (await synced.here.ask("GET", f"/v1/tickets/{ticket.ticket_id}/remote", Role.VIEWER)).status_code == 404
    assert (await synced.here.get("/v1/watermarks"))["items"] == []
    await connect(synced, mode="two_way")
    await synced.reconcile()
    await synced.settle()
    assert [comment for comment in synced.there.state(key).comments if comment.by_us] == []
    assert list(await synced.tickets()) == [key]


async def test_credentials_are_sealed_anew_and_those_that_no_key_opens_are_named(synced: Synced) -> None:
    await connect(synced)
    before = (await synced.connector()).credential
    assert await act(synced, "/v1/connectors/reseal", Role.ADMIN) == {"resealed": 1, "lost": []}
    assert (await synced.connector()).credential != before
    foreign = Vault(SecretStr("another-key-altogether")).seal_text("{}", owner=owner_of(NAME))
    await synced._keep(NAME, foreign)
    assert await act(synced, "/v1/connectors/reseal", Role.ADMIN) == {"resealed": 0, "lost": [NAME]}


async def test_without_a_key_no_credential_is_kept(synced: Synced) -> None:
    await put(synced)
    synced.here.app.state.vault = None
    answer = await log_in(synced)
    assert (answer.status_code, answer.json()["code"]) == (409, "credentials_not_set_up")


async def test_a_renewed_token_does_not_replace_a_credential_of_another_kind(synced: Synced) -> None:
    await connect(synced)
    before = (await synced.connector()).credential
    async with synced.here.database.unit() as unit:
        await keep_renewed(unit, NAME, "a seal")
    assert (await synced.connector()).credential == before


async def test_the_services_own_worker_calls_what_is_connected(synced: Synced) -> None:
    await put(synced, base_url="http://127.0.0.1:1")
    await log_in(synced)
    worker = next(each for each in synced.here.runtime.workers if each.name == "helpdesks")
    await worker.step()
    found = (await told(synced))["status"]
    assert (found["state"], found["problem"]) == ("failing", "Zendesk Support cannot be reached: ConnectError")
    assert found["problem_since"] == render_instant(START)


async def test_the_helpdesks_that_come_along_are_listed_with_what_each_takes(desk: TicketsDesk) -> None:
    found = {each["vendor"]: each for each in (await desk.get("/v1/helpdesk-vendors"))["items"]}
    assert "moodle" not in found
    assert found["standard-webhooks"]["calls"] is False
    rt = found["rt"]
    assert (rt["calls"], rt["takes"]) == (True, ["status", "priority", "subject"])
    assert {each["name"]: each["required"] for each in rt["settings"]} == {"queue": False, "only": False}
    assert [each["kind"] for each in found["zendesk"]["auth"]] == ["token", "basic"]
