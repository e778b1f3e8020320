"""The pages of integrations in Debian's Chromium: accessible, counting on, following a run, usable by keys or without scripts."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from shared.auth import Role
from shared.clock import FixedClock
from tests.support.browser import NEEDS_CHROMIUM, Scheme, Visit, browsing, check_page
from tests.support.desk_console import MONDAY, DeskConsole, desk_console
from tests.support.gateway import ADMIN_KEY, SECRET, signed
from tests.support.servers import NatsServer
from tests.support.staged_connectors import StagedConnectors, conflict, connector, problem, remote, write

pytestmark = NEEDS_CHROMIUM
TARGET = 44
AT = "/integrations/zendesk"
PAGES = (
    "/integrations",
    AT,
    "/integrations/rt",
    "/integrations/moodle",
    "/integrations/connect",
    "/integrations/connect/rt",
    f"{AT}/edit",
    f"{AT}/credential",
    f"{AT}/credential?kind=token",
    f"{AT}/steps",
    f"{AT}/mode?to=two_way",
    f"{AT}/orders",
    f"{AT}/problems",
    f"{AT}/conflicts",
    f"{AT}/remove",
    f"{AT}/runs/{{run}}",
    "/integrations/nobody",
    "/tickets/1",
)


@asynccontextmanager
async def integrations_visit(
    folder: Path, *, width: int = 1280, scheme: Scheme = "light", scripts: bool = True, nats_url: str = ""
) -> AsyncIterator[tuple[Visit, DeskConsole, StagedConnectors]]:
    stage = StagedConnectors()
    settings = {"nats_url": nats_url} if nats_url else {}
    async with (
        desk_console(folder, clock=FixedClock(MONDAY), connectors=stage, **settings) as desk,
        browsing(desk.console, width=width, scheme=scheme, scripts=scripts) as visitor,
    ):
        yield visitor, desk, stage


async def fill(desk: DeskConsole, stage: StagedConnectors) -> None:
    """A little of everything: a helpdesk that is fine, one that fails, a learning system that has sent nothing."""
    stuck = {"conflicts": 1, "waiting": 1, "refused": 1, "uncertain": 1, "problems": 1}
    silent = {
        "silent_since": "2026-11-23T07:00:00Z",
        "usual_gap_seconds": 240,
        "oldest_waiting_at": "2026-11-23T09:50:00Z",
    }
    fails = {"state": "failing", "says": "It does not answer.", "problem": "timeout", "failures": 3}
    stage.add(
        connector(status=stuck | silent),
        connector("rt", vendor="rt", title="Request Tracker 5", status=fails),
        connector("old", credential_kind=None, status={"state": "no_credential", "synced_until": None}),
    )
    told = "422: assignee: is required when solving the ticket"
    stage.writes += [write(7, "set status to solved", "refused", problem=told), write(8, "write “Hello”", "attempted")]
    stage.writes.append(write(9, "set priority to P2"))
    stage.conflicts.append(conflict())
    stage.problems.append(problem())
    await desk.open_ticket()
    stage.remotes["1"] = remote(writes=[write(1, "set status to open", "done")], conflicts=[conflict(1)])
    key = {"authorization": f"Bearer {ADMIN_KEY}"}
    for name, vendor, kind in (("zendesk", "zammad", "helpdesk"), ("moodle", "moodle", "lms")):
        body = {"vendor": vendor, "kind": kind, "secrets": [SECRET]}
        await desk.client.put(f"/api/gateway/v1/sources/{name}", json=body, headers=key)
    await deliver(desk)
    await deliver(desk, secret="another")


async def deliver(desk: DeskConsole, *, number: int = 7, secret: str = SECRET) -> None:
    body = json.dumps({"ticket": {"id": number, "title": "No sound"}}).encode()
    await desk.client.post("/hooks/zendesk", content=body, headers=signed(body, secret))


# Colours depend on the scheme and layout on the width, not on each other: two runs see every one of the four.
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
async def test_every_page_of_integrations_is_clean_to_axe_fits_its_width_and_complains_of_nothing(
    tmp_path: Path, width: int, scheme: Scheme
) -> None:
    async with integrations_visit(tmp_path, width=width, scheme=scheme) as (visitor, desk, stage):
        await visitor.sign_in(Role.ADMIN)
        await check_page(visitor, "/integrations", least_target=TARGET)  # with nothing on it
        await fill(desk, stage)
        run = stage.run("zendesk", {"dry": True, "whole": False})["run_id"]
        for path in PAGES:
            await check_page(visitor, path.format(run=run), least_target=TARGET)
        assert visitor.complaints == []


async def test_the_last_event_counts_on_and_a_new_one_comes_in_by_itself(
    tmp_path: Path, nats_server: NatsServer
) -> None:
    async with integrations_visit(tmp_path, nats_url=nats_server.url) as (visitor, desk, stage):
        await fill(desk, stage)
        await visitor.sign_in(Role.IT_LEAD)
        page = await visitor.open("/integrations")
        await expect(page.locator("#live")).to_have_attribute("data-state", "on")
        event = page.locator("#integration-zendesk dl time").first
        await expect(event).to_have_text(re.compile(r"^[2-9] s ago$"))
        assert isinstance(desk.clock, FixedClock)
        stage.connectors["zendesk"]["status"]["refused"] = 5
        bus = desk.console.app.state.runtime.bus
        await bus.client.publish("gateway.helpdesk.received.v1.any", b"{}")
        await expect(page.locator("#integration-zendesk")).to_contain_text("refused orders: 5")
        assert visitor.complaints == []


async def test_a_dry_run_is_followed_by_the_page_until_it_is_done(tmp_path: Path) -> None:
    async with integrations_visit(tmp_path) as (visitor, desk, stage):
        await fill(desk, stage)
        await visitor.sign_in(Role.IT_LEAD)
        page = await visitor.open(AT)
        await page.get_by_role("button", name="Check: dry run").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#run")).to_contain_text("Waits for its turn")
        run = next(iter(stage.runs.values()))
        run |= {"started_at": "2026-11-23T10:00:00Z", "tickets": 1234}
        await expect(page.locator("#run")).to_contain_text("1,234")
        run["finished_at"] = "2026-11-23T10:00:05Z"
        await expect(page.locator("#writes")).to_contain_text("Set priority to P2")
        await expect(page.locator("progress")).to_have_count(0)
        assert visitor.complaints == []


async def test_without_scripts_a_helpdesk_is_connected_and_made_two_way(tmp_path: Path) -> None:
    async with integrations_visit(tmp_path, scripts=False, width=390) as (visitor, _, stage):
        await visitor.sign_in(Role.ADMIN)
        page = await visitor.open("/integrations")
        await page.get_by_role("link", name="Connect a helpdesk").click()
        await page.get_by_role("link", name="Request Tracker 5").click()
        await page.get_by_role("button", name="Set it up").click()
        await expect(page.locator("#wrong-base_url")).to_contain_text("beginning with https://")
        await page.get_by_label("Address of the helpdesk").fill("https://rt.example.org")
        await page.get_by_role("button", name="Set it up").click()
        await page.get_by_label("Token", exact=True).fill("a-token")
        await page.get_by_role("button", name="Keep it").click()
        await expect(page.locator(".said")).to_contain_text("shown to nobody")
        await page.get_by_role("link", name="Make it two-way").click()
        await page.get_by_role("button", name="Begin to write there").click()
        await expect(page.locator(".said")).to_contain_text("It is two-way now")
        assert stage.connectors["rt"]["mode"] == "two_way"
