"""`/tickets`: the queue, its saved views, and what is done to several tickets at once."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, in_path, items_of, problem_of
from services.gateway.console.desk.people import me_of, people_and_teams
from services.gateway.console.desk.queue_view import MANY, SLAS, SORTS, Cut, empty_words, read_cut, row_view, tabs
from services.gateway.console.desk.words import KINDS, STATUS_MEANS, priority_look, spaced, status_look
from services.gateway.console.sessions import Fields, SignedIn
from shared.auth import Role

ROWS: Final = 50
MOST_AT_ONCE: Final = 200
SAID: Final[Mapping[str, str]] = {
    "changed": "The selected tickets were changed.",
    "undone": "The change was taken back.",
    "saved": "The view was saved.",
    "dropped": "The view was deleted.",
}
_BATCH = re.compile(r"[0-9a-f-]{36}")
_DESK = (Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD)


@dataclass(frozen=True, slots=True)
class QueuePages:
    desk: Desk

    async def index(self, request: Request) -> Response:
        who = await self.desk.who(request)
        cut = read_cut(request.query_params.multi_items())
        said = SAID.get(request.query_params.get("done", ""), "")
        batch = request.query_params.get("batch", "")
        return await self._page(who, cut, said=said, batch=batch if _BATCH.fullmatch(batch) else "")

    async def keys(self, request: Request) -> Response:
        """What the keys do: a page of its own, or the dialog that `?` opens."""
        return self.desk.fill("keys.html", await self.desk.who(request), here="tickets")

    async def bulk(self, request: Request) -> Response:
        """One change to every selected ticket, each as it was shown. What somebody else changed meanwhile is left alone."""
        who, form = await self.desk.form(request, most_fields=MOST_AT_ONCE + 20)
        cut = read_cut(parse_qsl(form.get("back", "")))
        wanted = _wanted(who, form)
        chosen = [value.split(":", 1) for value in form.every("ticket") if _is_reference(value)][:MOST_AT_ONCE]
        if not chosen or not wanted:
            missing = "Select at least one ticket first." if not chosen else "Choose what shall change."
            return await self._page(who, cut, problem=missing, status=422)
        body = {"tickets": [number for number, _ in chosen], "change": wanted}
        body["versions"] = {number: int(version) for number, version in chosen}
        try:
            outcome = (await self.desk.send(who, "POST", "/v1/tickets/bulk", body, form=form)).document
        except Refused as refused:
            return await self._page(who, cut, problem=problem_of(refused), status=refused.status)
        missed = [_left_alone(item) for item in outcome["items"] if item["status"] >= 400]
        if missed:
            did = f"{outcome['changed']} of {len(chosen)} tickets were changed. "
            return await self._page(who, cut, problem=did + " ".join(missed), status=409, batch=outcome["batch_id"])
        return back_to(f"/tickets?{urlencode([*cut.given, ('batch', outcome['batch_id'])])}", "changed")

    async def undo(self, request: Request) -> Response:
        """Take a bulk change back, where nobody changed the same again since."""
        who, form = await self.desk.form(request)
        cut = read_cut(parse_qsl(form.get("back", "")))
        try:
            outcome = (
                await self.desk.send(who, "POST", f"/v1/tickets/bulk/{in_path(form.line('batch'))}/undo")
            ).document
        except Refused as refused:
            return await self._page(who, cut, problem=problem_of(refused), status=refused.status)
        kept = [_left_alone(item) for item in outcome["items"] if item["status"] >= 400]
        if kept:
            return await self._page(
                who, cut, problem="Not all of it could be taken back. " + " ".join(kept), status=409
            )
        return back_to(f"/tickets?{cut.query}", "undone")

    async def save_view(self, request: Request) -> Response:
        who, form = await self.desk.form(request)
        cut = read_cut(parse_qsl(form.get("back", "")))
        name = form.line("name")
        if not name:
            return await self._page(who, cut, problem="Give the view a name.", status=422)
        kept = Cut(given=tuple(pair for pair in cut.given if pair[0] != "view"), cursor=None)
        body = {"query": kept.query, "shared": bool(form.get("shared"))}
        try:
            await self.desk.send(who, "PUT", f"/v1/views/{in_path(name)}", body)
        except Refused as refused:
            return await self._page(who, cut, problem=problem_of(refused), status=refused.status)
        return back_to(f"/tickets?{kept.query}", "saved")

    async def drop_view(self, request: Request) -> Response:
        who, form = await self.desk.form(request)
        cut = read_cut(parse_qsl(form.get("back", "")))
        try:
            await self.desk.send(who, "DELETE", f"/v1/views/{in_path(form.line('name'))}")
        except Refused as refused:
            return await self._page(who, cut, problem=problem_of(refused), status=refused.status)
        return back_to(f"/tickets?{cut.query}", "dropped")

    async def _page(
        self, who: SignedIn, cut: Cut, *, said: str = "", problem: str = "", status: int = 200, batch: str = ""
    ) -> Response:
        listed, counts, views, (people, teams) = await asyncio.gather(
            self.desk.get(who, "/v1/tickets", limit=ROWS, cursor=cut.cursor, **cut.asked),
            self.desk.find(who, "/v1/tickets/counts"),
            self.desk.find(who, "/v1/views"),
            people_and_teams(self.desk, who),
        )
        now = self.desk.pages.now()
        rows = [row_view(ticket, now) for ticket in listed.get("items", [])]
        following = listed.get("next")
        return self.desk.fill(
            "queue.html",
            who,
            status=status,
            here="tickets",
            topic="tickets" if cut.cursor is None else "",
            cut=cut,
            tabs=tabs(cut, counts),
            rows=rows,
            empty=empty_words(cut),
            views=[_view(view, cut) for view in items_of(views)],
            offers_views=views is not None,
            narrowed=[(_filter_words(name, value), cut.less(name, value)) for name, value in cut.narrowed],
            many=MANY,
            kinds=KINDS,
            slas=SLAS,
            sorts=SORTS,
            status_look=status_look,
            priority_look=priority_look,
            statuses=STATUS_MEANS,
            people=people,
            teams=teams,
            works=has(who, *_DESK),
            older=f"/tickets?{urlencode([*cut.given, ('cursor', following)])}" if following else None,
            batch=batch,
            said=said,
            problem=problem,
        )


def _left_alone(item: Mapping[str, Any]) -> str:
    """Why one ticket of several was not changed."""
    if item.get("status") == 412:
        return f"Ticket {item['ticket']} was changed by somebody else meanwhile; look at it again."
    return f"Ticket {item['ticket']}: {item.get('detail') or 'it was left alone'}"


def _wanted(who: SignedIn, form: Fields) -> dict[str, Any]:
    """The change that a bulk form asks for; empty where it asks for none."""
    wanted: dict[str, Any] = {}
    if form.get("take"):
        wanted["assignee"] = me_of(who)
    elif form.line("assignee"):
        wanted["assignee"] = None if form.line("assignee") == "nobody" else form.line("assignee")
    if form.line("team"):
        wanted["team"] = form.line("team")
    if form.get("status") in STATUS_MEANS:
        wanted["status"] = form["status"]
    return wanted


def _is_reference(value: str) -> bool:
    number, _, version = value.partition(":")
    return number.isascii() and number.isdigit() and version.isascii() and version.isdigit()


def _view(view: Mapping[str, Any], cut: Cut) -> dict[str, Any]:
    query = str(view.get("query") or "")
    return {
        "name": str(view.get("name") or ""),
        "href": f"/tickets?{query}",
        "shared": bool(view.get("shared")),
        "owner": str(view.get("owner_name") or view.get("owner") or ""),
        "mine": bool(view.get("mine", True)),
        "current": set(parse_qsl(query)) == set(cut.given),
    }


def _filter_words(name: str, value: str) -> str:
    said = {
        "status": lambda: f"status {status_look(value).word.lower()}",
        "priority": lambda: priority_look(value).word,
        "sla": lambda: SLAS.get(value, value),
        "q": lambda: f"“{value}”",
        "assignee": lambda: {"me": "mine", "none": "unassigned"}.get(value, f"assigned to {value}"),
    }
    return said[name]() if name in said else f"{spaced(name)} {value}"
