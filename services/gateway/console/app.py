"""The console put together: routes, and what a person sees when something does not work."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.console.assets import Assets
from services.gateway.console.behind import Behind, Mint, Refused
from services.gateway.console.deliveries import DeliveryPages
from services.gateway.console.desk import desk_routes
from services.gateway.console.entry import EntryPages
from services.gateway.console.integrations import integration_routes
from services.gateway.console.live import Bell, BusLink, event_stream
from services.gateway.console.orders import OrderPages
from services.gateway.console.problem_texts import read_problem_texts
from services.gateway.console.rendering import Pages
from services.gateway.console.rollouts import RolloutPages
from services.gateway.console.sessions import NotSignedIn, SessionDesk, Units
from services.gateway.errors import MethodNotAllowed, NoSuchPath
from services.gateway.ports import ASGIApp, Receive, Scope, Send, Upstream
from shared.clock import Clock
from shared.errors import ServiceError
from shared.rest.problems import render

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Console:
    """The ASGI app for every path that no other door takes. `hang_up` ends the open event streams before a shutdown."""

    app: ASGIApp
    bell: Bell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def hang_up(self) -> None:
        self.bell.hang_up()


def build_console(
    *,
    database: Units,
    clock: Clock,
    business_now: Callable[[], datetime],
    bus: BusLink,
    upstreams: Mapping[str, Upstream],
    mint: Mint,
    public_url: str,
) -> Console:
    """`upstreams` are the services and the gateway itself; `mint` signs who asks for them. Cookies are `Secure` on https."""
    assets, bell = Assets(), Bell(bus)
    desk = SessionDesk(database, clock, secure=public_url.startswith("https:"))
    pages = Pages(assets, business_now=business_now, real_now=clock.now)
    behind = Behind(upstreams, mint)
    rollouts = RolloutPages(behind, desk, pages)
    orders = OrderPages(behind, desk, pages, rollouts)
    deliveries = DeliveryPages(behind, desk, pages)
    entry = EntryPages(desk, pages, read_problem_texts())

    async def events(request: Request) -> Response:
        await desk.require(request)
        return event_stream(bell, request)

    wave = "/rollouts/{name}/waves/{wave}"
    routes = [
        Route("/", rollouts.index),
        Route("/rollouts", rollouts.index),
        Route("/rollouts/{name}", rollouts.show),
        Route(f"{wave}/holds/{{hold_id}}/lift", orders.show),
        Route(f"{wave}/holds/{{hold_id}}/lift", orders.carry_out, methods=["POST"]),
        Route(f"{wave}/{{verb}}", orders.show),
        Route(f"{wave}/{{verb}}", orders.carry_out, methods=["POST"]),
        Route("/deliveries", deliveries.index),
        Route("/deliveries/{id}/replay", deliveries.replay, methods=["POST"]),
        Route("/quarantine/{id}/replay", deliveries.release, methods=["POST"]),
        *desk_routes(behind, desk, pages),
        *integration_routes(behind, desk, pages, public_url=public_url),
        Route("/problems", entry.problems),
        Route("/problems/{code}", entry.problem),
        Route("/login", entry.how_to_log_in),
        Route("/login/{token}", entry.log_in),
        Route("/logout", entry.ask_log_out),
        Route("/logout", entry.log_out, methods=["POST"]),
        Route("/console/events", events),
        Route("/console/assets/{version}/{name}", assets.serve),
    ]
    return Console(Starlette(routes=routes, exception_handlers=_handlers(desk, pages, public_url.rstrip("/"))), bell)


def _handlers(
    desk: SessionDesk, pages: Pages, base_url: str
) -> dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
    """People get a page; a program that asks for no HTML gets problem+json as everywhere else."""

    async def on_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServiceError)
        if "text/html" not in request.headers.get("accept", ""):
            return render(error, base_url=base_url)
        if isinstance(error, NotSignedIn):
            return pages.fill("sign_in.html", who=None, status=401)
        # A database that cannot be reached must not make the page about it fail too.
        who = await desk.find(request) if error.status < 500 else None
        return pages.fill(
            "trouble.html", who=who, status=error.status, code=error.code, title=error.title, detail=error.detail
        )

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return await on_error(request, error.as_service_error())

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            return await on_error(request, MethodNotAllowed("The page is there, but not for this."))
        return await on_error(request, NoSuchPath("Check the address, or begin at the list of rollouts."))

    async def on_fault(request: Request, error: Exception) -> Response:
        structlog.get_logger().error("console.failed", exc_info=error)
        said = "It was logged. Reload the page; if it happens again, tell whoever runs Glidepath."
        return await on_error(request, ServiceError(said))

    return {ServiceError: on_error, Refused: on_refused, HTTPException: on_http, Exception: on_fault}
