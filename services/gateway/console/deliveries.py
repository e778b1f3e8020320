"""`/deliveries`: what outside systems sent, what it meant, what was refused and why, and a second chance for it."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.console.behind import Behind, Refused
from services.gateway.console.rendering import Pages, may
from services.gateway.console.sessions import SessionDesk, check_csrf, read_form
from services.gateway.console.views import Look
from shared.clock import new_id
from shared.errors import NotFound

ROWS = 50
HELD_ROWS = 25
OUTCOMES: Final[Mapping[str, Look]] = {
    "waiting": Look("clock", "Waiting", "wait"),
    "applied": Look("check", "Applied", "done"),
    "ignored": Look("dots", "Ignored", "idle"),
    "quarantined": Look("alert", "Quarantined", "stop"),
}
STAGES: Final[Mapping[str, str]] = {
    "signature": "Signature refused",
    "body": "Body not readable",
    "meaning": "Meaning not understood",
}
SAID: Final[Mapping[str, str]] = {
    "replayed": "The delivery was handed on once more. What it means counts once.",
    "released": "The delivery was verified again and handed on.",
}
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class DeliveryPages:
    behind: Behind
    desk: SessionDesk
    pages: Pages

    async def index(self, request: Request, *, problem: str = "", status: int = 200) -> Response:
        who = await self.desk.require(request)
        query = request.query_params
        source, outcome, cursor = (query.get(name) or None for name in ("source", "outcome", "cursor"))
        if outcome not in OUTCOMES:
            outcome = None
        logged, held, sources = await asyncio.gather(
            self.behind.get(
                who.identity, "gateway", "/v1/deliveries", source=source, outcome=outcome, cursor=cursor, limit=ROWS
            ),
            self.behind.get(who.identity, "gateway", "/v1/quarantine", source=source, limit=HELD_ROWS),
            self.behind.get(who.identity, "gateway", "/v1/sources"),
        )
        return self.pages.fill(
            "deliveries.html",
            who=who,
            status=status,
            here="deliveries",
            topic="deliveries" if cursor is None else "",
            deliveries=[(row, say_facts(row.get("facts"))) for row in logged["items"]],
            following=logged.get("next"),
            held=held["items"],
            more_held=bool(held.get("next")),
            sources=[item["name"] for item in sources.get("items", [])],
            source=source,
            outcome=outcome,
            outcomes=OUTCOMES,
            stages=STAGES,
            replays=may(who, "POST /v1/deliveries/{delivery_id}/replay"),
            releases=may(who, "POST /v1/quarantine/{held_id}/replay"),
            said=SAID.get(query.get("done", ""), ""),
            problem=problem,
        )

    async def replay(self, request: Request) -> Response:
        return await self._again(request, "deliveries", "replayed")

    async def release(self, request: Request) -> Response:
        return await self._again(request, "quarantine", "released")

    async def _again(self, request: Request, what: str, done: str) -> Response:
        who = await self.desk.require(request)
        form = await read_form(request)
        check_csrf(form, who)
        row_id = str(request.path_params["id"])
        if _ID.fullmatch(row_id) is None:
            raise NotFound("There is no such delivery.")
        try:
            await self.behind.post(who.identity, "gateway", f"/v1/{what}/{row_id}/replay", once=new_id())
        except Refused as refused:
            if refused.status != 409:
                raise
            return await self.index(request, problem=f"{refused.title}. {refused.detail}", status=409)
        return RedirectResponse(f"/deliveries?done={done}", status_code=303)


def say_facts(facts: list[Mapping[str, Any]] | None) -> list[str]:
    """What a delivery meant, a line per fact: canonical facts of learning systems and helpdesks."""
    return [_say_fact(fact) for fact in facts or ()]


def _say_fact(fact: Mapping[str, Any]) -> str:
    kind = str(fact.get("type") or fact.get("kind") or "fact")
    parts = [kind.capitalize()]
    ticket, person, course = fact.get("ticket"), fact.get("person"), fact.get("course")
    if isinstance(ticket, Mapping):
        parts.append(f"#{ticket.get('key') or ticket.get('id')}")
    if fact.get("subject"):
        parts.append(f"“{fact['subject']}”")
    if isinstance(person, Mapping):
        parts.append(str(person.get("value") or ""))
    if isinstance(course, Mapping) and course.get("id"):
        parts.append(f"course {course['id']}")
    parts += [str(fact[key]).replace("_", " ") for key in ("state", "status", "priority") if fact.get(key)]
    if kind == "ignored" and fact.get("reason"):
        parts.append(str(fact["reason"]))
    return " · ".join(part for part in parts if part)
