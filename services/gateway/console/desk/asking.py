"""What every page of the desk needs: who asks, the tickets service in their name, and forms that are checked before they act."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.console.behind import Answer, Asked, Behind, Document, Refused
from services.gateway.console.rendering import Pages, zone_of
from services.gateway.console.sessions import Fields, SessionDesk, SignedIn, check_csrf, read_form
from shared.auth import Role
from shared.clock import new_id
from shared.errors import NotFound

SERVICE = "tickets"
_REFERENCE = re.compile(r"[0-9]{1,12}|[0-9a-f-]{36}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True)
class Desk:
    """The tickets service, asked in the name of whoever is signed in."""

    behind: Behind
    sessions: SessionDesk
    pages: Pages

    async def who(self, request: Request) -> SignedIn:
        """`NotSignedIn`."""
        return await self.sessions.require(request)

    async def form(self, request: Request, **limits: int) -> tuple[SignedIn, Fields]:
        """Who sent a form, and the form, once it is known to be one of ours."""
        who = await self.sessions.require(request)
        form = await read_form(request, **limits)
        check_csrf(form, who)
        return who, form

    async def get(self, who: SignedIn, path: str, **query: Asked) -> Document:
        return await self.behind.get(who.identity, SERVICE, path, **query)

    async def find(self, who: SignedIn, path: str, **query: Asked) -> Any:
        """None where it is not there, not offered by this release, or not for this role."""
        return await self.behind.find(who.identity, SERVICE, path, **query)

    async def items(self, who: SignedIn, path: str, **query: Asked) -> list[Any]:
        """A list, or the items of a page; empty where there is none."""
        found = await self.find(who, path, **query)
        return items_of(found)

    async def send(
        self,
        who: SignedIn,
        method: str,
        path: str,
        body: Document | None = None,
        *,
        form: Fields | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """Change something. A POST bears the form's own key, so that a form that is sent twice acts once."""
        once = ((form.get("once") if form else None) or new_id()) if method == "POST" else None
        return await self.behind.ask(who.identity, SERVICE, method, path, body=body, once=once, if_match=if_match)

    def fill(self, template: str, who: SignedIn, *, status: int = 200, **values: Any) -> Response:
        values = {"zone": zone_of(who.zone).key, **values}
        return self.pages.fill(f"desk/{template}", who=who, status=status, once=new_id(), **values)


def items_of(found: Any) -> list[Any]:
    if isinstance(found, dict):
        found = found.get("items")
    return found if isinstance(found, list) else []


def reference(request: Request, parameter: str = "number") -> str:
    """A ticket's number or id from the path; `NotFound` for what can be none."""
    found = str(request.path_params[parameter])
    if _REFERENCE.fullmatch(found) is None:
        raise NotFound("There is no ticket of this number.")
    return found


def named(request: Request, parameter: str = "name") -> str:
    """A name from the path, ready to be put into a service's path; `NotFound` for what can be none."""
    return in_path(str(request.path_params[parameter]))


def in_path(name: str) -> str:
    """One segment of a service's path. `NotFound` for what can be none."""
    if not name or len(name) > 200 or name in (".", "..") or _CONTROL.search(name):
        raise NotFound("There is no page here.")
    return quote(name, safe="@")


def back_to(path: str, done: str = "") -> Response:
    """After a form has acted: to a page that says what was done, so that a reload does not do it again."""
    address, hash_, place = path.partition("#")
    if done:
        address += ("&" if "?" in address else "?") + f"done={done}"
    return RedirectResponse(address + hash_ + place, status_code=303)


def has(who: SignedIn, *roles: Role) -> bool:
    """Whether to offer something. The service judges for itself when it is asked."""
    return bool(who.identity.roles & {Role.ADMIN, *roles})


def problem_of(refused: Refused) -> str:
    """What a service refused, in one text."""
    places = [f"{place}: {said}" if place else said for place, said in refused.places]
    return " ".join(part for part in [refused.detail or refused.title, *places] if part)
