"""The desk's public pages in a real browser: without JavaScript, by keyboard, on a phone, light and dark, and axe's verdict."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, Page, Route, sync_playwright

from services.tickets.api.forms import problems_in
from services.tickets.api.pages import HEADERS, Pages
from services.tickets.domain.calendar import Calendar, Hours, Window
from services.tickets.domain.clock import Clock
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.faq import Entry
from services.tickets.domain.policy import Status, Target
from services.tickets.domain.ticket import AuthorRole, Comment, Ticket
from services.tickets.ports import Contact, Identification
from services.tickets.ports.channel import FollowLink, Wave
from services.tickets.usecases.support import Followed
from tests.support.browser import ARGUMENTS, CHROMIUM, NEEDS_CHROMIUM

pytestmark = NEEDS_CHROMIUM
ADDRESS = "http://glidepath.test/help"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PAGES = Pages("help@example.org")
FORM_ID = "0" * 32
GIVEN = {
    "name": "Ada",
    "email": "ada@example.com",
    "subject": "The video stalls",
    "description": "After three minutes.\nAlways.",
    "affected": "course",
    "cause": "network",
    "minutes_lost": "30",
    "urgency": "P3",
    "impact": "",
}
WAVE = Wave(
    rollout="safety-video",
    wave="north",
    title="Safety video",
    phase="open",
    opened_at=NOW,
    completed_at=NOW,
    systems=("Vidstream",),
    courses={"moodle": "42"},
)
ENTRY = Entry(
    entry_id="e",
    ticket_id="t",
    rollout=None,
    wave=None,
    question="Why does the video stall in the branch office?",
    answer="The line there is narrow.\nChoose 480p.",
    created_at=NOW,
    created_by="Tina",
    updated_at=NOW,
)
TICKET = Ticket(
    ticket_id="t",
    number=42,
    subject="The video stalls " + "andstallsandstalls" * 8,
    description="After three minutes.",
    status=Status.OPEN,
    requester_id="c",
    policy_name="standard",
    policy_version=1,
    opened_at=NOW,
)
HOURS = Hours.of(Calendar(zone="Europe/Berlin", week=((Window(opens=540, closes=1020),),) * 7, holidays=frozenset()))
CLOCK = Clock(
    ticket_id="t",
    target=Target.NEXT_RESPONSE,
    started_at=NOW,
    target_for=timedelta(hours=4),
    hours=HOURS,
    due_at=NOW + timedelta(hours=4),
)
LATE = replace(CLOCK, target=Target.RESOLUTION, due_at=NOW - timedelta(hours=4), breached_at=NOW - timedelta(hours=4))


def word(role: AuthorRole, author_id: str, body: str) -> Comment:
    return Comment(
        comment_id=body,
        ticket_id="t",
        at=NOW,
        observed_at=NOW,
        author_id=author_id,
        author_name=role.value.title(),
        author_role=role,
        public=True,
        body=body,
    )


def followed(status: Status) -> Followed:
    clocks = {(each.target, each.cycle): each for each in (CLOCK, LATE)}
    return Followed(
        link=FollowLink(link_id="l", ticket_id="t", made_at=NOW),
        dossier=Dossier(ticket=replace(TICKET, status=status), clocks={} if status.done else clocks),
        requester=Contact(
            contact_id="c",
            identification=Identification(system="", scheme="email", value="ada@example.com"),
            name="Ada",
            person_id=None,
        ),
        comments=[word(AuthorRole.AGENT, "b", "Which browser?"), word(AuthorRole.REQUESTER, "c", "Firefox " * 60)],
        more=True,
        zone="Europe/Berlin",
    )


def wrong() -> HTMLResponse:
    given = {**GIVEN, "email": "ada@", "urgency": "", "affected": ""}
    return PAGES.form(WAVE, [], form_id=FORM_ID, given=given, problems=problems_in(given, WAVE), status=422)


def pages() -> list[HTMLResponse]:
    """Every page in every state."""
    open_one = followed(Status.OPEN)
    return [
        PAGES.form(None, [ENTRY], form_id=FORM_ID, given={}, problems={}),
        PAGES.form(WAVE, [ENTRY], form_id=FORM_ID, given=GIVEN, problems={}),
        wrong(),
        PAGES.check(WAVE, [ENTRY, replace(ENTRY, entry_id="f")], form_id=FORM_ID, given=GIVEN),
        PAGES.check(None, [], form_id=FORM_ID, given={**GIVEN, "affected": "Vidstream"}),
        PAGES.receipt(open_one.dossier, again="/help", now=NOW),
        PAGES.ticket(open_one, NOW, done="said"),
        PAGES.ticket(open_one, NOW, problem="Please write something.", status=422),
        PAGES.ticket(followed(Status.SOLVED), NOW),
        PAGES.ticket(followed(Status.CLOSED), NOW),
        PAGES.over("It was stopped."),
        PAGES.message("Good to hear", "Nothing was sent.", again="/help"),
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[tuple[Page, list[HTMLResponse]]]:
    """A page that shows the last of the answers, as the gateway would; what it sends is shown as text."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    shown: list[HTMLResponse] = []

    def serve(route: Route) -> None:
        if route.request.url.endswith("/help/assets/support.css"):
            route.fulfill(body=PAGES.style_sheet, content_type="text/css")
        elif route.request.method == "POST":
            route.fulfill(body=f"<!doctype html><title>got</title><pre>{route.request.post_data}</pre>")
        else:
            html = bytes(shown[-1].body).decode()
            route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=HEADERS)

    context.route("**/*", serve)
    yield page, shown
    context.close()


def sent(page: Page) -> dict[str, str]:
    fields = parse_qs(page.locator("pre").inner_text(), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_every_page_is_clean_for_axe_and_fits_the_screen(browser: Browser, scheme: Any, width: int) -> None:
    size = {"width": width, "height": 844}
    with opened(browser, color_scheme=scheme, viewport=size, bypass_csp=True) as (page, shown):
        for answer in pages():
            shown.append(answer)
            page.goto(ADDRESS)
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_form_is_filled_in_and_sent_by_keyboard_alone_without_javascript(browser: Browser) -> None:
    with opened(browser, java_script_enabled=False, viewport={"width": 390, "height": 844}) as (page, shown):
        shown.append(PAGES.form(None, [], form_id=FORM_ID, given={}, problems={}))
        page.goto(ADDRESS)
        page.get_by_label("Your name").focus()
        typed = ["Ada", "ada@example.com", "It stalls", "Always", "Vidstream", "", "30"]
        for words in typed:
            page.keyboard.type(words)
            page.keyboard.press("Tab")
        page.keyboard.press("Space")  # the first of the choices
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("Oslo")
        page.keyboard.press("Tab")  # past the trap, which is never reached
        page.keyboard.press("Enter")
        fields = sent(page)
        assert {name: fields[name] for name in ("name", "email", "subject", "description", "affected")} == dict(
            zip(("name", "email", "subject", "description", "affected"), typed, strict=False)
        )
        assert (fields["minutes_lost"], fields["urgency"], fields["impact"]) == ("30", "P2", "Oslo")
        assert (fields["website"], fields["step"]) == ("", "check")


def test_targets_are_large_enough_for_a_thumb(browser: Browser) -> None:
    with opened(browser, viewport={"width": 390, "height": 844}) as (page, shown):
        shown.append(PAGES.form(WAVE, [ENTRY], form_id=FORM_ID, given={}, problems={}))
        page.goto(ADDRESS)
        for target in page.locator("button, summary, label.choice, input:visible:not([type=radio]), select").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 24


def test_an_error_leads_to_its_field_and_is_read_with_it(browser: Browser) -> None:
    with opened(browser, viewport={"width": 390, "height": 844}) as (page, shown):
        shown.append(wrong())
        page.goto(ADDRESS)
        assert page.title().startswith("Error:")
        page.get_by_role("link", name="Your e-mail address").click()
        assert page.evaluate("document.activeElement.id") == "email"
        described = page.get_by_label("Your e-mail address").get_attribute("aria-describedby")
        assert described == "email-hint email-problem"
        page.get_by_role("link", name="How bad is it").click()
        assert page.evaluate("document.activeElement.id") == "urgency-P1"
        assert page.get_by_label("Your name").input_value() == "Ada"


def test_an_entry_that_answers_it_is_one_press_and_names_itself(browser: Browser) -> None:
    with opened(browser, java_script_enabled=False, viewport={"width": 1280, "height": 844}) as (page, shown):
        shown.append(PAGES.check(None, [ENTRY], form_id=FORM_ID, given=GIVEN))
        page.goto(ADDRESS)
        page.get_by_role("button", name="Yes, this answers it (Why does the video stall").click()
        fields = sent(page)
        assert (fields["answered"], fields["form_id"]) == ("e", FORM_ID)
        assert "step" not in fields


def test_the_trap_is_out_of_the_way_of_people_and_the_policy_keeps_scripts_out(browser: Browser) -> None:
    with opened(browser) as (page, shown):
        shown.append(PAGES.form(None, [], form_id=FORM_ID, given={}, problems={}))
        page.goto(ADDRESS)
        assert not page.locator("#website").is_visible()
        refused = page.evaluate(
            "new Promise(done => {"
            " document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));"
            " const s = document.createElement('script'); s.textContent = '1'; document.body.append(s); })"
        )
        assert refused.startswith("script-src")
