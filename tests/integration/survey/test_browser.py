"""The respondent's page in a real browser: without JavaScript, on a phone and a desk, light and dark, and axe's verdict on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, sync_playwright

import services.survey
from services.survey.adapters.instrument_files import FileLibrary
from services.survey.api.pages import PAGE_HEADERS, Pages
from services.survey.domain.campaign import Campaign
from services.survey.domain.instrument import read_answers
from services.survey.domain.verdict import Outcome
from services.survey.usecases import InvitationView, Standing
from tests.integration.survey.desk import CLOSES
from tests.support.browser import ARGUMENTS, CHROMIUM, NEEDS_CHROMIUM

pytestmark = NEEDS_CHROMIUM
ADDRESS = "http://glidepath.test/survey/token"
PAGES = Pages()
LOADED = FileLibrary(Path(services.survey.__file__).parent / "instruments").find_latest("readiness")
assert LOADED is not None
INSTRUMENT = LOADED.instrument
OPEN = InvitationView(
    standing=Standing.OPEN,
    instrument=INSTRUMENT,
    campaign=Campaign(
        id="c",
        request_id="r",
        instrument_id=INSTRUMENT.id,
        instrument_version=INSTRUMENT.version,
        title=INSTRUMENT.title,
        mode=INSTRUMENT.mode,
        k=INSTRUMENT.k,
        rollout="safety-video",
        wave="it",
        gate="ready",
        measure="ready",
        threshold=0.7,
        confidence=0.95,
        on_undecided=Outcome.UNDECIDED,
        audience_size=40,
        closes_at=CLOSES,
    ),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@contextmanager
def showing(browser: Browser, view: InvitationView, given: dict[str, list[str]], **options: Any) -> Iterator[Page]:
    """The page as the gateway would show it; its form goes nowhere."""
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    page = context.new_page()

    def serve(route: Route) -> None:
        if route.request.url.endswith("/survey/assets/survey.css"):
            route.fulfill(body=PAGES.style_sheet, content_type="text/css")
        elif route.request.method == "POST":
            route.fulfill(body=f"<!doctype html><title>got</title><pre>{route.request.post_data}</pre>")
        else:
            html = bytes(PAGES.invitation(view, given).body).decode()
            route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=PAGE_HEADERS)

    context.route("**/*", serve)
    page.goto(ADDRESS)
    yield page
    context.close()


def rejected() -> tuple[InvitationView, dict[str, list[str]]]:
    given = {"awareness": ["5"], "ability": ["9"]}
    _, problems = read_answers(INSTRUMENT, given)
    return replace(OPEN, standing=Standing.REJECTED, problems=problems), given


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_every_state_of_the_page_is_clean_for_axe_and_fits_the_screen(
    browser: Browser, scheme: str, width: int
) -> None:
    plain = (Standing.ACCEPTED, Standing.ANSWERED, Standing.CLOSED)
    views = [(OPEN, {}), rejected(), *((replace(OPEN, standing=standing), {}) for standing in plain)]
    for view, given in views:
        viewport = {"width": width, "height": 844}
        with showing(browser, view, given, color_scheme=scheme, viewport=viewport, bypass_csp=True) as page:
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_person_without_javascript_answers_by_tapping_labels(browser: Browser) -> None:
    with showing(browser, OPEN, {}, java_script_enabled=False, viewport={"width": 390, "height": 844}) as page:
        for field in page.locator("fieldset").all():
            label = field.get_by_text("Mostly")
            box = label.locator("xpath=ancestor::label").bounding_box()
            assert box is not None
            assert box["height"] >= 44  # a thumb's width; 24 px would be the rule
            label.click()
        page.get_by_role("button", name="Send my answers").click()
        assert page.locator("pre").inner_text() == "&".join(f"{q.id}=4" for q in INSTRUMENT.questions)


def test_an_error_leads_to_its_statement_and_keeps_what_was_chosen(browser: Browser) -> None:
    view, given = rejected()
    with showing(browser, view, given, viewport={"width": 390, "height": 844}) as page:
        assert page.title().startswith("Error:")
        assert page.locator("#awareness-5").is_checked()
        page.get_by_role("link", name="Ability").click()
        assert page.evaluate("document.activeElement.id") == "ability-1"


def test_the_policy_of_the_page_lets_its_own_sheet_in_and_nothing_else(browser: Browser) -> None:
    with showing(browser, OPEN, {}) as page:
        assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "672px"
        refused = page.evaluate(
            "new Promise(done => {"
            " document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));"
            " const s = document.createElement('script'); s.textContent = '1'; document.body.append(s); })"
        )
        assert refused.startswith("script-src")
