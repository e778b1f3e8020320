"""Pages without a session: signing in and out, and what a problem's `type` address explains."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.console.problem_texts import ProblemText
from services.gateway.console.rendering import PAGE_HEADERS, Pages
from services.gateway.console.sessions import SessionDesk, check_csrf, read_form
from services.gateway.domain.login import session_cookie


@dataclass(frozen=True, slots=True)
class EntryPages:
    desk: SessionDesk
    pages: Pages
    texts: Mapping[str, ProblemText]

    async def log_in(self, request: Request) -> Response:
        """A one-time link becomes a session. Only a person's visit uses the link up, not a preview of it."""
        looked_ahead = "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", ""))
        if request.method == "HEAD" or looked_ahead:
            return Response(status_code=204 if request.method == "HEAD" else 503, headers=PAGE_HEADERS)
        cookie = await self.desk.redeem(str(request.path_params["token"]))
        answer = RedirectResponse("/", status_code=303, headers=PAGE_HEADERS)
        answer.headers["set-cookie"] = session_cookie(cookie, secure=self.desk.secure)
        return answer

    async def how_to_log_in(self, request: Request) -> Response:
        if await self.desk.find(request) is not None:
            return RedirectResponse("/", status_code=303, headers=PAGE_HEADERS)
        return self.pages.fill("sign_in.html", who=None)

    async def ask_log_out(self, request: Request) -> Response:
        who = await self.desk.find(request)
        if who is None:
            return RedirectResponse("/login", status_code=303, headers=PAGE_HEADERS)
        return self.pages.fill("sign_out.html", who=who)

    async def log_out(self, request: Request) -> Response:
        who = await self.desk.find(request)
        if who is not None:
            check_csrf(await read_form(request), who)
            await self.desk.end(request)
        answer = RedirectResponse("/login?gone=1", status_code=303, headers=PAGE_HEADERS)
        answer.headers["set-cookie"] = self.desk.forgetting_cookie()
        return answer

    async def problem(self, request: Request) -> Response:
        code = str(request.path_params["code"])
        text = self.texts.get(code)
        who = await self.desk.find(request)
        return self.pages.fill("problem.html", who=who, status=200 if text else 404, code=code[:80], text=text)

    async def problems(self, request: Request) -> Response:
        return self.pages.fill("problems.html", who=await self.desk.find(request), problems=self.texts)
