"""The respondent's page: HTML and one style sheet, no script, nothing from elsewhere.

The gateway shows `/public/invitations/{token}` as `/survey/{token}` and `/public/assets/...` as `/survey/assets/...`, so the page
names its style sheet relative to itself and its form posts to wherever it was shown.
"""

from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.survey.errors import InvitationUnknown
from services.survey.ports import SurveyUnit
from services.survey.usecases import InvitationView, Standing, answer_invitation, look_at_invitation
from shared.links import LinkInvalid
from shared.rest import Now, RealNow, Router, request_unit
from shared.rest.routes import UnitRoute

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 16 * 1024
MOST_FIELDS = 100
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
REFUSALS = {Standing.CLOSED: 410, Standing.REJECTED: 422}
"""Of an answer. Looking at a page is never refused, whatever the page says."""
_HERE = Path(__file__).parent.parent
SurveyUow = Annotated[SurveyUnit, Depends(request_unit)]


class UnkeyedRoute(UnitRoute):
    """Takes no Idempotency-Key. A stored answer to a POST would tie the link, the hour and a hash of the answers together;
    the invitation itself is single use, which is all the idempotency the page needs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_without_key(request: Request) -> Response:
            headers = [(name, value) for name, value in request.scope["headers"] if name != b"idempotency-key"]
            return await handle(Request({**request.scope, "headers": headers}, request.receive))

        return handle_without_key


class FormUnreadable(Exception):
    """`status` and what to tell the person."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Pages:
    """The templates, filled."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.style_sheet = (_HERE / "templates" / "survey.css").read_text(encoding="utf-8")

    def invitation(
        self, view: InvitationView, given: Mapping[str, list[str]] = MappingProxyType({}), *, status: int = 200
    ) -> HTMLResponse:
        """The page for how the invitation stands; `given` is kept in the form that is shown again."""
        name = "form.html" if view.standing in (Standing.OPEN, Standing.REJECTED) else "message.html"
        html = self._templates.get_template(name).render(
            standing=view.standing.value,
            campaign=view.campaign,
            instrument=view.instrument,
            problems={problem.question: problem.detail for problem in view.problems},
            given={question: values[-1] for question, values in given.items() if values},
        )
        return HTMLResponse(html, status_code=status, headers=PAGE_HEADERS)

    def trouble(self, status: int, title: str, detail: str) -> HTMLResponse:
        html = self._templates.get_template("trouble.html").render(title=title, detail=detail)
        return HTMLResponse(html, status_code=status, headers=PAGE_HEADERS)


async def read_form(request: Request) -> dict[str, list[str]]:
    """The submitted fields. `FormUnreadable` for what no form of ours sends."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        raise FormUnreadable(415, "Please answer on the page itself.")
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise FormUnreadable(413, "What was sent is larger than any answer can be.")
    try:
        return parse_qs(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise FormUnreadable(400, "What was sent is not a filled-in form.") from error


@cache
def make_page_router() -> Router:
    pages = Pages()
    router = Router(tags=["respondents"])
    router.route_class = UnkeyedRoute

    @router.get("/public/invitations/{token}", response_class=HTMLResponse)
    async def show_invitation(
        request: Request, token: str, unit: SurveyUow, now: Now, real_now: RealNow
    ) -> HTMLResponse:
        """The questions, or why there are none. Opening the page changes nothing."""
        try:
            return pages.invitation(await look_at_invitation(unit, _subject(request, token, real_now), now))
        except (LinkInvalid, InvitationUnknown) as error:
            return pages.trouble(error.status, error.title, error.detail)

    @router.post(
        "/public/invitations/{token}",
        response_class=HTMLResponse,
        openapi_extra={"requestBody": {"required": True, "content": {FORM_TYPE: {"schema": {"type": "object"}}}}},
    )
    async def submit_answers(
        request: Request, token: str, unit: SurveyUow, now: Now, real_now: RealNow
    ) -> HTMLResponse:
        """Take the answer, or show the form again with what is wrong beside each question."""
        try:
            invitation_id = _subject(request, token, real_now)
            given = await read_form(request)
            view = await answer_invitation(unit, invitation_id, given, now)
            return pages.invitation(view, given, status=REFUSALS.get(view.standing, 200))
        except (LinkInvalid, InvitationUnknown) as error:
            return pages.trouble(error.status, error.title, error.detail)
        except FormUnreadable as error:
            return pages.trouble(error.status, "This could not be read", error.detail)

    @router.get("/public/assets/survey.css")
    async def get_style_sheet() -> Response:
        """The page's only asset."""
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(pages.style_sheet, media_type="text/css", headers=headers)

    return router


def _subject(request: Request, token: str, real_now: Any) -> str:
    """The invitation that the link was signed for. `LinkInvalid`."""
    links = request.app.state.runtime.links
    subject: str = links.read(token, purpose="survey", now=real_now)
    return subject
