"""The pages of integrations: what stands where at a glance, what a button mends, how a helpdesk is set up by forms alone."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.auth import Role
from shared.clock import FixedClock, new_id
from tests.support.desk_console import MONDAY, DeskConsole, desk_console
from tests.support.gateway import ADMIN_KEY, SECRET, signed
from tests.support.staged_connectors import StagedConnectors, conflict, connector, problem, refusal, write

KEY = {"authorization": f"Bearer {ADMIN_KEY}"}
AT = "/integrations/zendesk"
SETTINGS = {
    "base_url": "https://example.zendesk.com",
    "settings-group": "360001234567",
    "since": "2026-09-01",
    "queues": "Training",
    "tags": "",
    "exports": "",
    "poll": "300",
    "ownership-status": "newest",
    "ownership-priority": "local",
    "ownership-subject": "remote",
}


@pytest.fixture
def stage() -> StagedConnectors:
    return StagedConnectors()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
async def desk(tmp_path: Path, clock: FixedClock, stage: StagedConnectors) -> AsyncIterator[DeskConsole]:
    async with desk_console(tmp_path, clock=clock, connectors=stage) as running:
        yield running


async def add_source(desk: DeskConsole, name: str = "zendesk", vendor: str = "zammad", kind: str = "helpdesk") -> None:
    body = {"vendor": vendor, "kind": kind, "secrets": [SECRET]}
    answer = await desk.client.put(f"/api/gateway/v1/sources/{name}", json=body, headers=KEY)
    assert answer.is_success, answer.text


async def deliver(desk: DeskConsole, *, name: str = "zendesk", number: int = 7, secret: str = SECRET) -> None:
    body = json.dumps({"ticket": {"id": number, "title": "No sound"}}).encode()
    await desk.client.post(f"/hooks/{name}", content=body, headers=signed(body, secret))


# At a glance


async def test_with_nothing_connected_the_page_says_what_to_do_first(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page("/integrations")
    assert "Nothing is connected yet" in page
    assert 'href="/integrations/connect"' in page
    assert "glidepath source add moodle" in page
    assert '<a href="/integrations" aria-current="page">' in page


async def test_sources_and_connectors_of_one_name_are_one_integration_and_what_is_amiss_comes_first(
    desk: DeskConsole, stage: StagedConnectors, clock: FixedClock
) -> None:
    stage.add(
        connector(status={"delivered_at": "2026-11-23T09:00:00Z"}),
        connector("rt", vendor="rt", status={"state": "failing", "says": "It does not answer: see its address."}),
    )
    await add_source(desk)
    await add_source(desk, "moodle", "moodle", "lms")
    await deliver(desk)
    await deliver(desk, secret="another")
    clock.advance(timedelta(seconds=12))
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/integrations")
    assert page.count('id="integration-') == 3
    assert page.index('id="integration-rt"') < page.index('id="integration-moodle"') < page.index("integration-zendesk")
    zendesk = page.split('id="integration-zendesk"')[1]
    assert ">12 s ago</time>" in zendesk
    assert "in quarantine: </span>1<" in zendesk
    assert "It does not answer: see its address." in page
    assert "Nothing came yet" in page.split('id="integration-moodle"')[1]


async def test_a_source_that_fell_silent_says_since_when_and_how_often_it_usually_sends(
    desk: DeskConsole, clock: FixedClock
) -> None:
    await add_source(desk)
    for number in range(6):
        await deliver(desk, number=number)
        clock.advance(timedelta(seconds=240))
    clock.advance(timedelta(hours=3))
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/integrations")
    assert "Silent" in page
    assert "It usually sends every 4 min." in page
    assert ">3 h 4 min ago</time>, usually one comes every 4 min." in page


async def test_one_integration_shows_what_got_stuck_and_everything_from_outside_is_escaped(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    evil = "<script>alert(1)</script>"
    stage.add(connector(base_url="javascript:alert(1)", status={"refused": 1, "problems": 1, "conflicts": 1}))
    stage.writes += [write(7, f"set subject to {evil}", "refused", problem=evil), write(8, "set status", "attempted")]
    stage.conflicts.append(conflict(9, field="subject", ours=evil, theirs="Video", kept="ours", rule="local"))
    stage.problems.append(problem(item={"word": evil}))
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page(AT)
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    for said in (
        "Read-only</strong>. Tickets are read from there; nothing is written there.",
        "facts[0].status: body.status",
        "is not in the map status",
        "Ours was kept",
        "The rule: Glidepath&#39;s word counts",
        'href="/tickets/9"',
        "the answer was lost",
        "Opened since",
    ):
        assert said in page, said
    assert len(page.encode()) < 60_000


async def test_a_page_with_much_on_it_stays_small(desk: DeskConsole, stage: StagedConnectors) -> None:
    stage.add(connector(), *(connector(f"desk-{number}") for number in range(40)))
    long = "An error page of theirs. " * 400
    stage.writes += [write(number, "write “" + "x" * 80 + "”", "refused", problem=long) for number in range(60)]
    stage.problems += [problem(item={"page": long}, reason=long) for _ in range(60)]
    await desk.console.sign_in(Role.ADMIN)
    for path in ("/integrations", AT, f"{AT}/orders", f"{AT}/mode?to=two_way"):
        assert len((await desk.page(path)).encode()) < 60_000, path
    assert f'href="{AT}/orders?state=open&amp;cursor=more"' in await desk.page(f"{AT}/orders")


async def test_roles_are_offered_what_they_may_do(desk: DeskConsole, stage: StagedConnectors) -> None:
    stage.add(connector(status={"refused": 1}))
    stage.writes.append(write(7, "set status to solved", "refused"))

    async def offered(role: Role) -> set[str]:
        desk.client.cookies.clear()
        await desk.console.sign_in(role)
        page = await desk.page(AT)
        marks = {"edit": f'href="{AT}/edit"', "run": 'value="run"', "retry": "/retry", "remove": f'href="{AT}/remove"'}
        return {name for name, mark in marks.items() if mark in page}

    assert await offered(Role.ADMIN) == {"edit", "run", "retry", "remove"}
    assert await offered(Role.IT_LEAD) == {"run", "retry"}
    assert await offered(Role.IT_AGENT) == set()
    desk.client.cookies.clear()
    await desk.console.sign_in(Role.VIEWER)
    assert (await desk.client.get("/integrations")).status_code == 403
    assert 'href="/integrations"' not in (await desk.client.get("/tickets")).text


@pytest.mark.parametrize("path", ["/integrations/nobody", f"{AT}/nothing", f"{AT}/runs/none", f"{AT}/mode?to=war"])
async def test_what_is_not_there_is_a_page_too(desk: DeskConsole, stage: StagedConnectors, path: str) -> None:
    stage.add(connector())
    await desk.console.sign_in(Role.ADMIN)
    assert (await desk.client.get(path)).status_code == 404


# Mending


async def test_refused_orders_are_retried_or_discarded_and_the_form_returns_to_its_page(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    stage.writes += [write(7, "set status to solved", "refused"), write(8, "set priority to P2", "refused")]
    first, second = (row["write_id"] for row in stage.writes)
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page(AT)
    said = await desk.follow(await desk.send(f"{AT}/rows/{first}/retry", seen=page, once="a-key"))
    assert "It is tried again." in said
    assert stage.told[0][3]["idempotency-key"] == "a-key"  # a form that is sent twice acts once
    answer = await desk.send(f"{AT}/rows/{second}/discard", seen=page, back="orders")
    assert answer.headers["location"] == f"{AT}/orders?done=discarded"
    assert "will not be told this" in await desk.follow(answer)
    assert stage.orders() == [
        ("POST", f"/v1/remote-writes/{first}/retry", None),
        ("POST", f"/v1/remote-writes/{second}/discard", None),
    ]
    everything = await desk.follow(await desk.send(f"{AT}/all/discard", seen=page))
    assert "All that waited was discarded" in everything


async def test_what_still_cannot_be_understood_says_why_where_it_stands(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    stage.problems.append(problem())
    row = stage.problems[0]["problem_id"]
    path = f"/v1/sync-problems/{row}/replay"
    stage.refusals[f"POST {path}"] = refusal(409, "still_not_understood", "Still not.", facts="body.status is new")
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page(AT)
    refused = await desk.send(f"{AT}/rows/{row}/replay", seen=page, back="problems")
    assert refused.status_code == 409
    assert "Still not. /facts: body.status is new" in refused.text
    assert "What it met" in refused.text
    stage.refusals.clear()
    assert "has been applied" in await desk.follow(await desk.send(f"{AT}/rows/{row}/replay", seen=page))
    assert "Everything was understood." in await desk.page(AT)


async def test_a_delivery_in_quarantine_is_verified_again_once_the_secret_is_mended(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    await add_source(desk)
    await deliver(desk, secret="the right one")
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page(AT)
    assert "Signature refused" in page
    assert 'href="/deliveries?source=zendesk"' in page
    await desk.follow(await desk.send(f"{AT}/steps", seen=page, secret="the right one"))
    path = page.split(f'action="{AT}/quarantine/')[1].split('"')[0]
    said = await desk.follow(await desk.send(f"{AT}/quarantine/{path}", seen=page))
    assert "verified again" in said
    assert "Signature refused" not in said


async def test_no_order_goes_out_without_the_sessions_token(desk: DeskConsole, stage: StagedConnectors) -> None:
    stage.add(connector())
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page(AT)
    for path in (
        "runs",
        "mode",
        "switch",
        "credential",
        "edit",
        "remove",
        "steps",
        f"rows/{new_id()}/retry",
        "all/retry",
    ):
        answer = await desk.send(f"{AT}/{path}", seen=page, csrf="forged", do="run", to="two_way", typed="zendesk")
        assert answer.status_code == 403, path
    assert stage.told == []


# Runs


async def test_a_dry_run_is_followed_to_its_end_and_lists_what_would_be_written(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    stage.writes.append(write(7, "set status to solved"))
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page(AT)
    going = await desk.follow(await desk.send(f"{AT}/runs", seen=page, do="dry"))
    assert stage.orders() == [("POST", "/v1/connectors/zendesk/runs", {"dry": True, "whole": False})]
    assert "Waits for its turn" in going
    assert 'data-again="2"' in going
    run = next(iter(stage.runs.values()))
    run |= {"started_at": "2026-11-23T10:00:01Z", "pages": 2, "tickets": 130, "writes": 1}
    assert "<dd>130</dd>" in await desk.page(f"{AT}/runs/{run['run_id']}")
    run["finished_at"] = "2026-11-23T10:00:09Z"
    done = await desk.page(f"{AT}/runs/{run['run_id']}")
    assert 'data-again="2"' not in done
    assert "Set status to solved" in done.split('id="writes"')[1]


async def test_a_run_that_is_refused_says_why_on_the_page(desk: DeskConsole, stage: StagedConnectors) -> None:
    stage.add(connector())
    path = "POST /v1/connectors/zendesk/runs"
    stage.refusals[path] = refusal(409, "run_under_way", "A run is under way already.")
    await desk.console.sign_in(Role.IT_LEAD)
    answer = await desk.send(f"{AT}/runs", seen=await desk.page(AT), do="run")
    assert answer.status_code == 409
    assert "A run is under way already." in answer.text


# Two-way


async def test_two_way_is_confirmed_on_a_page_that_shows_every_write_that_would_happen(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    stage.writes += [write(7, "set status to solved"), write(8, "write “We look into it.”"), write(9, "x", "refused")]
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page(f"{AT}/mode?to=two_way")
    assert "2 orders will be sent at once" in page
    assert "Write “We look into it.”" in page
    said = await desk.follow(await desk.send(f"{AT}/mode", seen=page, to="two_way", version="3"))
    assert "It is two-way now" in said
    method, path, body, headers = stage.told[-1]
    assert (method, path, headers["if-match"]) == ("PUT", "/v1/connectors/zendesk", 'W/"3"')
    kept = {name: connector()[name] for name in ("base_url", "settings", "filters", "ownership", "exports", "enabled")}
    assert body == {**kept, "vendor": "zendesk", "mode": "two_way", "poll_every_seconds": 300}


async def test_two_way_is_not_confirmed_for_settings_that_somebody_changed_meanwhile(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page(f"{AT}/mode?to=two_way")
    stage.connectors["zendesk"]["version"] = 4
    answer = await desk.send(f"{AT}/mode", seen=page, to="two_way", version="3")
    assert answer.status_code == 409
    assert "Somebody changed it meanwhile" in answer.text
    assert stage.told == []


# Setting up


async def test_a_helpdesk_is_connected_from_its_vendor_to_its_first_check_by_forms_alone(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    await desk.console.sign_in(Role.ADMIN)
    choice = await desk.page("/integrations/connect")
    assert "Zendesk Support" in choice
    assert "Polling; it needs no webhooks" in choice
    form = await desk.page("/integrations/connect/rt")
    assert 'value="General"' in form  # what the vendor's file proposes
    fields = {"name": "rt", "base_url": "https://rt.example.org", "settings-queue": "Support", "poll": "120"}
    filters = {"since": "2026-09-01", "queues": "Support\nTraining", "tags": "sap, video", "exports": "network"}
    owners = {f"ownership-{field}": "remote" for field in ("status", "priority", "subject")}
    made = await desk.send("/integrations/connect/rt", seen=form, **fields, **filters, **owners)
    credential = await desk.follow(made)
    assert "writes nothing until you say so" in credential
    assert stage.orders()[0] == (
        "PUT",
        "/v1/connectors/rt",
        {
            "vendor": "rt",
            "base_url": "https://rt.example.org",
            "settings": {"queue": "Support"},
            "filters": {"since": "2026-09-01T00:00:00Z", "queues": ["Support", "Training"], "tags": ["sap", "video"]},
            "ownership": {"status": "remote", "priority": "remote", "subject": "remote"},
            "exports": ["network"],
            "poll_every_seconds": 120,
        },
    )
    assert "if-match" not in stage.told[0][3]
    page = await desk.follow(
        await desk.send("/integrations/rt/credential", seen=credential, kind="token", secret="s3cret-token")
    )
    assert "shown to nobody" in page
    assert "s3cret-token" not in page
    assert stage.orders()[1] == ("PUT", "/v1/connectors/rt/credential", {"kind": "token", "secret": "s3cret-token"})


async def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    await desk.console.sign_in(Role.ADMIN)
    form = await desk.page("/integrations/connect/rt")
    given = {"name": "R T", "base_url": "rt.example.org", "settings-queue": "", "queues": "Training", "since": "soon"}
    answer = await desk.send("/integrations/connect/rt", seen=form, **given)
    assert answer.status_code == 422
    for field in ("name", "base_url", "settings-queue", "since"):
        assert f'id="wrong-{field}"' in answer.text, field
        assert f'aria-describedby="wrong-{field}' in answer.text, field
    assert "This helpdesk needs it. For example: Support." in answer.text
    assert ">Training</textarea>" in answer.text
    assert stage.told == []


async def test_what_the_service_refuses_stands_beside_its_field_as_well(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector("rt"))
    await desk.console.sign_in(Role.ADMIN)
    form = await desk.page("/integrations/connect/rt")
    given = {"name": "rt", "base_url": "https://rt.example.org", "settings-queue": "Support"}
    taken = await desk.send("/integrations/connect/rt", seen=form, **given)
    assert taken.status_code == 422
    assert "There is a connector of this name already." in taken.text.split('id="wrong-name"')[1][:400]
    detail = "The connector cannot be set up so."
    stage.refusals["PUT /v1/connectors/new"] = refusal(
        422, "connector_not_usable", detail, base_url="this address is not to be called", settings__queue="too long"
    )
    refused = await desk.send("/integrations/connect/rt", seen=form, **given | {"name": "new"})
    assert "this address is not to be called" in refused.text.split('id="wrong-base_url"')[1][:400]
    assert "too long" in refused.text.split('id="wrong-settings-queue"')[1][:400]


async def test_settings_are_changed_as_they_were_seen_and_keep_what_the_form_does_not_ask(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector(mode="two_way", filters={"since": "2026-09-01T07:30:00Z", "queues": [], "tags": []}))
    await desk.console.sign_in(Role.ADMIN)
    form = await desk.page(f"{AT}/edit")
    assert 'value="2026-09-01"' in form
    said = await desk.follow(await desk.send(f"{AT}/edit", seen=form, version="3", **SETTINGS | {"poll": "600"}))
    assert "The settings were changed." in said
    _, _, body, headers = stage.told[-1]
    assert headers["if-match"] == 'W/"3"'
    assert (body["mode"], body["enabled"], body["poll_every_seconds"]) == ("two_way", True, 600)
    assert body["filters"] == {"since": "2026-09-01T07:30:00Z", "queues": ["Training"], "tags": []}
    again = await desk.send(f"{AT}/edit", seen=form, version="3", **SETTINGS | {"queues": "Mine"})
    assert again.status_code == 409
    assert ">Mine</textarea>" in again.text
    assert 'name="version" value="4"' in again.text


async def test_a_credential_is_asked_for_by_kind_and_is_never_sent_back(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector())
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page(f"{AT}/credential")
    assert "An API token; the user is the e-mail address followed by /token." in page
    assert 'aria-current="page">Name and password' in page
    answer = await desk.send(f"{AT}/credential", seen=page, kind="basic", user="", secret="s3cret")
    assert answer.status_code == 422
    assert 'id="wrong-user"' in answer.text
    assert "s3cret" not in answer.text
    forgotten = await desk.follow(await desk.send(f"{AT}/credential/forget", seen=page))
    assert "Nothing is read or written until another is set." in forgotten
    assert stage.orders() == [("DELETE", "/v1/connectors/zendesk/credential", None)]


async def test_the_steps_name_the_exact_address_and_a_secret_kept_opens_the_door(
    desk: DeskConsole, stage: StagedConnectors
) -> None:
    stage.add(connector("desk-eu", vendor="zammad"))
    stage.vendors.append({**stage.vendors[0], "vendor": "zammad", "title": "Zammad"})
    await desk.console.sign_in(Role.ADMIN)
    steps = await desk.page("/integrations/desk-eu/steps")
    assert ">http://glide.example/hooks/desk-eu</code>" in steps
    assert "HMAC SHA1 Signature Token" in steps
    empty = await desk.send("/integrations/desk-eu/steps", seen=steps, secret=" ")
    assert empty.status_code == 422
    made_up = steps.split('name="secret"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    assert len(made_up) >= 32
    page = await desk.follow(await desk.send("/integrations/desk-eu/steps", seen=steps, secret=made_up))
    assert made_up not in page
    await deliver(desk, name="desk-eu", secret=made_up)
    assert ">just now</time>" in (await desk.page("/integrations/desk-eu")).split("Last event")[1][:200]


async def test_a_connector_is_taken_away_only_by_its_name(desk: DeskConsole, stage: StagedConnectors) -> None:
    stage.add(connector())
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page(f"{AT}/remove")
    assert (await desk.send(f"{AT}/remove", seen=page, typed="zen")).status_code == 422
    assert "zendesk" in stage.connectors
    assert "was taken away" in await desk.follow(await desk.send(f"{AT}/remove", seen=page, typed="zendesk"))
    assert stage.connectors == {}


async def test_a_connector_is_switched_off_and_on(desk: DeskConsole, stage: StagedConnectors) -> None:
    stage.add(connector())
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.page(AT)
    assert "switched off" in await desk.follow(await desk.send(f"{AT}/switch", seen=page, on="0", version="3"))
    assert stage.connectors["zendesk"]["enabled"] is False
    assert "Switch on" in await desk.page(AT)


async def test_without_helpdesk_sync_the_gateways_sources_are_shown_all_the_same(tmp_path: Path) -> None:
    stage = StagedConnectors()
    missing = refusal(404, "not_found", "There is no such path.")
    stage.refusals |= {f"GET {path}": missing for path in ("/v1/connectors", "/v1/helpdesk-vendors")}
    async with desk_console(tmp_path, clock=FixedClock(MONDAY), connectors=stage) as desk:
        await add_source(desk, "moodle", "moodle", "lms")
        await desk.console.sign_in(Role.ADMIN)
        page = await desk.page("/integrations")
        assert "Helpdesks are not read here" in page
        assert 'id="integration-moodle"' in page
        assert "/hooks/moodle" in await desk.page("/integrations/moodle/steps")
