"""Pages for people without an account: the form at `/help`, and their ticket at `/ticket/{token}`.

The gateway shows `/public/help...` as `/help...` and `/public/tickets/{token}` as `/ticket/{token}`. No page sets or reads a
cookie, so no other site can make a browser do here what it could not do by itself: there is nothing to forge across
sites. What may be done to a ticket is in the link alone.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.tickets.api.forms import (
    FORM_TYPE,
    FormUnreadable,
    answered_in,
    form_id_of,
    problem_of,
    problems_in,
    read_form,
    shown_in,
)
from services.tickets.api.pages import Pages
from services.tickets.api.reading import Unit
from services.tickets.domain.policy import Status
from services.tickets.errors import TicketAlreadyClosed, TicketMerged, TicketNotFound
from services.tickets.ports import TicketsUnit
from services.tickets.ports.channel import FaqFilter, Wave
from services.tickets.usecases.support import (
    Followed,
    follow_ticket,
    look_for_answers,
    raise_ticket,
    replace_link,
    say_more,
    send_new_link,
    set_status,
    why_refused,
)
from shared.links import LinkExpired, LinkInvalid
from shared.rest import Now, RealNow, Router
from shared.rest.routes import UnitRoute

MOST_LISTED = 8
MOST_TEXT = 20_000
EXPIRED = "Links to tickets work for a year after the last word."
REVOKED = "It was stopped, by you or by somebody who had it."
_TAKES_FORM = {"requestBody": {"required": True, "content": {FORM_TYPE: {"schema": {"type": "object"}}}}}
_STATUS_OF = {"solve": Status.SOLVED, "reopen": Status.OPEN, "withdraw": Status.CLOSED}
_DONE = {"say": "said", "solve": "solved", "reopen": "reopened", "withdraw": "withdrawn"}


class UnkeyedRoute(UnitRoute):
    """Takes no Idempotency-Key: a form bears its own id, and answers that show a ticket are not to be stored."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_without_key(request: Request) -> Response:
            headers = [(name, value) for name, value in request.scope["headers"] if name != b"idempotency-key"]
            return await handle(Request({**request.scope, "headers": headers}, request.receive))

        return handle_without_key


def _pages(request: Request) -> Pages:
    """Made once per process, with what the settings say."""
    state = request.app.state
    if not hasattr(state, "public_pages"):
        state.public_pages = Pages(getattr(state.runtime.settings, "mail_address", None))
    pages: Pages = state.public_pages
    return pages


Filled = Annotated[Pages, Depends(_pages)]
Place = Annotated[str, Path(max_length=200)]
router = Router(tags=["public"])
router.route_class = UnkeyedRoute


@router.get("/public/help", response_class=HTMLResponse)
async def show_help(request: Request, unit: Unit, pages: Filled) -> HTMLResponse:
    """What others asked, and the form."""
    return await _blank(unit, pages, None)


@router.get("/public/help/{rollout}/{wave}", response_class=HTMLResponse)
async def show_wave_help(rollout: Place, wave: Place, unit: Unit, pages: Filled) -> HTMLResponse:
    """The same for the people of one wave."""
    found = await unit.support.find_wave(rollout, wave)
    return _no_wave(pages) if found is None else await _blank(unit, pages, found)


@router.post("/public/help", response_class=HTMLResponse, openapi_extra=_TAKES_FORM)
async def send_help(request: Request, unit: Unit, pages: Filled, now: Now) -> Response:
    """Step one shows step two; step two sends, goes back, or notes that an entry answered it."""
    return await _take_form(request, unit, pages, None, now)


@router.post("/public/help/{rollout}/{wave}", response_class=HTMLResponse, openapi_extra=_TAKES_FORM)
async def send_wave_help(
    request: Request, rollout: Place, wave: Place, unit: Unit, pages: Filled, now: Now
) -> Response:
    found = await unit.support.find_wave(rollout, wave)
    return _no_wave(pages) if found is None else await _take_form(request, unit, pages, found, now)


@router.get("/public/assets/support.css")
async def get_style_sheet(pages: Filled) -> Response:
    """The pages' only asset."""
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(pages.style_sheet, media_type="text/css", headers=headers)


@router.get("/public/tickets/{token}", response_class=HTMLResponse)
async def show_ticket(
    request: Request,
    token: str,
    unit: Unit,
    pages: Filled,
    now: Now,
    real_now: RealNow,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The ticket as its requester sees it. Opening the page changes nothing."""
    try:
        followed = await follow_ticket(unit, _subject(request, token, real_now))
    except LinkExpired:
        return pages.over(EXPIRED)
    except (LinkInvalid, TicketNotFound) as error:
        return pages.message(error.title, error.detail, status=404)
    return pages.over(REVOKED) if followed.revoked else pages.ticket(followed, now, done=done)


@router.post("/public/tickets/{token}", response_class=HTMLResponse, openapi_extra=_TAKES_FORM)
async def act_on_ticket(
    request: Request, token: str, unit: Unit, pages: Filled, now: Now, real_now: RealNow
) -> Response:
    """Say something, solve, reopen, withdraw; stop the link; ask for a new one."""
    try:
        form = await read_form(request)
        return await _act(request, token, form, unit, pages, now, real_now)
    except (LinkInvalid, TicketNotFound) as error:
        return pages.message(error.title, error.detail, status=404)
    except FormUnreadable as error:
        return pages.message("This could not be read", error.detail, status=error.status)


async def _blank(unit: TicketsUnit, pages: Pages, wave: Wave | None) -> HTMLResponse:
    return pages.form(wave, await _listed(unit, wave), form_id=form_id_of({}), given={}, problems={})


async def _listed(unit: TicketsUnit, wave: Wave | None) -> list[Any]:
    cut = FaqFilter(rollout=wave.rollout if wave else None, wave=wave.wave if wave else None)
    return await unit.faq.candidates(cut, MOST_LISTED)


def _no_wave(pages: Pages) -> HTMLResponse:
    told = "The address names a rollout or a part of one that is not known here."
    return pages.message("There is no such page", told, status=404, again="/help", again_text="Ask for help here")


async def _take_form(request: Request, unit: TicketsUnit, pages: Pages, wave: Wave | None, now: datetime) -> Response:
    here = "/help" if wave is None else f"/help/{quote(wave.rollout, safe='')}/{quote(wave.wave, safe='')}"
    try:
        form = await read_form(request)
    except FormUnreadable as error:
        return pages.message("This could not be read", error.detail, status=error.status, again=here)
    form_id, answered = form_id_of(form), answered_in(form)
    if answered is not None:
        await unit.faq.note_verdict(form_id, answered, helped=True, now=now)
        return pages.message("Good to hear", "Nothing was sent, and no ticket was made.", again=here)
    problems = problems_in(form, wave)
    if problems or form.get("step") == "edit":
        entries = await _listed(unit, wave)
        status = 422 if problems else 200
        return pages.form(wave, entries, form_id=form_id, given=form, problems=problems, status=status)
    problem = problem_of(form, form_id, wave)
    if form.get("step") != "send":
        return pages.check(wave, await look_for_answers(unit, problem), form_id=form_id, given=form)
    return pages.receipt(await raise_ticket(unit, problem, shown_in(form), now), again=here, now=now)


async def _act(
    request: Request,
    token: str,
    form: dict[str, str],
    unit: TicketsUnit,
    pages: Pages,
    now: datetime,
    real_now: datetime,
) -> Response:
    wanted = form.get("do", "")
    try:
        link_id = _subject(request, token, real_now)
    except LinkExpired as expired:
        return await _renew(unit, pages, expired.subject, now) if wanted == "renew" else pages.over(EXPIRED)
    followed = await follow_ticket(unit, link_id)
    if wanted == "renew":
        return await _renew(unit, pages, link_id, now)
    if followed.revoked:
        return pages.over(REVOKED)
    if wanted == "replace":
        await replace_link(unit, followed, now)
        return pages.message("This link is stopped", "A new one is on its way to the e-mail address of the ticket.")
    problem = await _carry_out(unit, followed, wanted, form, now)
    if problem:
        return pages.ticket(followed, now, problem=problem, text=form.get("text", ""), status=422)
    # Seen from the gateway this is /ticket/{token}; a reload does not send the form again.
    return RedirectResponse(f"/public/tickets/{token}?done={_DONE[wanted]}", status_code=303)


async def _carry_out(unit: TicketsUnit, followed: Followed, wanted: str, form: dict[str, str], now: datetime) -> str:
    """What is wrong with it, in the person's words; empty when it is done."""
    text = form.get("text", "")
    if len(text) > MOST_TEXT:
        return f"Please use at most {MOST_TEXT} characters."
    if wanted not in _DONE:
        return "Please use one of the buttons."
    if wanted == "say" and not text:
        return "Please write something, or use another button."
    if not await unit.tickets.claim_facts("form", {f"{followed.link.link_id}:{form_id_of(form)}"}, now):
        return ""  # the same form again: done already
    try:
        if wanted == "say":
            await say_more(unit, followed, text, now)
        else:
            await set_status(unit, followed, _STATUS_OF[wanted], text, now)
    except (TicketMerged, TicketAlreadyClosed) as error:
        return why_refused(error)
    return ""


async def _renew(unit: TicketsUnit, pages: Pages, link_id: str, now: datetime) -> HTMLResponse:
    await send_new_link(unit, link_id, now)
    return pages.message(
        "A new link is on its way",
        "It goes to the e-mail address of the ticket. If nothing comes within ten minutes, look among unwanted mail.",
    )


def _subject(request: Request, token: str, real_now: datetime) -> str:
    """The link's id. `LinkInvalid`, `LinkExpired`."""
    subject: str = request.app.state.runtime.links.read(token, purpose="ticket", now=real_now)
    return subject
