"""`/integrations/{name}`: how one integration stands, what it was sent and told, and what may be done about it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.deliveries import OUTCOMES, STAGES, say_facts
from services.gateway.console.desk.asking import in_path, items_of
from services.gateway.console.desk.sync_rows import conflict_views, problem_views, write_views
from services.gateway.console.desk.sync_words import FIELDS, owner_words
from services.gateway.console.integrations.asking import Outside, name_of
from services.gateway.console.integrations.steps import steps_for
from services.gateway.console.integrations.words import CREDENTIALS, MODES
from services.gateway.console.sessions import SignedIn
from shared.errors import NotFound

ROWS: Final = 5
LIST_ROWS: Final = 20
AGAIN_SECONDS: Final = 15
SAID: Final[Mapping[str, str]] = {
    "made": "The connector is set up. It reads as soon as it has a credential, and writes nothing until you say so.",
    "edited": "The settings were changed.",
    "credential": "The credential is kept, sealed, and shown to nobody. Check it: a dry run reads and changes nothing.",
    "forgotten": "The credential was forgotten. Nothing is read or written until another is set.",
    "two_way": "It is two-way now: what waited is being written there.",
    "read_only": "It is read-only now: nothing further is written there. What is to be told waits.",
    "on": "It is switched on.",
    "off": "It is switched off: nothing is read or written.",
    "retried": "It is tried again.",
    "retried-all": "All that was refused is tried again.",
    "discarded": "The order was discarded: the helpdesk will not be told this.",
    "discarded-all": "All that waited was discarded: the helpdesk will not be told any of it.",
    "replayed": "It was understood this time and has been applied.",
    "dismissed": "It was put away. If the helpdesk answers the same again, it comes back.",
    "released": "The delivery was verified again and handed on.",
    "source": "The webhook's secret is kept, sealed, and shown to nobody. Let it send something now.",
}
LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "orders": ("Orders", "writes"),
    "conflicts": ("Conflicts", "conflicts"),
    "problems": ("Not understood", "problems"),
}
ORDER_STATES: Final[Mapping[str, str]] = {
    "open": "waiting,attempted,refused",
    "waiting": "waiting",
    "uncertain": "attempted",
    "refused": "refused",
    "done": "done",
    "discarded": "discarded",
}


@dataclass(frozen=True, slots=True)
class IntegrationPages:
    outside: Outside

    async def show(self, request: Request) -> Response:
        who = await self.outside.desk.who(request)
        said = SAID.get(request.query_params.get("done", ""), "")
        return await self.page(who, name_of(request), said=said)

    async def page(self, who: SignedIn, name: str, *, said: str = "", problem: str = "", status: int = 200) -> Response:
        one = await self.outside.one(who, name)
        path, desk = f"/v1/connectors/{in_path(name)}", self.outside.desk
        if one.connector:
            orders, problems, conflicts = await asyncio.gather(
                desk.find(who, f"{path}/writes", state=ORDER_STATES["open"], limit=ROWS),
                desk.find(who, f"{path}/problems", limit=ROWS),
                desk.find(who, f"{path}/conflicts", limit=ROWS),
            )
        else:
            orders = problems = conflicts = None
        return self.outside.fill(
            "integration.html",
            who,
            status=status,
            topic="deliveries",
            again=2 if one.status.get("polling") else AGAIN_SECONDS,
            one=one,
            at=f"/integrations/{in_path(name)}",
            orders=write_views(items_of(orders)),
            problems=problem_views(items_of(problems)),
            conflicts=conflict_views(items_of(conflicts)),
            more=[
                key
                for key, found in (("orders", orders), ("problems", problems), ("conflicts", conflicts))
                if isinstance(found, dict) and found.get("next")
            ],
            deliveries=[(row, say_facts(row.get("facts"))) for row in one.recent.deliveries[:ROWS]],
            held=one.recent.held[:ROWS],
            outcomes=OUTCOMES,
            stages=STAGES,
            ownership=[
                (words, owner_words(((one.connector or {}).get("ownership") or {}).get(field)))
                for field, words in FIELDS.items()
            ],
            hooks=bool(steps_for(one.vendor).webhook),
            modes=MODES,
            credentials=CREDENTIALS,
            said=said,
            problem=problem,
        )

    async def listed(self, request: Request) -> Response:
        """All orders, conflicts, or items that were not understood, a page of them at a time."""
        who, name = await self.outside.desk.who(request), name_of(request)
        said = SAID.get(request.query_params.get("done", ""), "")
        return await self.list_page(
            who,
            name,
            str(request.path_params["what"]),
            cursor=request.query_params.get("cursor"),
            state=request.query_params.get("state", ""),
            said=said,
        )

    async def list_page(
        self,
        who: SignedIn,
        name: str,
        what: str,
        *,
        cursor: str | None = None,
        state: str = "",
        said: str = "",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        if what not in LISTS:
            raise NotFound("There is no page here.")
        connector = await self.outside.connector(who, name)
        title, kind = LISTS[what]
        state = state if state in ORDER_STATES else "open"
        query: dict[str, Any] = {"limit": LIST_ROWS, "cursor": cursor}
        if what == "orders":
            query["state"] = ORDER_STATES[state]
        found = await self.outside.desk.get(who, f"/v1/connectors/{in_path(name)}/{kind}", **query)
        items = items_of(found)
        return self.outside.fill(
            "list.html",
            who,
            status=status,
            topic="" if cursor else "deliveries",
            again=AGAIN_SECONDS,
            connector=connector,
            name=name,
            at=f"/integrations/{in_path(name)}",
            what=what,
            heading=title,
            state=state,
            states=tuple(ORDER_STATES),
            orders=write_views(items) if what == "orders" else [],
            problems=problem_views(items) if what == "problems" else [],
            conflicts=conflict_views(items) if what == "conflicts" else [],
            following=found.get("next"),
            said=said,
            problem=problem,
        )
