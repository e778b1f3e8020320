"""Sign-offs: the list for staff, and the page that a signed link leads to. HTML and one style sheet, no script.

The gateway shows `/public/signoffs/{token}` as `/signoff/{token}` and `/public/assets/...` as `/signoff/assets/...`, so the
page names its style sheet relative to itself and its form posts to wherever it was shown.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.rollout.api.units import RolloutUow
from services.rollout.errors import SignoffDecided, SignoffNotFound, SignoffVoid
from services.rollout.ports import RolloutUnit
from services.rollout.schemas.signoffs import SignoffOut
from services.rollout.usecases.signoffs import find_signoff_sheet, give_signoff, list_signoffs
from shared.errors import InvalidRequest
from shared.links import LinkInvalid
from shared.rest import Now, Page, Paging, RealNow, Router, page_of

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 32 * 1024
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # The address bears the link: it must not travel on, be kept, or be found.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_TEMPLATES = Path(__file__).parent.parent / "templates"


class Pages:
    """The templates, filled."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.style_sheet = (_TEMPLATES / "signoff.css").read_text(encoding="utf-8")

    def fill(self, name: str, status: int, **values: Any) -> HTMLResponse:
        html = self._environment.get_template(name).render(**values)
        return HTMLResponse(html, status_code=status, headers=PAGE_HEADERS)

    def trouble(self, status: int, title: str, detail: str) -> HTMLResponse:
        return self.fill("trouble.html", status, title=title, detail=detail)

    async def sheet(
        self, unit: RolloutUnit, signoff_id: str, *, status: int = 200, problem: str = "", given: dict[str, str]
    ) -> HTMLResponse:
        """The form while nothing is decided; then what was decided, or why it is void."""
        sheet = await find_signoff_sheet(unit, signoff_id)
        return self.fill("signoff.html", status, sheet=sheet, request=sheet.request, problem=problem, given=given)


@cache
def make_signoffs_router() -> Router:
    router = Router(tags=["sign-offs"])

    @router.get("/v1/signoffs")
    async def list_all(
        request: Request,
        response: Response,
        unit: RolloutUow,
        paging: Paging,
        rollout: Annotated[str | None, Query(max_length=63)] = None,
    ) -> Page[SignoffOut]:
        """Who was asked to sign off what, and what they decided. Newest first, void ones too."""
        found, after = await list_signoffs(unit, paging, rollout=rollout)
        return page_of([SignoffOut.of(one) for one in found], after, request, response)

    return router


@cache
def make_signoff_page_router() -> Router:
    router, pages = Router(tags=["signers"]), Pages()

    @router.get("/public/assets/signoff.css")
    async def style_sheet() -> Response:
        return Response(pages.style_sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    @router.get("/public/signoffs/{token}", response_class=HTMLResponse)
    async def show_signoff(request: Request, token: str, unit: RolloutUow, real_now: RealNow) -> HTMLResponse:
        """What is asked, or what was decided. Opening the page decides nothing."""
        try:
            return await pages.sheet(unit, _subject(request, token, real_now), given={})
        except (LinkInvalid, SignoffNotFound) as error:
            return pages.trouble(error.status, error.title, error.detail)

    @router.post(
        "/public/signoffs/{token}",
        response_class=HTMLResponse,
        openapi_extra={"requestBody": {"required": True, "content": {FORM_TYPE: {"schema": {"type": "object"}}}}},
    )
    async def decide_signoff(
        request: Request, token: str, unit: RolloutUow, now: Now, real_now: RealNow
    ) -> HTMLResponse:
        """Take the decision, once."""
        try:
            signoff_id = _subject(request, token, real_now)
            given = _read_form(request, await request.body())
        except LinkInvalid as error:
            return pages.trouble(error.status, error.title, error.detail)
        except InvalidRequest as error:
            return pages.trouble(error.status, "The form could not be read", error.detail)
        try:
            await give_signoff(
                unit, signoff_id, decision=given.get("decision", ""), comment=given.get("comment", ""), now=now
            )
        except SignoffNotFound as error:
            return pages.trouble(error.status, error.title, error.detail)
        except InvalidRequest as error:
            return await pages.sheet(unit, signoff_id, status=422, problem=error.detail, given=given)
        except (SignoffDecided, SignoffVoid) as error:
            return await pages.sheet(unit, signoff_id, status=409, problem=error.detail, given={})
        return await pages.sheet(unit, signoff_id, given={})

    return router


def _subject(request: Request, token: str, real_now: Any) -> str:
    subject: str = request.app.state.runtime.links.read(token, purpose="signoff", now=real_now)
    return subject


def _read_form(request: Request, body: bytes) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM_TYPE or len(body) > MOST_BYTES:
        raise InvalidRequest("Please decide on the page itself.")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise InvalidRequest("What was sent is not a filled-in form.") from error
    return {name: values[-1] for name, values in fields.items()}
