"""The FastAPI application of a service: conventions, health, telemetry, and a permission table that covers every route."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from starlette.types import ASGIApp

from shared import __version__
from shared.auth import Permissions, Role, roles
from shared.database import UnitOfWork
from shared.logging import configure_logging
from shared.rest import Page, Paging, Router, keyset_page, page_of, request_work
from shared.rest.body_limit import DeclaredLength
from shared.rest.problems import install
from shared.runtime import Runtime

MAX_BODY_BYTES = 8 * 1024 * 1024
"""An import of people may be large; webhook intake has its own, smaller limit."""

OPERATIONS: Permissions = {
    "GET /v1/status": roles(Role.INTEGRATION),
    "GET /v1/message-quarantine": roles(),
    "POST /v1/message-quarantine/{quarantine_id}/replay": roles(),
}
"""Rows that every service has for the routes that `build_app` adds itself."""


class ServiceApp(FastAPI):
    """FastAPI whose refusal of a long body is a problem like any other."""

    def build_middleware_stack(self) -> ASGIApp:
        inner = super().build_middleware_stack()
        return DeclaredLength(inner, most=MAX_BODY_BYTES, base_url=self.state.base_url)


class PermissionTableMismatch(RuntimeError):
    """A route without a row, or a row without a route: the app does not start."""


class QuarantinedMessage(BaseModel):
    """An event that could not be handled, with the reason."""

    id: str
    consumer: str
    event_id: str
    subject: str
    reason: str
    attempts: int
    quarantined_at: AwareDatetime
    replayed_at: AwareDatetime | None


def build_app(runtime: Runtime[Any], *, routers: Sequence[APIRouter], permissions: Permissions, title: str) -> FastAPI:
    """A service's app. `PermissionTableMismatch` unless the table has exactly one row for each route."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running():
            yield

    configure_logging(runtime.settings.log_level, runtime.settings.log_format)
    routers = [_operations_router(), *routers]
    table = {**OPERATIONS, **permissions}
    _check_permissions(routers, table)
    app = ServiceApp(
        title=title,
        version=__version__,
        lifespan=lifespan,
        # Not `include_router`: it builds every route a second time at the first request, and matches every request twice.
        routes=[route for router in routers for route in router.routes],
        docs_url=None,
        redoc_url=None,
        telemetry=runtime.telemetry.fastapi(),
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.runtime = runtime
    app.state.permissions = table
    app.state.in_flight = set()
    app.state.base_url = runtime.settings.public_url.rstrip("/")
    install(app, app.state.base_url)
    _add_health(app, runtime)
    return app


def route_names(routers: Sequence[APIRouter]) -> set[str]:
    """`"GET /v1/tickets"` for every route of the routers."""
    return {
        f"{method} {route.path_format}"
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _check_permissions(routers: Sequence[APIRouter], permissions: Permissions) -> None:
    routes = route_names(routers)
    missing, spare = sorted(routes - set(permissions)), sorted(set(permissions) - routes)
    if missing or spare:
        raise PermissionTableMismatch(f"routes without a row: {missing}; rows without a route: {spare}")


@cache
def _operations_router() -> Router:
    router = Router(tags=["operations"])

    def runtime_of(request: Request) -> Runtime[Any]:
        runtime: Runtime[Any] = request.app.state.runtime
        return runtime

    Running = Annotated[Runtime[Any], Depends(runtime_of)]
    Work = Annotated[UnitOfWork, Depends(request_work)]

    @router.get("/v1/status")
    async def get_status(runtime: Running) -> dict[str, Any]:
        return await runtime.status()

    @router.get("/v1/message-quarantine")
    async def list_quarantine(
        request: Request, response: Response, work: Work, paging: Paging
    ) -> Page[QuarantinedMessage]:
        table = request.app.state.runtime.plumbing.quarantine
        columns = [table.c[name] for name in QuarantinedMessage.model_fields]
        rows, after = await keyset_page(work.session, select(*columns), [(table.c.id, "desc")], paging)
        items = [
            QuarantinedMessage.model_validate(dict(zip(QuarantinedMessage.model_fields, row, strict=True)))
            for row in rows
        ]
        return page_of(items, after, request, response)

    @router.post("/v1/message-quarantine/{quarantine_id}/replay", status_code=204)
    async def replay_message(quarantine_id: str, runtime: Running, work: Work) -> None:
        await runtime.replay(work, quarantine_id)

    return router


def _add_health(app: FastAPI, runtime: Runtime[Any]) -> None:
    # Health has no identity: the orchestrator asks, and learns nothing but whether this process works.
    async def get_livez(_: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    async def get_readyz(_: Request) -> Response:
        reason = await runtime.unready_because()
        if reason is not None:
            structlog.get_logger().warning("service.unready", service=runtime.service, reason=reason)
            return Response(f"not ready: {reason}\n", status_code=503, media_type="text/plain")
        return Response("ok\n", media_type="text/plain")

    async def get_metrics(_: Request) -> Response:
        return Response(runtime.telemetry.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    app.add_route("/livez", get_livez)
    app.add_route("/readyz", get_readyz)
    app.add_route("/metrics", get_metrics)
