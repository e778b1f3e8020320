"""The helpdesk's pages in Debian's Chromium: accessible, usable by keys, counting down, following what happens."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from shared.auth import Role
from shared.clock import FixedClock
from tests.integration.gateway.test_console_policies import CALENDAR, POLICY
from tests.integration.tickets.desk import enrolment, person, plan, wave
from tests.support.browser import NEEDS_CHROMIUM, Scheme, Visit, browsing, check_page
from tests.support.desk_console import MONDAY, DeskConsole, desk_console
from tests.support.servers import NatsServer
from tests.support.staged_rollouts import safety_video

pytestmark = NEEDS_CHROMIUM
TARGET = 44
PAGES = (
    "/tickets",
    "/tickets?status=new&priority=P2&q=stalls&sort=due",
    "/tickets?q=unicorn",
    "/tickets/keys",
    "/tickets/new?subject=video",
    "/tickets/1",
    "/tickets/1/why",
    "/policies",
    "/policies/network?try=1&priority=P1&team=network",
    "/policies/network/edit",
    "/policies/nobody-wrote-it",
    "/calendars/berlin",
    "/policies/new",
    "/migrations/{migration}",
    "/reports",
    "/reports?by=team",
    "/reports/2026-11",
    "/reports/thanks",
    "/rollouts/safety-video/north/support",
)


@asynccontextmanager
async def desk_visit(
    folder: Path, *, width: int = 1280, scheme: Scheme = "light", scripts: bool = True, **settings: Any
) -> AsyncIterator[tuple[Visit, DeskConsole, FixedClock]]:
    clock = FixedClock(MONDAY)
    async with (
        desk_console(folder, safety_video(), clock=clock, **settings) as desk,
        browsing(desk.console, width=width, scheme=scheme, scripts=scripts) as visitor,
    ):
        yield visitor, desk, clock


async def fill(desk: DeskConsole, clock: FixedClock) -> None:
    """A little of everything: a wave, a policy in two versions, tickets that are late, paused, answered."""
    await desk.hear(plan(), wave("north"), person(email="ada@example.test"), enrolment())
    await desk.call("PUT", "calendars/berlin", CALENDAR)
    for version, document in enumerate((POLICY, POLICY | {"order": 20}), 1):
        await desk.call("PUT", "policies/network", document)
        await desk.call("POST", f"policies/network/versions/{version}/enforce", {"reason": "For a test."})
    tags = ["rollout:safety-video", "wave:north"]
    for number in range(3):
        await desk.open_ticket(subject=f"Video stalls {number}", priority="P2", tags=tags, description="At minute 3.")
    clock.advance(timedelta(minutes=40))
    for body, more in (("Which browser?", {"status": "pending"}), ("It is the cache.", {"public": False})):
        await desk.call("POST", "tickets/1/comments", {"body": body, **more})
    clock.advance(timedelta(hours=20))
    await desk.call("POST", "tickets/2/comments", {"body": "Clear the cache.", "status": "solved"})


# Colours depend on the scheme and layout on the width, not on each other: two runs see every one of the four.
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
async def test_every_page_of_the_desk_is_clean_to_axe_fits_its_width_and_complains_of_nothing(
    tmp_path: Path, width: int, scheme: Scheme
) -> None:
    async with desk_visit(tmp_path, width=width, scheme=scheme) as (visitor, desk, clock):
        await fill(desk, clock)
        order = {"from": "network@1", "to": "network@2"}
        migration = (await desk.call("POST", "migrations", order))["migration_id"]
        await visitor.sign_in(Role.ADMIN)
        for path in PAGES:
            await check_page(visitor, path.format(migration=migration), least_target=TARGET)
        assert visitor.complaints == []


async def test_keys_move_select_open_search_and_explain_and_can_be_turned_off(tmp_path: Path) -> None:
    async with desk_visit(tmp_path) as (visitor, desk, _):
        for number in range(3):
            await desk.open_ticket(subject=f"Ticket {number}", priority="P2")
        await visitor.sign_in(Role.IT_AGENT)
        page = await visitor.open("/tickets")
        rows = await page.locator("[data-row] a.subject").evaluate_all("found => found.map((one) => one.id)")
        await page.keyboard.press("j")
        await expect(page.locator(f"#{rows[0]}")).to_be_focused()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await expect(page.locator(f"#{rows[1]}")).to_be_focused()
        await page.keyboard.press("x")
        await expect(page.locator("[data-count]")).to_have_text("1 ticket selected:")
        await page.keyboard.press("?")
        await expect(page.locator("dialog[open]")).to_contain_text("to the next ticket")
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await expect(page.locator("#search")).to_be_focused()
        await page.keyboard.type("jx")  # in a field, letters are letters
        await expect(page.locator("#search")).to_have_value("jx")
        await page.locator(f"#{rows[1]}").focus()
        await page.keyboard.press("o")
        await expect(page.locator("h1#subject")).to_be_visible()
        await page.keyboard.press("r")
        await expect(page.locator("#reply")).to_be_focused()
        await page.locator("#why").focus()
        await page.keyboard.press("g")
        await page.keyboard.press("q")
        await expect(page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()
        await page.keyboard.press("?")
        await page.get_by_role("button", name="Turn these keys off").click()
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        assert await page.evaluate("document.activeElement.closest('[data-row]')") is None
        assert visitor.complaints == []


async def test_a_countdown_goes_on_in_words_and_turns_to_overdue(tmp_path: Path) -> None:
    async with desk_visit(tmp_path) as (visitor, desk, clock):
        await desk.open_ticket(subject="Video stalls", priority="P2")  # two hours to the first response
        clock.advance(timedelta(hours=1, minutes=59))
        await visitor.sign_in(Role.VIEWER)
        await visitor.context.route("**/console/events", lambda route: route.abort())  # nobody tells it anything new
        await visitor.context.clock.install()
        page = await visitor.open("/tickets")
        due = page.locator("#ticket-1 [data-due]")
        await expect(due.locator("time")).to_have_text(re.compile(r"due in (1 min|5\d s)"))
        await page.clock.fast_forward(40_000)
        await expect(due.locator("time")).to_have_text(re.compile(r"due in [12]\d s"))
        await page.clock.fast_forward(40_000)
        await expect(due.locator("time")).to_have_text(re.compile(r"overdue by [12]\d s"))
        await expect(due).to_have_attribute("data-late", "")
        await expect(due).not_to_have_attribute("data-soon", "")
        assert visitor.complaints == []


async def test_the_queue_follows_what_happens_and_keeps_focus_selection_and_scroll(
    tmp_path: Path, nats_server: NatsServer
) -> None:
    async with desk_visit(tmp_path, nats_url=nats_server.url) as (visitor, desk, clock):
        for number in range(25):
            await desk.open_ticket(subject=f"Ticket {number}", priority="P3")
        await visitor.sign_in(Role.IT_AGENT)
        page = await visitor.open("/tickets")
        await expect(page.locator("#live")).to_have_attribute("data-state", "on")
        await page.locator("#pick-20").check()
        await page.locator("#open-21").focus()
        await page.locator("#open-21").scroll_into_view_if_needed()
        scrolled = await page.evaluate("scrollY")

        clock.advance(timedelta(minutes=1))
        await desk.open_ticket(subject="A new one, due first", priority="P2")
        await desk.call("PATCH", "tickets/20", {"priority": "P4"}, **{"if-match": 'W/"1"'})
        await tell(desk)
        await expect(page.locator("#ticket-26")).to_contain_text("A new one, due first")
        await expect(page.locator("#ticket-20")).to_contain_text("P4 low")
        await expect(page.locator("#pick-20")).to_be_checked()
        await expect(page.locator("#pick-20")).to_have_value("20:2")  # what is sent is the ticket as it is shown now
        await expect(page.locator("#open-21")).to_be_focused()
        assert abs(await page.evaluate("scrollY") - scrolled) < 120  # a row came in above
        assert visitor.complaints == []


async def test_a_reply_that_is_being_written_survives_what_others_do(tmp_path: Path, nats_server: NatsServer) -> None:
    async with desk_visit(tmp_path, nats_url=nats_server.url) as (visitor, desk, _):
        await desk.open_ticket(subject="Video stalls", priority="P2")
        await visitor.sign_in(Role.IT_AGENT)
        page = await visitor.open("/tickets/1")
        await expect(page.locator("#live")).to_have_attribute("data-state", "on")
        await page.locator("#reply").fill("Half a sentence")
        await desk.call("POST", "tickets/1/comments", {"body": "I was faster.", "status": "on_hold"})
        await tell(desk)
        await expect(page.get_by_text("I was faster.")).to_be_visible()
        await expect(page.locator("#reply")).to_have_value("Half a sentence")
        await page.get_by_role("button", name="Send and solve").click()
        await expect(page.get_by_role("heading", name="Somebody was faster")).to_be_visible()
        await expect(page.locator("#body")).to_have_value("Half a sentence")
        await page.get_by_role("button", name="Do it as I want it").click()
        await expect(page.locator(".said")).to_contain_text("the ticket is solved")
        assert visitor.complaints == []


async def test_the_strip_of_a_clock_is_filled_without_gaps_and_marks_when_it_is_due(tmp_path: Path) -> None:
    async with desk_visit(tmp_path, width=390) as (visitor, desk, clock):
        await fill(desk, clock)
        await visitor.sign_in(Role.VIEWER)
        page = await visitor.open("/tickets/2")
        strip = page.locator("#clock-first_response-1 svg.strip")
        boxes = await strip.locator("rect").evaluate_all(
            "found => found.map((one) => one.getBoundingClientRect()).map((box) => [box.left, box.right])"
        )
        whole = await strip.bounding_box()
        assert whole is not None
        edges = [*zip([right for _, right in boxes], [left for left, _ in boxes[1:]], strict=False)]
        edges += [(boxes[0][0], whole["x"]), (boxes[-1][1], whole["x"] + whole["width"])]
        assert all(abs(one - other) < 1.0 for one, other in edges)
        kinds = await strip.locator("rect").evaluate_all("found => found.map((one) => one.classList[1])")
        assert kinds[:3] == ["seg-running", "seg-late", "seg-closed"]
        due = await strip.locator("line").bounding_box()
        assert due is not None
        assert abs(due["x"] + due["width"] / 2 - boxes[1][0]) < 1.5  # where the red begins
        assert visitor.complaints == []


async def test_without_scripts_the_desk_works_by_links_and_forms(tmp_path: Path) -> None:
    async with desk_visit(tmp_path, scripts=False, width=390) as (visitor, desk, _):
        await desk.open_ticket(subject="Video stalls", priority="P2")
        await visitor.sign_in(Role.IT_AGENT)
        page = await visitor.open("/tickets")
        await expect(page.locator("#ticket-1 time")).to_contain_text("due in")
        await page.get_by_role("link", name="Video stalls").click()
        await page.locator("#reply").fill("Cleared the cache.")
        await page.get_by_role("button", name="Send and solve").click()
        await expect(page.locator(".said")).to_contain_text("the ticket is solved")
        await page.goto(visitor.url + "/tickets/new")
        await page.get_by_label("What is it about?").fill("No sound")
        await page.get_by_role("button", name="Open the ticket").click()
        await expect(page.locator("h1#subject")).to_have_text("No sound")


async def tell(desk: DeskConsole) -> None:
    bus = desk.console.app.state.runtime.bus
    await bus.connected.wait()
    await bus.client.publish("tickets.ticket.changed.v1.any", b"{}")
