"""Somebody with a browser at the console: Debian's Chromium, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, ConsoleMessage, Page, async_playwright, expect

from services.gateway.main import MIGRATIONS
from shared import migrations
from shared.auth import Role
from tests.support.console import StagedConsole, staged_console
from tests.support.serving import served

# The shell is the same browser without a window: it takes two thirds of the time.
CHROMIUM = next(filter(Path.exists, map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium"))), None)
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium-headless-shell"),
]
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
PATIENCE_MILLISECONDS = 30_000
"""A machine with more to do than cores takes long; a page that never changes fails just as surely after this."""
expect.set_options(timeout=PATIENCE_MILLISECONDS)
Scheme = Literal["light", "dark"]
LEAST_TARGET = 24
AXE = Axe().axe_script


@dataclass
class Visit:
    """Somebody with a browser at the console. `complaints` is what the browser's console and its scripts complained of."""

    console: StagedConsole
    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)
    _checked: Page | None = None

    async def open(self, path: str) -> Page:
        page = await self._new_page()
        await page.goto(self.url + path)
        return page

    async def open_to_check(self, path: str) -> Page:
        """In the one page that has axe with it from the start: bringing it into each page takes as long as its checks do."""
        if self._checked is None:
            self._checked = await self._new_page()
            await self._checked.add_init_script(AXE)
        await self._checked.goto(self.url + path)
        return self._checked

    async def _new_page(self) -> Page:
        page = await self.context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def sign_in(self, *roles: Role) -> None:
        page = await self.context.new_page()
        await page.goto(self.url + await self.console.login_link(*roles))
        await page.close()

    def _note(self, message: ConsoleMessage) -> None:
        # Chromium reports the status of a page that is meant to be a 404 as an error too.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


@asynccontextmanager
async def visit(
    folder: Path,
    *trees: dict[str, Any],
    nats_url: str = "nats://127.0.0.1:1",
    width: int = 1280,
    scheme: Scheme = "light",
    scripts: bool = True,
) -> AsyncIterator[Visit]:
    database = f"sqlite+aiosqlite:///{folder}/gateway.db"
    migrations.upgrade_now(database, MIGRATIONS)
    async with (
        staged_console(database, *trees, nats_url=nats_url) as console,
        browsing(console, width=width, scheme=scheme, scripts=scripts) as visitor,
    ):
        yield visitor


@asynccontextmanager
async def browsing(
    console: StagedConsole, *, width: int = 1280, scheme: Scheme = "light", scripts: bool = True
) -> AsyncIterator[Visit]:
    """A browser at a console that runs already."""
    async with served(console.app) as port, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        try:
            yield Visit(console, context, f"http://127.0.0.1:{port}")
        finally:
            await browser.close()
            console.app.state.console.hang_up()


async def check_page(visitor: Visit, path: str, *, least_target: int = LEAST_TARGET) -> None:
    """Clean to axe with every detail open, as wide as its window at most, and nothing to press that is too small to hit.

    `least_target` is in CSS pixels; the page's top line is held to the smallest allowed everywhere.
    """
    page = await visitor.open_to_check(path)
    await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)")
    broken = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
    assert broken == [], path
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than its window"
    small = await page.evaluate(
        """([least, most]) => [...document.querySelectorAll('button, .button, summary, nav a, input:not([type=hidden]), select')]
            .filter((one) => one.checkVisibility() && !one.closest("label.choice, label.pick"))
            .filter((one) => one.getBoundingClientRect().height < (one.closest("main .desk") ? most : least) - 0.01)
            .map((one) => one.outerHTML.slice(0, 160))""",
        [LEAST_TARGET, least_target],
    )
    assert small == [], f"targets that are too small on {path}: {small}"
