"""What people do to an integration: run it, look at what it would write, make it two-way, and mend what got stuck."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import back_to, in_path, items_of, problem_of
from services.gateway.console.desk.sync_rows import write_views
from services.gateway.console.integrations.asking import Outside, name_of
from services.gateway.console.integrations.connector_form import as_sent
from services.gateway.console.integrations.page import LISTS, IntegrationPages
from services.gateway.console.integrations.words import MODES
from services.gateway.console.sessions import Fields, SignedIn
from shared.clock import new_id
from shared.errors import NotFound
from shared.rest import etag

SHOWN: Final = 100
RUN_AGAIN_SECONDS: Final = 2
_ID: Final = re.compile(r"[0-9a-f-]{36}")
# What a button stands for: the service's path, and what is said then.
ON_ONE: Final[Mapping[str, tuple[str, str]]] = {
    "retry": ("/v1/remote-writes/{id}/retry", "retried"),
    "discard": ("/v1/remote-writes/{id}/discard", "discarded"),
    "replay": ("/v1/sync-problems/{id}/replay", "replayed"),
    "dismiss": ("/v1/sync-problems/{id}/dismiss", "dismissed"),
}
ON_ALL: Final[Mapping[str, tuple[str, str]]] = {
    "retry": ("writes/retry", "retried-all"),
    "discard": ("writes/discard", "discarded-all"),
}
RUNS: Final[Mapping[str, dict[str, bool]]] = {
    "run": {"dry": False, "whole": False},
    "dry": {"dry": True, "whole": False},
    "whole": {"dry": False, "whole": True},
}


@dataclass(frozen=True, slots=True)
class Acts:
    outside: Outside
    pages: IntegrationPages

    async def on_one(self, request: Request) -> Response:
        """One order or one item that was not understood."""
        who, form = await self.outside.desk.form(request)
        name, row_id = name_of(request), str(request.path_params["id"])
        act = ON_ONE.get(str(request.path_params["act"]))
        if act is None or _ID.fullmatch(row_id) is None:
            raise NotFound("There is nothing of this kind here.")
        return await self._send(who, form, name, act[0].format(id=row_id), None, act[1])

    async def on_all(self, request: Request) -> Response:
        who, form = await self.outside.desk.form(request)
        name, act = name_of(request), ON_ALL.get(str(request.path_params["act"]))
        if act is None:
            raise NotFound("There is nothing of this kind here.")
        return await self._send(who, form, name, f"/v1/connectors/{in_path(name)}/{act[0]}", None, act[1])

    async def release(self, request: Request) -> Response:
        """A delivery out of the gateway's quarantine."""
        who, form = await self.outside.desk.form(request)
        name, row_id = name_of(request), str(request.path_params["id"])
        if _ID.fullmatch(row_id) is None:
            raise NotFound("There is no such delivery.")
        try:
            once = form.get("once") or new_id()
            await self.outside.desk.behind.post(who.identity, "gateway", f"/v1/quarantine/{row_id}/replay", once=once)
        except Refused as refused:
            return await self.pages.page(who, name, problem=problem_of(refused), status=refused.status)
        return back_to(f"/integrations/{in_path(name)}", "released")

    async def run(self, request: Request) -> Response:
        """Read now, or only look (`dry`), or read everything anew (`whole`)."""
        who, form = await self.outside.desk.form(request)
        name, wanted = name_of(request), RUNS.get(form.get("do", ""))
        if wanted is None:
            raise NotFound("There is no such run.")
        path = f"/v1/connectors/{in_path(name)}/runs"
        try:
            made = await self.outside.desk.send(who, "POST", path, dict(wanted), form=form)
        except Refused as refused:
            return await self.pages.page(who, name, problem=problem_of(refused), status=refused.status)
        return back_to(f"/integrations/{in_path(name)}/runs/{in_path(str(made.document.get('run_id')))}")

    async def show_run(self, request: Request) -> Response:
        """How far a run has come, and what it found."""
        who, name = await self.outside.desk.who(request), name_of(request)
        run_id = str(request.path_params["id"])
        if _ID.fullmatch(run_id) is None:
            raise NotFound("There is no such run.")
        run = await self.outside.desk.get(who, f"/v1/sync-runs/{run_id}")
        if run.get("connector") not in (None, name):
            raise NotFound("There is no such run here.")
        goes = not run.get("finished_at")
        waiting = None if goes or not run.get("dry") else await self._waiting(who, name)
        return self.outside.fill(
            "run.html",
            who,
            topic="deliveries",
            again=RUN_AGAIN_SECONDS,
            name=name,
            at=f"/integrations/{in_path(name)}",
            run=run,
            goes=goes,
            writes=_number(run.get("writes")),
            waiting=waiting,
        )

    async def ask_mode(self, request: Request) -> Response:
        """Before it may write: every write that would happen at once."""
        who = await self.outside.desk.who(request)
        return await self._mode_page(who, name_of(request), request.query_params.get("to", ""))

    async def set_mode(self, request: Request) -> Response:
        who, form = await self.outside.desk.form(request)
        name, to = name_of(request), form.get("to", "")
        if to not in MODES:
            raise NotFound("There is no such mode.")
        return await self._put(who, form, name, {"mode": to}, done=to, again=to)

    async def switch(self, request: Request) -> Response:
        """On or off."""
        who, form = await self.outside.desk.form(request)
        on = form.get("on") == "1"
        return await self._put(who, form, name_of(request), {"enabled": on}, done="on" if on else "off")

    async def _put(
        self, who: SignedIn, form: Fields, name: str, changes: Mapping[str, Any], *, done: str, again: str = ""
    ) -> Response:
        """The connector as it is with some settings changed, if it is still as the person saw it."""
        now = await self.outside.connector(who, name)
        try:
            if str(now.get("version")) != form.get("version"):
                raise Refused(412, {"detail": "Somebody changed it meanwhile. Look again, then decide."})
            version = etag(int(now["version"]))
            path = f"/v1/connectors/{in_path(name)}"
            await self.outside.desk.send(who, "PUT", path, as_sent(now) | dict(changes), if_match=version)
        except Refused as refused:
            status = 409 if refused.status == 412 else refused.status
            if again:
                return await self._mode_page(who, name, again, problem=problem_of(refused), status=status)
            return await self.pages.page(who, name, problem=problem_of(refused), status=status)
        return back_to(f"/integrations/{in_path(name)}", done)

    async def _mode_page(self, who: SignedIn, name: str, to: str, *, problem: str = "", status: int = 200) -> Response:
        if to not in MODES:
            raise NotFound("There is no such mode.")
        connector = await self.outside.connector(who, name)
        return self.outside.fill(
            "mode.html",
            who,
            status=status,
            name=name,
            at=f"/integrations/{in_path(name)}",
            connector=connector,
            to=to,
            modes=MODES,
            waiting=await self._waiting(who, name) if to == "two_way" else None,
            problem=problem,
        )

    async def _waiting(self, who: SignedIn, name: str) -> dict[str, Any]:
        path = f"/v1/connectors/{in_path(name)}/writes"
        found = await self.outside.desk.find(who, path, state="waiting", limit=SHOWN)
        return {"rows": write_views(items_of(found)), "more": bool((found or {}).get("next"))}

    async def _send(
        self, who: SignedIn, form: Fields, name: str, path: str, body: dict[str, Any] | None, done: str
    ) -> Response:
        """Then back to the page that the form was on."""
        back = form.get("back", "")
        try:
            await self.outside.desk.send(who, "POST", path, body, form=form)
        except Refused as refused:
            if back in LISTS:
                return await self.pages.list_page(who, name, back, problem=problem_of(refused), status=refused.status)
            return await self.pages.page(who, name, problem=problem_of(refused), status=refused.status)
        at = f"/integrations/{in_path(name)}"
        return back_to(f"{at}/{back}" if back in LISTS else at, done)


def _number(writes: Any) -> int:
    return len(writes) if isinstance(writes, list) else int(writes or 0)
