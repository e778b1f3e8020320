"""`/reports/thanks`: thanks that results bear out, to people and teams. Never who did worst, and nobody who does not want it."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, items_of, problem_of
from services.gateway.console.sessions import SignedIn
from shared.auth import Role

PRAISE: Final[Mapping[str, str]] = {
    "attainment": "kept their promises",
    "improvement": "got better",
    "thanks": "thanks",
}
TOLD: Final[Mapping[str, str]] = {"person": "them", "manager": "their manager", "lead": "the lead", "team": "the team"}
SAID: Final[Mapping[str, str]] = {
    "thanked": "The thanks were said.",
    "refused": "Nobody recognises you here from now on.",
    "accepted": "You can be recognised again.",
}
SHOWN: Final = 30
_MONTH: Final = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, slots=True)
class ThanksPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who, asked = await self.desk.who(request), request.query_params
        return await self._page(who, asked.get("month", ""), said=SAID.get(asked.get("done", ""), ""))

    async def thank(self, request: Request) -> Response:
        """They and their manager are told, without figures."""
        who, form = await self.desk.form(request)
        body = {name: form.line(name) for name in ("kind", "to", "message", "month")}
        try:
            await self.desk.send(who, "POST", "/v1/recognitions", body, form=form)
        except Refused as refused:
            problem = problem_of(refused)
            return await self._page(who, form.line("month"), problem=problem, given=form, status=refused.status)
        return back_to(f"/reports/thanks?month={body['month']}", "thanked")

    async def refuse(self, request: Request) -> Response:
        """Whoever asks does not want to be recognised, or does again."""
        who, form = await self.desk.form(request)
        refuses = form.get("refuse") == "1"
        try:
            await self.desk.send(who, "PUT" if refuses else "DELETE", "/v1/recognitions/refusal")
        except Refused as refused:
            return await self._page(who, "", problem=problem_of(refused), status=refused.status)
        return back_to("/reports/thanks", "refused" if refuses else "accepted")

    async def _page(
        self,
        who: SignedIn,
        month: str,
        *,
        said: str = "",
        problem: str = "",
        given: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        last_month = f"{self.desk.pages.now().date().replace(day=1) - timedelta(days=1):%Y-%m}"
        month = month if _MONTH.fullmatch(month) else last_month
        thanks, found, refusal = await asyncio.gather(
            self.desk.find(who, "/v1/recognitions", limit=SHOWN),
            self._candidates(who, month),
            self._refusal(who),
        )
        return self.desk.fill(
            "thanks.html",
            who,
            status=status,
            here="reports",
            month=month,
            thanks=[_given(each) for each in items_of(thanks)],
            candidates=found,
            praise=PRAISE,
            refused=refusal,
            gives=has(who, Role.IT_LEAD, Role.TRAINING),
            given=given or {},
            said=said,
            problem=problem,
        )

    async def _candidates(self, who: SignedIn, month: str) -> list[Any]:
        """Empty too where the month is not over."""
        try:
            return items_of(await self.desk.find(who, "/v1/recognitions/candidates", month=month))
        except Refused:
            return []

    async def _refusal(self, who: SignedIn) -> bool | None:
        """None for somebody whom nobody could recognise: without an address."""
        try:
            found = await self.desk.find(who, "/v1/recognitions/refusal")
        except Refused:
            return None
        return bool(found["refused"]) if found else None


def _given(thanks: Mapping[str, Any]) -> dict[str, Any]:
    told = [TOLD.get(each, each) for each in thanks.get("told") or ()]
    return {**thanks, "praise": PRAISE.get(str(thanks.get("kind")), "thanks"), "told_words": " and ".join(told)}
