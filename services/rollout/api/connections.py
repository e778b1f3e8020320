"""Connections to learning systems: how they are called, and a poll on demand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Path, Response

from services.rollout.domain.batch import Pace
from services.rollout.ports.learning import Connection, LearningUnit
from services.rollout.schemas.connections import ConnectionIn, ConnectionOut
from services.rollout.usecases.connection import ConnectionOrder, ask_for_poll, connect_source
from shared.rest import Page, RealNow, Router, request_unit, set_etag
from shared.vault import Vault

Unit = Annotated[LearningUnit, Depends(request_unit)]
Source = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]


def connections_router(vault: Vault, vendors: Sequence[str]) -> Router:
    """The routes. `vault` seals tokens; `vendors` are those that can be called."""
    router = Router(tags=["connections"])

    @router.put("/v1/connections/{source}")
    async def put_connection(
        source: Source, body: ConnectionIn, response: Response, unit: Unit, now: RealNow
    ) -> ConnectionOut:
        """Connect a source that the gateway receives from, so that people can be enrolled there and it can be polled."""
        order = ConnectionOrder(
            vendor=body.vendor,
            base_url=body.base_url,
            token=body.token.get_secret_value() if body.token is not None else None,
            match_by=body.match_by,
            student_role_id=body.student_role_id,
            pace=Pace(size=body.batch_size, pause_for=timedelta(seconds=body.pause_seconds)),
            poll_every_for=timedelta(seconds=body.poll_every_seconds),
        )
        connection = await connect_source(unit, vault, vendors, source, order, now)
        set_etag(response, connection.version)
        return _out(connection)

    @router.get("/v1/connections")
    async def list_connections(unit: Unit) -> Page[ConnectionOut]:
        """Every connection and how its calls go. One page: there are as many as there are learning systems."""
        return Page(items=[_out(connection) for connection in await unit.people.connections.list_connections()])

    @router.post("/v1/connections/{source}/poll", status_code=202)
    async def poll_connection(source: Source, unit: Unit) -> ConnectionOut:
        """Ask the system soon what no webhook said."""
        return _out(await ask_for_poll(unit, source))

    return router


def _out(connection: Connection) -> ConnectionOut:
    return ConnectionOut(
        source=connection.source,
        vendor=connection.vendor,
        base_url=connection.base_url,
        match_by=connection.match_by,
        student_role_id=connection.student_role_id,
        batch_size=connection.pace.size,
        pause_seconds=connection.pace.pause_for.total_seconds(),
        poll_every_seconds=connection.poll_every_for.total_seconds(),
        poll_wanted=connection.poll_wanted,
        polling=connection.poll_cursor is not None,
        polled_at=connection.polled_at,
        polls=connection.polls,
        failures=connection.failures,
        last_error=connection.last_error,
        next_call_at=connection.next_call_at,
        version=connection.version,
    )
