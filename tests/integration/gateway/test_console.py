"""The console over HTTP: who gets in, who may order what, what forms refuse, and what goes on to the services."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.domain.login import COOKIE, SESSION_FOR
from services.gateway.main import MIGRATIONS
from shared import migrations
from shared.auth import Role
from shared.clock import FixedClock
from tests.support.console import HTML, NOON, StagedConsole, staged_console
from tests.support.gateway import ADMIN_KEY, SECRET, signed
from tests.support.servers import NatsServer
from tests.support.serving import served
from tests.support.staged_rollouts import LEAD_HOLD, ladder_training, safety_video

NORTH = "/rollouts/safety-video/waves/north"


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/gateway.db"
    migrations.upgrade_now(url, MIGRATIONS)
    return url


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def console(url: str, clock: FixedClock) -> AsyncIterator[StagedConsole]:
    async with staged_console(url, safety_video(), ladder_training(), clock=clock) as running:
        yield running


async def order(console: StagedConsole, path: str, **fields: str) -> httpx.Response:
    """Fill in the form that the page shows, with a reason unless another is given, and send it."""
    page = await console.client.get(path)
    form = {"csrf": console.csrf(page.text), "reason": "Because of a test.", **fields}
    return await console.client.post(path, data=form)


# Signing in and out


async def test_a_page_without_a_session_says_how_to_get_one(console: StagedConsole) -> None:
    for path in ("/", "/rollouts/safety-video", "/deliveries", f"{NORTH}/abort"):
        page = await console.client.get(path)
        assert page.status_code == 401
        assert "glidepath login" in page.text
        assert "Region North" not in page.text


async def test_a_login_link_opens_a_session_once(console: StagedConsole) -> None:
    link = await console.login_link(Role.VIEWER)
    first = await console.client.get(link)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    assert (await console.client.get("/")).status_code == 200
    console.client.cookies.clear()
    again = await console.client.get(link)
    assert (again.status_code, "set-cookie" in again.headers) == (404, False)
    assert "glidepath login" in again.text


async def test_a_preview_of_a_login_link_does_not_use_it_up(console: StagedConsole) -> None:
    link = await console.login_link(Role.VIEWER)
    assert (await console.client.head(link)).status_code == 204
    assert (await console.client.get(link, headers={"sec-purpose": "prefetch;prerender"})).status_code == 503
    assert (await console.client.get(link)).status_code == 303


async def test_an_old_login_link_opens_nothing(console: StagedConsole, clock: FixedClock) -> None:
    link = await console.login_link(Role.ADMIN)
    clock.advance(timedelta(minutes=16))
    assert (await console.client.get(link)).status_code == 404


async def test_on_https_the_cookie_travels_only_there(url: str) -> None:
    async with staged_console(url, public_url="https://glide.example") as console:
        answer = await console.client.get(await console.login_link(Role.VIEWER))
        assert answer.headers["set-cookie"].endswith("; Secure")


async def test_a_session_ends_by_itself(console: StagedConsole, clock: FixedClock) -> None:
    await console.sign_in(Role.VIEWER)
    clock.advance(SESSION_FOR + timedelta(seconds=1))
    assert (await console.client.get("/")).status_code == 401


async def test_signing_out_ends_the_session_on_the_server_too(console: StagedConsole) -> None:
    await console.sign_in(Role.VIEWER)
    cookie = console.cookie
    token = console.csrf((await console.client.get("/logout")).text)
    assert (await console.client.post("/logout", data={"csrf": "wrong"})).status_code == 403
    assert (await console.client.post("/logout", data={"csrf": token})).status_code == 303
    assert console.cookie is None
    stolen = await console.client.get("/", headers={"cookie": f"{COOKIE}={cookie}"})
    assert stolen.status_code == 401


async def test_an_api_key_is_no_way_into_the_console(console: StagedConsole) -> None:
    page = await console.client.get("/", headers={"authorization": f"Bearer {ADMIN_KEY}"})
    assert page.status_code == 401


async def test_a_program_that_asks_for_no_html_gets_problem_json(console: StagedConsole) -> None:
    answer = await console.client.get("/", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


# What the pages show


async def test_the_list_shows_every_rollout_with_what_it_waits_for_and_until_when(console: StagedConsole) -> None:
    await console.sign_in(Role.VIEWER)
    page = (await console.client.get("/")).text
    assert "Region North is holding." in page
    assert "IT has notice until" in page
    assert '<time datetime="2026-04-06T07:00:00Z"' in page
    assert "Mon 6 Apr 2026, 09:00" in page  # Berlin's summer time


async def test_without_a_rollout_the_list_says_what_to_do(console: StagedConsole) -> None:
    console.stage.trees.clear()
    await console.sign_in(Role.TRAINING)
    page = (await console.client.get("/")).text
    assert "No rollout yet" in page
    assert "glidepath apply -f plan.yaml" in page


async def test_a_rollout_shows_gates_as_sentences_and_the_stack_of_holds(console: StagedConsole) -> None:
    await console.sign_in(Role.ADMIN)
    page = (await console.client.get("/rollouts/safety-video")).text
    for said in (
        "38 of 40 (95 %) have completed; 100 % are needed by Thu 9 Apr 2026 11:00 (Europe/Berlin).",
        "<strong>10 %</strong> <span>at least 90 %</span>",
        "2 holds in force",
        "Month-end close: the link of site Kiel is full until Friday.",
        "an IT lead or an admin",
        "Ask Rosa Falk on Friday afternoon.",
        "3 people could not be enrolled",
        "Tina Training promoted: the pilot went well enough.",
    ):
        assert said in page, said
    assert len(page.encode()) < 60_000


async def test_what_people_wrote_is_never_taken_for_markup(console: StagedConsole) -> None:
    tree = console.stage.trees["safety-video"]
    tree["title"] = tree["waves"][2]["holds"][1]["reason"] = "<script>alert(1)</script>"
    await console.sign_in(Role.ADMIN)
    for path in ("/", "/rollouts/safety-video", f"{NORTH}/holds/{LEAD_HOLD}/lift"):
        page = (await console.client.get(path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


async def test_pages_carry_no_inline_script_or_style_and_forbid_them(console: StagedConsole) -> None:
    await console.sign_in(Role.ADMIN)
    for path in ("/", "/rollouts/safety-video", f"{NORTH}/promote-full", "/deliveries", "/problems"):
        page = await console.client.get(path)
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert page.text.count("<script") == page.text.count('<script type="module" src="/console/assets/') == 1


async def test_assets_are_kept_for_ever_under_an_address_that_changes_with_them(console: StagedConsole) -> None:
    page = (await console.client.get("/login")).text
    address = page.split('rel="stylesheet" href="', 1)[1].split('"', 1)[0]
    sheet = await console.client.get(address)
    assert (sheet.status_code, sheet.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    old = await console.client.get("/console/assets/000000000000/console.css")
    assert (old.text, old.headers["cache-control"]) == (sheet.text, "no-cache")
    assert (await console.client.get("/console/assets/x/..%2Fapp.py")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/rollouts/none", "/rollouts/..%2f..", "/rollouts/a%00b", "/rollouts/safety-video/waves/none/pause"],
)
async def test_what_is_not_there_is_said_on_a_page(console: StagedConsole, path: str) -> None:
    await console.sign_in(Role.ADMIN)
    page = await console.client.get(path)
    assert page.status_code == 404
    assert "To the rollouts" in page.text


async def test_a_service_that_fails_is_told_on_a_page(url: str) -> None:
    async with staged_console(url) as console:
        await console.sign_in(Role.ADMIN)
        console.stage.trees["odd"] = {"name": "odd", "waves": "not a list"}
        page = await console.client.get("/rollouts/odd")
        assert page.status_code == 502
        assert "The service behind cannot be reached" in page.text


async def test_every_problem_address_leads_to_a_page_and_an_unknown_code_to_404(console: StagedConsole) -> None:
    refused = await console.client.get("/api/rollout/v1/rollouts")
    address = refused.json()["type"].removeprefix("http://glide.example")
    known = await console.client.get(address)
    assert known.status_code == 200
    assert "What to do" in known.text
    unknown = await console.client.get("/problems/no_such_code")
    assert unknown.status_code == 404
    assert "no_such_code" in unknown.text


# Orders


async def test_roles_see_the_verbs_that_they_may_use(console: StagedConsole) -> None:
    async def offered(*roles: Role) -> set[str]:
        console.client.cookies.clear()
        await console.sign_in(*roles)
        page = (await console.client.get("/rollouts/safety-video")).text
        verbs = {"promote", "pause", "hold", "abort"}
        found = {verb for verb in verbs if f'href="{NORTH}/{verb}"' in page}
        return found | ({"lift IT's hold"} if f"{LEAD_HOLD}/lift" in page else set())

    assert await offered(Role.TRAINING) == {"promote", "pause", "hold", "abort"}
    assert await offered(Role.IT_LEAD) == {"pause", "hold", "lift IT's hold"}
    assert await offered(Role.ADMIN) == {"promote", "pause", "hold", "abort", "lift IT's hold"}
    assert await offered(Role.VIEWER) == await offered(Role.MANAGER) == set()


async def test_a_viewer_who_forces_an_order_gets_a_clear_page_and_nothing_happens(console: StagedConsole) -> None:
    await console.sign_in(Role.VIEWER)
    shown = await console.client.get(f"{NORTH}/abort")
    assert shown.status_code == 403
    assert "signed in as viewer" in shown.text
    token = console.csrf((await console.client.get("/")).text)
    forced = await console.client.post(
        f"{NORTH}/abort", data={"csrf": token, "reason": "I want to", "typed": "north", "phase": "holding"}
    )
    assert forced.status_code == 403
    assert "You may not do this" in forced.text
    assert console.stage.trees["safety-video"]["waves"][2]["phase"] == "holding"


async def test_training_cannot_lift_what_it_holds_and_is_told_who_can(console: StagedConsole) -> None:
    await console.sign_in(Role.TRAINING)
    page = await console.client.get(f"{NORTH}/holds/{LEAD_HOLD}/lift")
    assert page.status_code == 409
    assert "Who can: an IT lead or an admin." in page.text


async def test_a_pause_goes_on_to_the_service_with_reason_and_expiry_in_the_rollouts_zone(
    console: StagedConsole,
) -> None:
    await console.sign_in(Role.TRAINING)
    answer = await order(console, f"{NORTH}/pause", expires_at="2026-03-30T09:00")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/rollouts/safety-video?done=pause&wave=north#wave-north"
    [(path, body, once)] = console.stage.orders
    assert path == "/v1/rollouts/safety-video/waves/north/pause"
    assert body == {"reason": "Because of a test.", "expires_at": "2026-03-30T07:00:00Z"}
    assert once
    page = (await console.client.get(answer.headers["location"])).text
    assert "Region North was paused. It is now holding." in page
    assert "3 holds in force" in page


async def test_the_same_form_sent_twice_bears_the_same_idempotency_key(console: StagedConsole) -> None:
    await console.sign_in(Role.TRAINING)
    await order(console, f"{NORTH}/pause", once="one-form")
    await order(console, f"{NORTH}/hold", once="one-form")
    assert [once for _, _, once in console.stage.orders] == ["one-form", "one-form"]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("promote", {"reason": "Because of a test."}),
        ("promote-full", {"reason": "Because of a test.", "full": True}),
        ("hold", {"reason": "Because of a test.", "next_step": "Ask Rosa."}),
        ("abort", {"reason": "Because of a test.", "roll_back": True}),
    ],
)
async def test_each_verb_sends_what_the_service_takes(console: StagedConsole, verb: str, body: dict[str, Any]) -> None:
    await console.sign_in(Role.ADMIN)
    answer = await order(console, f"{NORTH}/{verb}", typed="north", roll_back="1", next_step="Ask Rosa.")
    assert answer.status_code == 303, answer.text
    assert console.stage.orders[0][0].endswith("/" + verb.removesuffix("-full"))
    assert console.stage.orders[0][1] == body


async def test_lifting_one_hold_leaves_the_other(console: StagedConsole) -> None:
    await console.sign_in(Role.IT_LEAD)
    answer = await order(console, f"{NORTH}/holds/{LEAD_HOLD}/lift")
    assert answer.status_code == 303
    page = (await console.client.get("/rollouts/safety-video")).text
    assert "1 hold in force" in page
    assert "Month-end close" not in page.split("Timeline")[0]


@pytest.mark.parametrize("verb", ["abort", "promote-full"])
async def test_what_cannot_be_undone_must_be_typed(console: StagedConsole, verb: str) -> None:
    await console.sign_in(Role.ADMIN)
    answer = await order(console, f"{NORTH}/{verb}", typed="everyone")
    assert answer.status_code == 422
    assert "To confirm, type the wave&#39;s name: north" in answer.text
    assert "Because of a test." in answer.text  # what was written is kept
    assert console.stage.orders == []


async def test_an_order_without_a_reason_is_asked_again(console: StagedConsole) -> None:
    await console.sign_in(Role.TRAINING)
    answer = await order(console, f"{NORTH}/pause", reason="   ")
    assert (answer.status_code, console.stage.orders) == (422, [])
    assert "Say why" in answer.text


async def test_a_form_from_elsewhere_does_nothing(console: StagedConsole) -> None:
    await console.sign_in(Role.ADMIN)
    for fields in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
        answer = await console.client.post(f"{NORTH}/pause", data={"reason": "x", **fields})
        assert answer.status_code == 403
    as_json = await console.client.post(f"{NORTH}/pause", json={"reason": "x"})
    assert as_json.status_code == 400
    huge = await console.client.post(f"{NORTH}/pause", data={"reason": "x" * 40_000})
    assert huge.status_code == 413
    assert console.stage.orders == []


async def test_an_order_on_a_wave_that_moved_meanwhile_is_shown_again(console: StagedConsole) -> None:
    await console.sign_in(Role.TRAINING)
    answer = await order(console, f"{NORTH}/promote", phase="open")
    assert answer.status_code == 409
    assert "Meanwhile the wave became holding." in answer.text
    assert console.stage.orders == []


async def test_what_the_service_refuses_is_said_beside_the_form(console: StagedConsole) -> None:
    await console.sign_in(Role.TRAINING)
    detail = "“north” is paused already."
    console.stage.refuse_with = (409, {"code": "order_not_possible", "title": "No", "detail": detail})
    answer = await order(console, f"{NORTH}/pause")
    assert answer.status_code == 409
    assert detail in answer.text
    assert "Because of a test." in answer.text


# Deliveries


async def test_deliveries_show_the_log_and_the_quarantine_and_replay_both(console: StagedConsole) -> None:
    key = {"authorization": f"Bearer {ADMIN_KEY}", "accept": "application/json"}
    source = {"vendor": "zammad", "kind": "helpdesk", "secrets": [SECRET]}
    await console.client.put("/api/gateway/v1/sources/helpdesk", json=source, headers=key)
    body = json.dumps({"ticket": {"id": 7, "title": "No sound"}}).encode()
    await console.client.post("/hooks/helpdesk", content=body, headers=signed(body))
    await console.client.post("/hooks/helpdesk", content=body + b" ", headers=signed(body + b" ", "another secret"))
    await console.sign_in(Role.IT_LEAD)
    page = await console.client.get("/deliveries")
    assert "No service has said yet what it means." in page.text
    assert "Signature refused" in page.text
    token = console.csrf(page.text)

    delivery = page.text.split('action="/deliveries/', 1)[1].split("/", 1)[0]
    replayed = await console.client.post(f"/deliveries/{delivery}/replay", data={"csrf": token})
    assert replayed.status_code == 303
    assert "handed on once more" in (await console.client.get(replayed.headers["location"])).text

    held = page.text.split('action="/quarantine/', 1)[1].split("/", 1)[0]
    still = await console.client.post(f"/quarantine/{held}/replay", data={"csrf": token})
    assert still.status_code == 409
    assert "The delivery is still refused" in still.text
    assert (await console.client.post(f"/quarantine/{held}/replay", data={"csrf": "x"})).status_code == 403


async def test_deliveries_are_not_offered_to_those_who_may_not_see_them(console: StagedConsole) -> None:
    await console.sign_in(Role.VIEWER)
    assert 'href="/deliveries"' not in (await console.client.get("/")).text
    assert (await console.client.get("/deliveries")).status_code == 403


async def test_the_log_is_filtered_by_what_is_known_and_nothing_else(console: StagedConsole) -> None:
    await console.sign_in(Role.ADMIN)
    page = await console.client.get("/deliveries?outcome=applied&source=helpdesk")
    assert "Nothing like this was delivered." in page.text
    assert (await console.client.get("/deliveries?outcome=<script>")).status_code == 200


# Live updates


async def test_a_change_is_told_to_the_open_page_through_nats(url: str, nats_server: NatsServer) -> None:
    async with (
        staged_console(url, safety_video(), clock=None, nats_url=nats_server.url) as console,
        served(console.app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=HTML, timeout=10) as browser,
    ):
        assert (await browser.get("/console/events")).status_code == 401
        await browser.get(await console.login_link(Role.VIEWER))
        bus = console.app.state.runtime.bus
        await bus.connected.wait()
        async with browser.stream("GET", "/console/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            first = await _event(lines)
            assert first["event"] == "hello"
            assert (await _event(lines))["event"] == "changed"  # the page may be older than the stream
            heard = first
            # What is told before the page listens may be missed or told together with "listening began": tell it again.
            while heard["data"] != "rollouts":
                await bus.client.publish("rollout.wave.changed.v1.safety-video:north", b"{}")
                heard = await _event(lines)
            assert heard["event"] == "changed"
            console.app.state.console.hang_up()
            assert [line async for line in lines] == []  # so that a shutdown does not wait for open pages


async def _event(lines: AsyncIterator[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    async for line in lines:
        if not line and "event" in fields:
            return fields
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.strip()
    raise AssertionError("the stream ended")
