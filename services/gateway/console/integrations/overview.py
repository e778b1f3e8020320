"""`/integrations`: every outside system at a glance, what is amiss first; and the choice of a helpdesk to connect."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.integrations.asking import Outside
from services.gateway.console.integrations.standing import Recent, standing
from services.gateway.console.integrations.steps import steps_for

SAID = {
    "gone": "The connector was taken away. Its tickets stay on both sides; nothing is read or written there any more.",
}


@dataclass(frozen=True, slots=True)
class OverviewPages:
    outside: Outside

    async def index(self, request: Request) -> Response:
        who = await self.outside.desk.who(request)
        listed, connectors = await asyncio.gather(self.outside.sources(who), self.outside.connectors(who))
        sources = {str(each.get("name")): each for each in listed}
        known = {str(each.get("name")): each for each in connectors or ()}
        recents = dict(
            zip(sources, await asyncio.gather(*(self.outside.recent(who, name) for name in sources)), strict=True)
        )
        now = self.outside.desk.pages.real_now()
        rows = [
            standing(name, sources.get(name), known.get(name), recents.get(name, Recent()), now=now)
            for name in sources | known
        ]
        return self.outside.fill(
            "index.html",
            who,
            topic="deliveries",
            rows=sorted(rows, key=lambda row: row.alarming),
            offered=connectors is not None,
            said=SAID.get(request.query_params.get("done", ""), ""),
        )

    async def choose(self, request: Request) -> Response:
        """Which helpdesk is to be connected."""
        who = await self.outside.desk.who(request)
        vendors = await self.outside.vendors(who)
        return self.outside.fill(
            "choose.html",
            who,
            vendors=[
                (each, steps_for(str(each.get("vendor"))).in_short) for each in vendors if each.get("calls", True)
            ],
            name=request.query_params.get("name", "")[:63],
        )
