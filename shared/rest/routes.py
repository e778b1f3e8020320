"""Routes that run in one transaction: who asks is known, they may; it is committed before the answer goes out."""

import json
import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, cast
from urllib.parse import unquote

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from shared.auth import IDENTITY_HEADER, Identity
from shared.database import UnitOfWork
from shared.errors import FieldProblem, InvalidRequest, Unauthenticated
from shared.rest.idempotency import RequestInFlight, StoredAnswers, hash_request, read_key

# An odd number of backslashes before u0000: JSON's escape of NUL, not the text "\\u0000".
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
RouteHandler = Callable[[Request], Coroutine[Any, Any, Response]]


class _AnsweredWithError(Exception):
    """A handler returned an error answer itself: its transaction is rolled back, its answer stays."""

    def __init__(self, response: Response) -> None:
        self.response = response


class UnitRoute(APIRoute):
    """See the module. `app.state.runtime` and `app.state.permissions` are set by `shared.app.build_app`."""

    def get_route_handler(self) -> RouteHandler:
        handle = super().get_route_handler()

        async def handle_in_unit(request: Request) -> Response:
            runtime = request.app.state.runtime
            for place, text in (("path", request.url.path), ("query", request.url.query)):
                if "\0" in unquote(text):
                    raise _nul_at(place)
            identity = _identify(request)
            identity.require(request.app.state.permissions[f"{request.method} {self.path_format}"])
            request.state.identity = identity
            structlog.contextvars.bind_contextvars(caller=identity.subject)
            if request.method in READING:
                async with runtime.database.read_work() as work:
                    _open(request, work)
                    return await handle(request)
            # The body is read before the transaction opens: a slow sender must not hold the writer's lock.
            body = await request.body()
            if _ESCAPED_NUL.search(body):
                raise _nul_at(_place_of_nul(body))
            key = read_key(request) if request.method == "POST" else None
            if key is None:
                return await _run(request, handle)
            return await _run_once(request, handle, identity.subject, key, hash_request(request, body))

        return handle_in_unit


def _nul_at(place: str) -> InvalidRequest:
    """PostgreSQL stores no NUL; a caller who sends one is told so on either engine."""
    detail = "holds a NUL character (U+0000), which no field can keep"
    return InvalidRequest(f"{place}: {detail}. Remove it.", errors=[FieldProblem(place, detail)])


def _place_of_nul(body: bytes) -> str:
    """The JSON pointer of the first NUL; `/` where the body is no JSON after all."""

    def find(value: Any, place: str) -> str | None:
        if isinstance(value, str):
            return place if "\0" in value else None
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        names = (f"{place}/{key}" for key, _ in parts if isinstance(key, str) and "\0" in key)
        return next(names, None) or next((at for key, one in parts if (at := find(one, f"{place}/{key}"))), None)

    try:
        return find(json.loads(body), "") or "/"
    except (ValueError, RecursionError):
        return "/"


def _identify(request: Request) -> Identity:
    runtime = request.app.state.runtime
    token = request.headers.get(IDENTITY_HEADER)
    if token is None:
        raise Unauthenticated("The request does not come through the gateway.")
    return cast(Identity, runtime.identities.read(token, audience=runtime.service, now=runtime.clock.now()))


def _open(request: Request, work: UnitOfWork) -> None:
    request.state.work = work
    request.state.unit = request.app.state.runtime.database.wrap(work)


async def _run(request: Request, handle: RouteHandler) -> Response:
    database = request.app.state.runtime.database
    try:
        async with database.work() as work:
            _open(request, work)
            response = await handle(request)
            if response.status_code >= 400:
                raise _AnsweredWithError(response)
            return response
    except _AnsweredWithError as answer:
        return answer.response


async def _run_once(request: Request, handle: RouteHandler, caller: str, key: str, request_hash: str) -> Response:
    runtime = request.app.state.runtime
    in_flight: set[tuple[str, str]] = request.app.state.in_flight
    if (caller, key) in in_flight:
        raise RequestInFlight("Wait for the first request's answer and repeat it then.", retry_after_seconds=1)
    in_flight.add((caller, key))
    try:
        async with runtime.database.work() as work:
            stored = StoredAnswers(work, runtime.plumbing)
            await stored.lock(caller, key)
            replay = await stored.find(caller, key, request_hash)
            if replay is not None:
                return replay
            _open(request, work)
            response = await handle(request)
            if response.status_code >= 400:
                raise _AnsweredWithError(response)
            keep = not getattr(request.state, "bears_secret", False)
            await stored.store(caller, key, request_hash, response, keep_body=keep, now=runtime.clock.now())
            return response
    except _AnsweredWithError as answer:
        return answer.response
    finally:
        in_flight.discard((caller, key))


class Router(APIRouter):
    """An APIRouter whose routes are `UnitRoute`s."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(route_class=UnitRoute, **kwargs)


def request_unit(request: Request) -> Any:
    """The request's transaction as the service's own unit: `Annotated[TicketsUnit, Depends(request_unit)]`."""
    return request.state.unit


def request_work(request: Request) -> UnitOfWork:
    """The same transaction bare, for plumbing."""
    return cast(UnitOfWork, request.state.work)


def caller(request: Request) -> Identity:
    return cast(Identity, request.state.identity)


def bears_secret(request: Request) -> None:
    """Mark the answer as one that shows a secret: it is not stored for an idempotent replay."""
    request.state.bears_secret = True


def _business_now(request: Request) -> datetime:
    return cast(datetime, request.app.state.runtime.business.now())


def _real_now(request: Request) -> datetime:
    return cast(datetime, request.app.state.runtime.clock.now())


Caller = Annotated[Identity, Depends(caller)]
Now = Annotated[datetime, Depends(_business_now)]
"""Business time: due times, bake times, freezes."""
RealNow = Annotated[datetime, Depends(_real_now)]
"""Real time: tokens, keys, logs."""
