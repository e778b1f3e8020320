"""`/` and `/rollouts/{name}`: where every rollout stands, what it waits for and until when."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Behind, Document, Refused
from services.gateway.console.order_forms import DONE, VERBS
from services.gateway.console.rendering import Pages
from services.gateway.console.sessions import SessionDesk, SignedIn
from services.gateway.console.views import PHASES, RolloutView, entry_view, rollout_view
from shared.errors import NotFound

ON_ONE_PAGE = 20
TIMELINE_ROWS = 25
# The names that a plan may use; nothing else is put into a service's path.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def checked_name(request: Request, parameter: str) -> str:
    """A rollout's or wave's name from the path; `NotFound` for what can be none."""
    name = str(request.path_params[parameter])
    if _NAME.fullmatch(name) is None:
        raise NotFound("There is no page here.")
    return name


@dataclass(frozen=True, slots=True)
class RolloutPages:
    behind: Behind
    desk: SessionDesk
    pages: Pages

    async def index(self, request: Request) -> Response:
        who = await self.desk.require(request)
        cursor = request.query_params.get("cursor")
        listed = await self.behind.get(who.identity, "rollout", "/v1/rollouts", limit=ON_ONE_PAGE, cursor=cursor)
        # The list has no dates; the trees say until when.
        trees = await asyncio.gather(*(self._tree_or(who, brief) for brief in listed["items"]))
        rollouts = [rollout_view(tree) for tree in trees]
        return self.pages.fill(
            "rollouts.html",
            who=who,
            here="rollouts",
            topic="rollouts",
            zone=rollouts[0].zone if rollouts else "UTC",
            rollouts=rollouts,
            following=listed.get("next"),
            paged=cursor is not None,
            applies=bool(who.identity.roles & {"admin", "training"}),
        )

    async def _tree_or(self, who: SignedIn, brief: Document) -> Document:
        try:
            return await self.tree(who, str(brief["name"]))
        except Refused:
            return brief

    async def tree(self, who: SignedIn, name: str) -> Document:
        """The whole rollout as somebody with these roles sees it. `Refused`."""
        return await self.behind.get(who.identity, "rollout", f"/v1/rollouts/{name}")

    async def view(self, who: SignedIn, name: str) -> RolloutView:
        return rollout_view(await self.tree(who, name))

    async def show(self, request: Request) -> Response:
        who = await self.desk.require(request)
        name = checked_name(request, "name")
        cursor = request.query_params.get("before")
        rollout, timeline = await asyncio.gather(self.view(who, name), self._timeline(who, name, cursor))
        return self.pages.fill(
            "rollout.html",
            who=who,
            here="rollouts",
            topic="rollouts" if cursor is None else "",
            zone=rollout.zone,
            rollout=rollout,
            timeline=None if timeline is None else [entry_view(entry) for entry in timeline["items"]],
            older=timeline.get("next") if timeline else None,
            before=cursor,
            verbs=VERBS,
            titles={wave.name: wave.title for wave in rollout.waves},
            said=said_of(request, rollout),
        )

    async def _timeline(self, who: SignedIn, name: str, cursor: str | None) -> dict[str, Any] | None:
        """A page of what happened; None for those who may not see it."""
        path = f"/v1/rollouts/{name}/timeline"
        try:
            return await self.behind.get(who.identity, "rollout", path, limit=TIMELINE_ROWS, cursor=cursor)
        except Refused as refused:
            if refused.status == 403:
                return None
            raise


def said_of(request: Request, rollout: RolloutView) -> str:
    """What the order that led here did. The address carries two words of ours, never a text to be shown."""
    verb, wave = request.query_params.get("done", ""), rollout.wave(request.query_params.get("wave", ""))
    if verb not in DONE or wave is None:
        return ""
    look = PHASES.get(wave.phase)
    return f"{wave.title} was {DONE[verb]}." + (f" It is now {look.word.lower()}." if look else "")
