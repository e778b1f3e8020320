"""The outermost app: which door a request goes through. What is inside (`/v1/...`) cannot be reached from outside directly."""

from dataclasses import dataclass

from services.gateway.forward.callers import Callers
from services.gateway.forward.http import secured, send_problem
from services.gateway.ports import ASGIApp, Receive, Scope, Send
from shared.errors import ServiceError

INSIDE = "glidepath.inside"
"""Set in the scope by the gateway's own upstream; nothing that comes over a wire can set it."""
HEALTH = frozenset({"/livez", "/readyz"})
HELP = "/help"
FORWARDED = ("/api/", "/signoff/", "/survey/", "/help/", "/ticket/")


def is_for_a_door(scope: Scope) -> bool:
    """True for a request from outside that a door of this package answers by itself."""
    path = str(scope.get("path", ""))
    return INSIDE not in scope and (path.startswith(("/hooks/", *FORWARDED)) or path == HELP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Wraps the gateway's FastAPI app (`inside`); `pages` is the console."""

    inside: ASGIApp
    hooks: ASGIApp
    services: ASGIApp
    callers: Callers
    pages: ASGIApp
    base_url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope.get(INSIDE):
            await self.inside(scope, receive, send)
            return
        send = secured(send)
        path: str = scope["path"]
        if path.startswith("/hooks/"):
            await self.hooks(scope, receive, send)
        elif path.startswith(FORWARDED) or path == HELP:
            await self.services(scope, receive, send)
        elif path in HEALTH:
            await self.inside(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        try:
            if path == "/metrics":
                await self.callers.identify(scope)
                await self.inside(scope, receive, send)
            else:
                await self.pages(scope, receive, send)
        except ServiceError as error:
            await send_problem(send, error, base_url=self.base_url, head=scope["method"] == "HEAD")
