"""What goes wrong on the way to a simulated helpdesk."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import httpx
from starlette.types import ASGIApp

Hook = Callable[[httpx.Request], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success and carries nothing out: 429 with Retry-After, 500, 503."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"error": "not now"}'


@dataclass(slots=True)
class Faults:
    """What goes wrong next; counts down. `methods` limits everything here to some methods ({"POST"}: only what is written)."""

    refuse_next: list[Refusal] = field(default_factory=list)
    lose_answers: int = 0
    """So many requests are carried out and their answers lost: `httpx.ReadTimeout`."""
    drop_requests: int = 0
    """So many requests never arrive: `httpx.ConnectError`."""
    half_answers: int = 0
    """So many answers are cut in the middle."""
    error_in_200: int = 0
    """So many requests are not carried out and answered with an error and status 200, where this vendor does that."""
    methods: frozenset[str] | None = None
    before: Hook | None = None
    """Awaited before a request is carried out."""
    after: Hook | None = None
    """Awaited between that and its answer."""

    def concern(self, request: httpx.Request) -> bool:
        return self.methods is None or request.method in self.methods


class Reachable(Protocol):
    """A simulator, as the way to it sees it."""

    app: ASGIApp
    faults: Faults
    error_200: ClassVar[bytes | None]


class DeskTransport(httpx.AsyncBaseTransport):
    """The way to a simulated helpdesk, with its faults. `requests` are those that arrived, `answers` what came back."""

    def __init__(self, desk: Reachable) -> None:
        self.desk = desk
        self.requests: list[httpx.Request] = []
        self.attempts = 0
        self._inner = httpx.ASGITransport(app=desk.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.attempts += 1
        faults = self.desk.faults
        if not faults.concern(request):
            return await self._carried_out(request)
        if faults.drop_requests > 0:
            faults.drop_requests -= 1
            raise httpx.ConnectError("the helpdesk cannot be reached", request=request)
        if faults.before is not None:
            await faults.before(request)
        if faults.refuse_next:
            refusal = faults.refuse_next.pop(0)
            headers = {"content-type": "application/json", **refusal.headers}
            return httpx.Response(refusal.status, headers=headers, content=refusal.body)
        if faults.error_in_200 > 0 and self.desk.error_200 is not None:
            faults.error_in_200 -= 1
            return httpx.Response(200, headers={"content-type": "application/json"}, content=self.desk.error_200)
        answer = await self._carried_out(request)
        if faults.after is not None:
            await faults.after(request)
        if faults.lose_answers > 0:
            faults.lose_answers -= 1
            raise httpx.ReadTimeout("the answer was lost", request=request)
        if faults.half_answers > 0:
            faults.half_answers -= 1
            content = await answer.aread()
            kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
            return httpx.Response(answer.status_code, headers=kept, content=content[: len(content) // 2])
        return answer

    async def _carried_out(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self._inner.handle_async_request(request)
