"""`/rollouts/{name}/{wave}/support`: how a wave's people fare: their tickets live, and the answers that others can use."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, in_path, items_of, named, problem_of
from services.gateway.console.desk.queue_view import row_view
from services.gateway.console.desk.words import status_look
from services.gateway.console.sessions import Fields, SignedIn
from shared.auth import Role
from shared.rest import etag

LONG_FORM_BYTES: Final = 128 * 1024
SUGGESTED: Final = 10
SAID: Final[Mapping[str, str]] = {
    "published": "The answer is in the FAQ.",
    "revised": "The answer was changed.",
    "taken": "Nobody is shown this answer any more. What it said is kept.",
}


@dataclass(frozen=True, slots=True)
class SupportPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        return await self._page(who, request, said=SAID.get(request.query_params.get("done", ""), ""))

    async def publish(self, request: Request) -> Response:
        """An entry of the FAQ, made from a solved ticket."""
        who, form = await self.desk.form(request, most_bytes=LONG_FORM_BYTES)
        body = {**_text(form), "ticket_id": form.line("ticket_id"), "reviewed": bool(form.get("reviewed"))}
        return await self._act(who, request, "POST", "/v1/faq", body, form, "published")

    async def revise(self, request: Request) -> Response:
        who, form = await self.desk.form(request, most_bytes=LONG_FORM_BYTES)
        path = f"/v1/faq/{named(request, 'entry')}"
        if form.get("do") == "take":
            return await self._act(who, request, "DELETE", path, None, form, "taken")
        body = {**_text(form), "reviewed": bool(form.get("reviewed"))}
        return await self._act(who, request, "PATCH", path, body, form, "revised")

    async def _act(
        self,
        who: SignedIn,
        request: Request,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        form: Fields,
        done: str,
    ) -> Response:
        version = form.line("version")
        if_match = etag(int(version)) if method == "PATCH" and version.isascii() and version.isdigit() else None
        try:
            await self.desk.send(who, method, path, body, form=form, if_match=if_match)
        except Refused as refused:
            said = problem_of(refused)
            if refused.status == 412:
                said = "Somebody else changed this answer meanwhile. What you typed is kept below; look at both, then save."
            return await self._page(who, request, problem=said, given=form, status=refused.status)
        return back_to(f"{_at(request)}#faq-title", done)

    async def _page(
        self,
        who: SignedIn,
        request: Request,
        *,
        said: str = "",
        problem: str = "",
        given: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        rollout, wave = str(request.path_params["name"]), str(request.path_params["wave"])
        place = f"{in_path(rollout)}/{in_path(wave)}"
        channel, faq, suggested, baseline = await asyncio.gather(
            self.desk.get(who, f"/v1/channels/{place}"),
            self.desk.find(who, "/v1/faq", rollout=rollout, wave=wave, limit=50),
            self.desk.find(who, "/v1/faq/suggestions", rollout=rollout, wave=wave, limit=SUGGESTED),
            self.desk.find(who, f"/v1/waves/{place}/baseline"),
        )
        now = self.desk.pages.now()
        return self.desk.fill(
            "support.html",
            who,
            status=status,
            here="rollouts",
            topic="tickets",
            at=_at(request),
            rollout=rollout,
            wave=wave,
            channel=channel,
            states=[(status_look(name), number) for name, number in (channel.get("by_status") or {}).items() if number],
            live=[row_view(ticket, now) for ticket in channel.get("live") or ()],
            all_tickets="/tickets?" + urlencode({"rollout": rollout, "wave": wave, "sort": "due"}),
            faq=items_of(faq) or list(channel.get("faq") or ()),
            suggested=items_of(suggested),
            baseline=baseline,
            compared=_compared(baseline),
            works=has(who, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD),
            given=given or {},
            said=said,
            problem=problem,
        )


def _at(request: Request) -> str:
    return f"/rollouts/{named(request)}/{named(request, 'wave')}/support"


def _text(form: Fields) -> dict[str, Any]:
    return {"question": form.line("question"), "answer": form.get("answer", "").strip()}


def _compared(baseline: Mapping[str, Any] | None) -> str:
    """The wave's rate beside what its people needed before it opened, in a sentence."""
    if not baseline:
        return ""
    before, now = baseline.get("per_100_per_week"), baseline.get("per_100_per_week_now")
    if before is None or now is None:
        return "There is nothing to compare with yet."
    said = f"{now:.1f} tickets per 100 people and week since it opened, {before:.1f} in the weeks before"
    ratio = baseline.get("ratio")
    return f"{said}: {ratio:.1f} times as many." if ratio is not None else f"{said}."
