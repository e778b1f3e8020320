"""What the pages of integrations ask: the gateway for sources and deliveries, the tickets service for connectors."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Document, Refused
from services.gateway.console.desk.asking import Desk, has, in_path, items_of
from services.gateway.console.integrations.standing import Recent, Standing, standing
from services.gateway.console.rendering import may, zone_of
from services.gateway.console.sessions import SignedIn
from shared.auth import Role
from shared.clock import new_id
from shared.errors import NotFound

RECENT: Final = 20
HELD: Final = 25
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Outside:
    """The two services that know of outside systems, asked in the name of whoever is signed in."""

    desk: Desk
    public_url: str

    def hook_url(self, name: str) -> str:
        """Where an outside system sends to, whether a source of this name is there yet or not."""
        return f"{self.public_url}/hooks/{name}"

    async def sources(self, who: SignedIn) -> list[Any]:
        """`Refused` for those who may not look at deliveries."""
        return items_of(await self.desk.behind.get(who.identity, "gateway", "/v1/sources"))

    async def connectors(self, who: SignedIn) -> list[Any] | None:
        """None where this release or role is offered none."""
        found = await self.desk.find(who, "/v1/connectors", limit=MOST)
        return None if found is None else items_of(found)

    async def vendors(self, who: SignedIn) -> list[Any]:
        """The helpdesks that can be read, by title."""
        found = await self.desk.items(who, "/v1/helpdesk-vendors")
        return sorted(found, key=lambda each: str(each.get("title") or each.get("vendor")).casefold())

    async def vendor(self, who: SignedIn, name: str) -> Mapping[str, Any] | None:
        return next((each for each in await self.vendors(who) if each.get("vendor") == name), None)

    async def recent(self, who: SignedIn, name: str, *, most: int = RECENT) -> Recent:
        get = self.desk.behind.get
        logged, held = await asyncio.gather(
            get(who.identity, "gateway", "/v1/deliveries", source=name, limit=most),
            get(who.identity, "gateway", "/v1/quarantine", source=name, limit=HELD),
        )
        return Recent(deliveries=items_of(logged), held=items_of(held), more_held=bool(held.get("next")))

    async def one(self, who: SignedIn, name: str) -> Standing:
        """`NotFound` where neither service knows the name."""
        path = in_path(name)
        sources, connector = await asyncio.gather(self.sources(who), self.desk.find(who, f"/v1/connectors/{path}"))
        source = next((each for each in sources if each.get("name") == name), None)
        if source is None and connector is None:
            raise NotFound("There is no integration of this name.")
        recent = await self.recent(who, name) if source else Recent()
        return standing(name, source, connector, recent, now=self.desk.pages.real_now())

    async def connector(self, who: SignedIn, name: str) -> Document:
        """`Refused`."""
        return await self.desk.get(who, f"/v1/connectors/{in_path(name)}")

    def fill(self, template: str, who: SignedIn, *, status: int = 200, **values: Any) -> Response:
        """With what may be offered: to set connectors up (`connects`), to run and mend them (`mends`), to set a webhook's secret
        (`secures`), to let a delivery out of quarantine (`releases`). The services judge for themselves when they are asked."""
        given = {
            "zone": zone_of(who.zone).key,
            "here": "integrations",
            "once": new_id(),
            "connects": has(who),
            "mends": has(who, Role.IT_LEAD),
            "secures": may(who, "PUT /v1/sources/{name}"),
            "releases": may(who, "POST /v1/quarantine/{held_id}/replay"),
            **values,
        }
        return self.desk.pages.fill(f"integrations/{template}", who=who, status=status, **given)


def name_of(request: Request) -> str:
    """The integration's name from the path; `NotFound` for what can be none."""
    name = str(request.path_params["name"])
    in_path(name)
    return name


def by_field(refused: Refused) -> dict[str, str]:
    """What a service refused, by the field of the form that it is about; what belongs to none is left out."""
    found: dict[str, str] = {}
    for pointer, said in refused.places:
        field = field_of(pointer)
        if field:
            found.setdefault(field, said)
    return found


def field_of(pointer: str) -> str:
    """`/settings/group` as `settings-group`, `/filters/queues/0` as `queues`, `/base_url` as `base_url`."""
    parts = [part for part in pointer.split("/") if part and part != "body"]
    if not parts:
        return ""
    if parts[0] in ("settings", "ownership") and len(parts) > 1:
        return f"{parts[0]}-{parts[1]}"
    if parts[0] == "filters" and len(parts) > 1:
        return parts[1]
    return "name" if parts[0] == "path" else parts[0]
