"""`/reports/{YYYY-MM}`: what both sides owed each other in a month, commented and signed by both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, problem_of
from services.gateway.console.desk.policy_words import SIDES
from services.gateway.console.desk.words import spaced, target_words
from services.gateway.console.sessions import SignedIn
from shared.auth import Role
from shared.errors import NotFound

ENOUGH: Final = 20
"""Fewer cases bear no percentage; the service draws the same line."""
SAID: Final[Mapping[str, str]] = {"signed": "Signed.", "remarked": "Your remark was added."}
_MONTH: Final = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True, slots=True)
class ReviewPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        return await self._page(who, _month(request), said=SAID.get(request.query_params.get("done", ""), ""))

    async def sign(self, request: Request) -> Response:
        """What was read, by its fingerprint: figures that changed meanwhile are not signed unseen."""
        who, form = await self.desk.form(request)
        body = {"side": form.line("side"), "fingerprint": form.line("fingerprint")}
        return await self._act(who, _month(request), "sign", body, form, "signed")

    async def remark(self, request: Request) -> Response:
        who, form = await self.desk.form(request)
        return await self._act(who, _month(request), "comments", {"body": form.line("body")}, form, "remarked")

    async def _act(self, who: SignedIn, month: str, what: str, body: dict[str, Any], form: Any, done: str) -> Response:
        try:
            await self.desk.send(who, "POST", f"/v1/reviews/{month}/{what}", body, form=form)
        except Refused as refused:
            return await self._page(who, month, problem=problem_of(refused), status=refused.status)
        return back_to(f"/reports/{month}", done)

    async def _page(
        self, who: SignedIn, month: str, *, said: str = "", problem: str = "", status: int = 200
    ) -> Response:
        review = await self.desk.get(who, f"/v1/reviews/{month}")
        content, snapshot = review.get("content") or {}, review.get("snapshot")
        it, training = content.get("it") or {}, content.get("training") or {}
        return self.desk.fill(
            "review.html",
            who,
            status=status,
            here="reports",
            month=month,
            review=review,
            sides=_standing(review),
            offers=_offers(who, review),
            frozen=(snapshot or {}).get("frozen_at"),
            by_target=[_figures(row) for row in it.get("by_target") or ()],
            by_team=[_figures(row) for row in it.get("by_team") or ()],
            training=training,
            exemptions=content.get("exemptions") or {},
            policies=content.get("policies") or (),
            side_words=SIDES,
            target_words=target_words,
            spaced=spaced,
            comments=has(who, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD),
            said=said,
            problem=problem,
        )


def _month(request: Request) -> str:
    month = str(request.path_params["month"])
    if _MONTH.fullmatch(month) is None:
        raise NotFound("A review is named by its month, as in 2026-11.")
    return month


def _standing(review: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each side with its signature that stands, or None, and whether one has lapsed."""
    signatures = review.get("signatures") or ()
    return [
        {
            "side": side,
            "words": words,
            "signature": next((each for each in signatures if each["side"] == side and not each.get("lapsed")), None),
            "lapsed": any(each["side"] == side and each.get("lapsed") for each in signatures),
        }
        for side, words in SIDES.items()
    ]


def _offers(who: SignedIn, review: Mapping[str, Any]) -> list[dict[str, str]]:
    """The signatures that somebody could give now: under what the other side has signed, or under what stands."""
    snapshot = review.get("snapshot") or {}
    if not review.get("over") or snapshot.get("frozen_at"):
        return []
    papers = [(str(review.get("fingerprint")), "the figures below")]
    if snapshot and snapshot.get("fingerprint") != review.get("fingerprint"):
        papers.insert(0, (str(snapshot["fingerprint"]), "what the other side has signed"))
    roles = {"it": Role.IT_LEAD, "training": Role.TRAINING}
    missing = [
        row["side"]
        for row in _standing(review)
        if row["signature"] is None and roles[row["side"]] in who.identity.roles
    ]
    return [
        {"side": side, "words": SIDES[side], "fingerprint": print_, "what": what}
        for side in missing
        for print_, what in papers
    ]


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    met, breached = int(row.get("met") or 0), int(row.get("breached") or 0)
    exempted = int(row.get("exempted") or 0)
    return {
        **row,
        "target_words": target_words(row.get("target")),
        "raw": _said(met, met + breached),
        "adjusted": _said(met, met + breached - exempted),
        "overdue_p90": (row.get("overdue") or {}).get("p90_seconds"),
        "elapsed_p50": (row.get("elapsed") or {}).get("p50_seconds"),
    }


def _said(part: int, whole: int) -> str:
    """A share in words that the number of cases carries. Cut, never rounded up."""
    if whole == 0:
        return "none"
    return f"{part} of {whole}" if whole < ENOUGH else f"{part * 1000 // whole / 10:.1f} %"
