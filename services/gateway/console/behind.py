"""The services, asked in the name of whoever is signed in: the same forwarding as /api, so the same roles apply."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.gateway.domain.passage import IDENTITY_HEADER, Headers
from services.gateway.errors import UpstreamUnreachable
from services.gateway.ports import Message, Outgoing, Upstream
from shared.auth import Identity
from shared.errors import ServiceError

Mint = Callable[[Identity, str], bytes]
Document = dict[str, Any]


class Refused(Exception):
    """A service's problem+json, to be shown to the person who asked."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code") or "internal")
        self.title = str(problem.get("title") or "Something went wrong on our side")
        self.detail = str(problem.get("detail") or "")
        self.places = [
            (str(place.get("pointer", "")), str(place.get("detail", ""))) for place in problem.get("errors", [])
        ]
        super().__init__(self.detail or self.title)

    def as_service_error(self) -> ServiceError:
        """The same as an error of this service's own, for the pages about errors."""
        error = ServiceError(self.detail)
        vars(error).update(status=self.status, code=self.code, title=self.title)
        return error


@dataclass(frozen=True, slots=True)
class Behind:
    """`get` and `post` answer with the JSON document, or raise `Refused`; `UpstreamUnreachable`, `UpstreamTooSlow`."""

    upstreams: Mapping[str, Upstream]
    mint: Mint

    async def get(self, who: Identity, service: str, path: str, **query: str | int | None) -> Document:
        """Query parameters that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return await self._ask(who, service, "GET", path, query=urlencode(given).encode("ascii"))

    async def post(
        self, who: Identity, service: str, path: str, body: Document | None = None, *, once: str | None = None
    ) -> Document:
        """`once` is the Idempotency-Key: a form that is sent twice acts once."""
        headers: Headers = [(b"content-type", b"application/json")] if body is not None else []
        if once is not None:
            headers.append((b"idempotency-key", once.encode("ascii", "ignore")))
        sent = json.dumps(body).encode() if body is not None else b""
        return await self._ask(who, service, "POST", path, headers=headers, body=sent)

    async def _ask(
        self,
        who: Identity,
        service: str,
        method: str,
        path: str,
        *,
        query: bytes = b"",
        headers: Headers | None = None,
        body: bytes = b"",
    ) -> Document:
        answer = _Collected()
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        request = Outgoing(
            method=method,
            path=path.encode("ascii"),
            query=query,
            headers=[
                (b"accept", b"application/json"),
                *(headers or []),
                (b"content-length", str(len(body)).encode()),
                (IDENTITY_HEADER, self.mint(who, service)),
            ],
            host=service,
        )
        await self.upstreams[service].forward(request, receive, answer)
        return answer.document(service)


class _Collected:
    """An answer gathered whole: what the console asks for is pages of at most 200 rows."""

    def __init__(self) -> None:
        self._status = 0
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        else:
            self._parts.append(message.get("body", b""))

    def document(self, service: str) -> Document:
        body = b"".join(self._parts)
        try:
            document = json.loads(body) if body else {}
        except ValueError as error:
            raise UpstreamUnreachable(f"{service} gave an answer that cannot be read.") from error
        if not isinstance(document, dict):
            raise UpstreamUnreachable(f"{service} gave an answer of another shape.")
        if not 200 <= self._status < 300:
            raise Refused(self._status, document)
        return document
