"""`/reports`: how often the promise was kept, raw and with exemptions; what will probably be missed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, items_of, problem_of
from services.gateway.console.desk.words import target_words
from services.gateway.console.sessions import SignedIn

DIMENSIONS: Final[Mapping[str, str]] = {
    "target": "promise",
    "priority": "priority",
    "team": "team",
    "policy": "policy",
    "rollout": "rollout",
    "wave": "wave",
    "agent": "agent",
}
FILTERS: Final = ("policy", "team", "priority", "target", "rollout", "wave")
SHOWN_AT_RISK: Final = 20
MONTHS: Final = 6


@dataclass(frozen=True, slots=True)
class ReportPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who, asked = await self.desk.who(request), request.query_params
        today = self.desk.pages.now().date()
        by = asked.get("by", "") if asked.get("by", "") in DIMENSIONS else "target"
        first, last = _days(asked, today)
        cut = {name: asked.get(name, "").strip()[:300] or None for name in FILTERS}
        attained, at_risk, counts = await asyncio.gather(
            self._attainment(who, by, first, last, cut),
            self.desk.find(who, "/v1/clocks/at-risk", limit=SHOWN_AT_RISK),
            self.desk.find(who, "/v1/clocks/summary"),
        )
        report, refused = attained
        return self.desk.fill(
            "reports.html",
            who,
            here="reports",
            by=by,
            dimensions=DIMENSIONS,
            first=first,
            last=last,
            cut=cut,
            whole=(report or {}).get("whole"),
            rows=[attainment_row(row, by) for row in (report or {}).get("rows") or ()],
            at_risk=[_risk(each) for each in items_of(at_risk)],
            considered=(at_risk or {}).get("considered"),
            counts=counts,
            months=months_before(today),
            problem=refused,
        )

    async def _attainment(
        self, who: SignedIn, by: str, first: date, last: date, cut: Mapping[str, str | None]
    ) -> tuple[Any, str]:
        """The report, and why there is none."""
        query = {**cut, "by": by, "from": first.isoformat(), "to": (last + timedelta(days=1)).isoformat()}
        try:
            return await self.desk.get(who, "/v1/reports/attainment", **query), ""
        except Refused as refused:
            return None, problem_of(refused)


def attainment_row(row: Mapping[str, Any], by: str) -> dict[str, Any]:
    """A row of attainment with its words: `raw` and `adjusted` are shares in percent for the bar, None below 20 cases."""
    key = str(row.get("key") or "")
    target = row.get("target")
    return {
        **row,
        "name": target_words(key) if by == "target" and key else key or "none",
        "target_words": target_words(target) if target else "all",
        "is_sum": target is None,
        "raw": _share(row, "raw_percent", int(row.get("decided") or 0)),
        "adjusted": _share(row, "adjusted_percent", int(row.get("decided") or 0) - int(row.get("exempted") or 0)),
    }


def _share(row: Mapping[str, Any], name: str, whole: int) -> float | None:
    given = row.get(name)
    if given is not None:
        return float(given)
    return round(100 * int(row.get("met") or 0) / whole, 1) if whole > 0 else None


def _risk(clock: Mapping[str, Any]) -> dict[str, Any]:
    """A clock that may be missed. A likelihood from few cases is said as one from few."""
    chance, alike = clock.get("probability_to_miss"), int(clock.get("alike") or 0)
    if chance is None:
        words = "no case like it yet"
    elif not clock.get("enough", True):
        words = f"{round(100 * float(chance))} %, from only {alike} like it"
    else:
        words = f"{round(100 * float(chance))} %, from {alike:,} like it"
    return {**clock, "target_words": target_words(clock.get("target")), "chance_words": words}


def _days(asked: Mapping[str, str], today: date) -> tuple[date, date]:
    """First and last day; this month so far where nothing else is asked for."""
    try:
        first = date.fromisoformat(asked.get("from") or today.replace(day=1).isoformat())
        last = date.fromisoformat(asked.get("to") or today.isoformat())
    except ValueError:
        first, last = today.replace(day=1), today
    return (first, last) if first <= last else (last, first)


def months_before(today: date) -> list[str]:
    """This month and those before it, as their reviews are named."""
    found, day = [], today.replace(day=1)
    for _ in range(MONTHS):
        found.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return found
