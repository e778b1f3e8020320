"""The services, asked in the name of whoever is signed in: the same forwarding as /api, so the same roles apply."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from services.gateway.domain.passage import IDENTITY_HEADER, Headers
from services.gateway.errors import UpstreamUnreachable
from services.gateway.ports import Message, Outgoing, Receive, Upstream
from shared.auth import Identity
from shared.errors import ServiceError

Mint = Callable[[Identity, str], bytes]
Document = dict[str, Any]
Asked = str | int | bool | Sequence[str] | None
_NOT_HAD = frozenset({403, 404, 405, 501})


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
class Answer:
    """What a service answered: a JSON document or list, and the version to send back as If-Match."""

    document: Any
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Behind:
    """Answers with JSON, or raises `Refused`; `UpstreamUnreachable`, `UpstreamTooSlow`."""

    upstreams: Mapping[str, Upstream]
    mint: Mint

    async def get(self, who: Identity, service: str, path: str, **query: Asked) -> Document:
        """Query parameters that are None are left out; several values make several parameters."""
        return _document((await self.ask(who, service, "GET", path, query=query)).document, service)

    async def find(self, who: Identity, service: str, path: str, **query: Asked) -> Any:
        """The same, list or document, and None where it is not there, not offered by this release, or not for these roles."""
        try:
            return (await self.ask(who, service, "GET", path, query=query)).document
        except Refused as refused:
            if refused.status in _NOT_HAD:
                return None
            raise

    async def post(
        self, who: Identity, service: str, path: str, body: Document | None = None, *, once: str | None = None
    ) -> Document:
        """`once` is the Idempotency-Key: a form that is sent twice acts once."""
        return _document((await self.ask(who, service, "POST", path, body=body, once=once)).document, service)

    async def ask(
        self,
        who: Identity,
        service: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, Asked] | None = None,
        body: Document | None = None,
        once: str | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """Any request. `path` is percent-encoded already."""
        headers: Headers = [(b"content-type", b"application/json")] if body is not None else []
        if once is not None:
            headers.append((b"idempotency-key", once.encode("ascii", "ignore")))
        if if_match is not None:
            headers.append((b"if-match", if_match.encode("ascii", "ignore")))
        sent = json.dumps(body).encode() if body is not None else b""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        answer = _Collected()
        request = Outgoing(
            method=method,
            path=path.encode("ascii"),
            query=urlencode(given, doseq=True).encode("ascii"),
            headers=[
                (b"accept", b"application/json"),
                *headers,
                (b"content-length", str(len(sent)).encode()),
                (IDENTITY_HEADER, self.mint(who, service)),
            ],
            host=service,
        )
        await self.upstreams[service].forward(request, _saying(sent), answer)
        return answer.read(service)


def _saying(body: bytes) -> Receive:
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _document(found: Any, service: str) -> Document:
    if not isinstance(found, dict):
        raise UpstreamUnreachable(f"{service} gave an answer of another shape.")
    return found


class _Collected:
    """An answer gathered whole: what the console asks for is pages of at most 200 rows."""

    def __init__(self) -> None:
        self._status = 0
        self._etag = ""
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._etag = next((value.decode("latin-1") for name, value in message["headers"] if name == b"etag"), "")
        else:
            self._parts.append(message.get("body", b""))

    def read(self, service: str) -> Answer:
        body = b"".join(self._parts)
        try:
            found = json.loads(body) if body else {}
        except ValueError as error:
            raise UpstreamUnreachable(f"{service} gave an answer that cannot be read.") from error
        if not 200 <= self._status < 300:
            raise Refused(self._status, _document(found, service))
        return Answer(found, self._etag)
