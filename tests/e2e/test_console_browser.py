"""The console in Debian's Chromium: accessible in light and dark, narrow and wide; usable by keyboard, and without scripts."""

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Route, expect

from shared.auth import Role
from tests.support.browser import NEEDS_CHROMIUM, Visit, check_page, visit
from tests.support.console import StagedConsole
from tests.support.gateway import ADMIN_KEY, SECRET, signed
from tests.support.servers import NatsServer
from tests.support.staged_rollouts import GATE_HOLD, ladder_training, safety_video

pytestmark = NEEDS_CHROMIUM
NORTH = "/rollouts/safety-video/waves/north"
PAGES = (
    "/",
    "/rollouts/safety-video",
    f"{NORTH}/promote-full",
    f"{NORTH}/abort",
    f"{NORTH}/holds/{GATE_HOLD}/lift",
    "/rollouts/safety-video/waves/rehearsal/pause",
    "/deliveries",
    "/problems",
    "/problems/order_not_possible",
    "/problems/no_such_code",
    "/logout",
    "/nowhere",
)


async def deliver_some(console: StagedConsole) -> None:
    key = {"authorization": f"Bearer {ADMIN_KEY}"}
    source = {"vendor": "zammad", "kind": "helpdesk", "secrets": [SECRET]}
    await console.client.put("/api/gateway/v1/sources/helpdesk", json=source, headers=key)
    body = json.dumps({"ticket": {"id": 7, "title": "No sound"}}).encode()
    await console.client.post("/hooks/helpdesk", content=body, headers=signed(body))
    await console.client.post("/hooks/helpdesk", content=body, headers=signed(body, "another secret"))


# Colours depend on the scheme and layout on the width, not on each other: two runs see every one of the four.
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
async def test_every_page_is_clean_to_axe_fits_its_width_and_complains_of_nothing(
    tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    async with visit(tmp_path, safety_video(), ladder_training(), width=width, scheme=scheme) as visitor:
        await deliver_some(visitor.console)
        await check_page(visitor, "/login")
        await visitor.sign_in(Role.ADMIN)
        for path in PAGES:
            await check_page(visitor, path)
        visitor.console.stage.trees.clear()
        await check_page(visitor, "/")
        assert visitor.complaints == []


async def test_the_dialog_is_accessible_and_gives_the_focus_back(tmp_path: Path) -> None:
    async with visit(tmp_path, safety_video(), scheme="dark") as visitor:
        await visitor.sign_in(Role.ADMIN)
        page = await visitor.open("/rollouts/safety-video")
        await page.locator("#abort-north").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog[open]")).to_contain_text("417 people are in this wave")
        assert page.url.endswith("/rollouts/safety-video")
        await expect(page.locator("dialog #reason")).to_be_focused()
        found = await Axe().run(page)
        assert [one["id"] for one in found.response["violations"]] == []
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await expect(page.locator("#abort-north")).to_be_focused()
        assert visitor.complaints == []


async def test_the_keyboard_alone_pauses_a_wave(tmp_path: Path) -> None:
    async with visit(tmp_path, safety_video()) as visitor:
        await visitor.sign_in(Role.TRAINING)
        page = await visitor.open("/rollouts/safety-video")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id") == "pause-it":
                break
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"  # where the focus is can be seen
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog #reason")).to_be_focused()
        await page.keyboard.type("The pilot's trainer is ill.")
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent.trim()") == "Pause":
                break
        await page.keyboard.press("Enter")
        await expect(page.locator(".said")).to_have_text("40 people of IT was paused. It is now holding.")
        assert visitor.console.stage.orders[0][1] == {"reason": "The pilot's trainer is ill."}
        await expect(page).not_to_have_url(re.compile("done="))  # a reload does not say it again
        assert visitor.complaints == []


async def test_without_scripts_links_and_forms_do_the_same(tmp_path: Path) -> None:
    async with visit(tmp_path, safety_video(), scripts=False, width=390) as visitor:
        await visitor.sign_in(Role.ADMIN)
        page = await visitor.open("/")
        await page.get_by_role("link", name="Safety on camera").click()
        await expect(page.locator("#live")).to_be_hidden()
        await page.locator("#abort-north").click()
        await expect(page.get_by_role("heading", name="Abort Region North")).to_be_visible()
        await page.get_by_label("Why?").fill("The course is withdrawn.")
        await page.get_by_label("To confirm, type").fill("north")
        await page.get_by_label("Also un-enrol").check()
        await page.get_by_role("button", name="Abort the wave").click()
        await expect(page.locator("#wave-north")).to_contain_text("Aborted")
        assert visitor.console.stage.orders[0][1] == {"reason": "The course is withdrawn.", "roll_back": True}
        await page.locator("summary", has_text="Tina Training").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()


async def test_an_open_page_follows_what_happens_and_keeps_what_the_person_had(
    tmp_path: Path, nats_server: NatsServer
) -> None:
    async with visit(tmp_path, safety_video(), nats_url=nats_server.url) as visitor:
        await visitor.sign_in(Role.ADMIN)
        page = await visitor.open("/rollouts/safety-video")
        await expect(page.locator("#live")).to_have_attribute("data-state", "on")
        await page.locator("#evidence-north-first-response summary").click()
        await page.locator("#evidence-north-first-response summary").focus()

        north = visitor.console.stage.trees["safety-video"]["waves"][2]
        north.update(phase="open", holds=north["holds"][:1])
        await _tell(visitor)
        await expect(page.locator("#wave-north")).to_contain_text("1 hold in force")
        await expect(page.locator("#wave-north h3 + .badge")).to_have_text("Open")
        await expect(page.locator("#status")).to_have_text("Region North: Open")
        assert await page.locator("#evidence-north-first-response").get_attribute("open") is not None
        await expect(page.locator("#evidence-north-first-response summary")).to_be_focused()

        # A form that somebody fills in stays as it is while the page behind it changes.
        await page.locator("#pause-north").click()
        await page.locator("dialog #reason").fill("Half a sentence")
        north["phase"] = "baking"
        await _tell(visitor)
        await expect(page.locator("#wave-north h3 + .badge")).to_have_text("Baking")
        await expect(page.locator("dialog #reason")).to_have_value("Half a sentence")
        await expect(page.locator("dialog #reason")).to_be_focused()
        await page.keyboard.press("Escape")

        await page.locator("#live").click()
        await expect(page.locator("#live")).to_have_attribute("data-state", "paused")
        north["phase"] = "completed"
        await _tell(visitor)
        await page.locator("#live").click()  # and what was missed meanwhile is caught up with
        await expect(page.locator("#wave-north h3 + .badge")).to_have_text("Completed")
        assert visitor.complaints == []


async def test_a_change_that_could_not_be_fetched_is_asked_for_again(tmp_path: Path) -> None:
    async with visit(tmp_path, safety_video()) as visitor:
        await visitor.sign_in(Role.VIEWER)
        await visitor.context.clock.install()
        failed = 0

        async def fail_twice(route: Route) -> None:
            nonlocal failed
            if route.request.resource_type == "document" or failed == 2:
                await route.continue_()
                return
            failed += 1
            visitor.console.stage.trees["safety-video"]["waves"][2]["phase"] = "baking"
            await (route.abort() if failed == 1 else route.fulfill(status=503, body="busy"))

        # Without a broker, "fetch again" is said once only, when the page connects: what comes after is its own doing.
        await visitor.context.route("**/rollouts/safety-video", fail_twice)
        page = await visitor.open("/rollouts/safety-video")
        for seconds in (3, 6):  # it waits about two, then about four
            await expect(page.locator("#live")).to_have_attribute("data-state", "waiting")
            await page.clock.fast_forward(seconds * 1000)
        await expect(page.locator("#wave-north h3 + .badge")).to_have_text("Baking")
        await expect(page.locator("#live")).to_have_attribute("data-state", "on")
        assert failed == 2
        assert visitor.complaints == []


async def _tell(visitor: Visit) -> None:
    bus = visitor.console.app.state.runtime.bus
    await bus.client.publish("rollout.wave.changed.v1.safety-video:north", b"{}")


async def test_times_count_down_in_business_time(tmp_path: Path) -> None:
    async with visit(tmp_path, safety_video()) as visitor:
        await visitor.sign_in(Role.VIEWER)
        page = await visitor.open("/rollouts/safety-video")
        until = page.locator("p.until time")
        await expect(until).to_have_text("Wed 25 Mar 2026, 10:04")
        # The server's clock stands at 24 March, whatever this machine's says.
        assert (await until.get_attribute("data-left") or "").startswith("in 23 h 3")
        await expect(page.locator("#clock time")).to_have_text("Tue 24 Mar 2026, 10:30")


async def test_nothing_moves_for_those_who_asked_for_less_motion(tmp_path: Path) -> None:
    async with visit(tmp_path, safety_video()) as visitor:
        await visitor.sign_in(Role.ADMIN)
        page = await visitor.open("/rollouts/safety-video")
        await page.emulate_media(reduced_motion="reduce")
        await page.locator("#pause-north").click()
        await expect(page.locator("dialog[open]")).to_be_visible()
        assert await page.evaluate("document.getAnimations().length") == 0
