"""The services behind the gateway: in this process, or over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import structlog
from yarl import URL

from services.gateway.domain.passage import returned_headers
from services.gateway.errors import UpstreamTooSlow, UpstreamUnreachable
from services.gateway.ports import ASGIApp, Message, Outgoing, Receive, Send
from shared.errors import ServiceError

CHUNK = 64 * 1024
# Shorter than uvicorn's five seconds, so that a connection is not reused in the moment in which the service closes it.
KEEP_ALIVE_SECONDS = 3.0
CONNECT_SECONDS = 3.0


class _Watched:
    """Passes the answer on and remembers whether it began."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.began = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            message = {**message, "headers": returned_headers(message.get("headers", []))}
        await self._send(message)


class InProcessUpstream:
    """A service's ASGI app in this process: the same messages without the wire."""

    def __init__(self, app: ASGIApp, *, name: str, timeout_seconds: float) -> None:
        self._app = app
        self._name = name
        self._timeout = timeout_seconds

    async def forward(self, request: Outgoing, receive: Receive, send: Send) -> None:
        watched = _Watched(send)
        path = request.path.decode("ascii")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.scheme,
            "path": str(URL(path, encoded=True).path) if "%" in path else path,
            "raw_path": request.path,
            "query_string": request.query,
            "root_path": "",
            "headers": [(b"host", request.host.encode("latin-1")), *request.headers],
            "client": request.client,
            "server": ("glidepath", None),
            "state": {},
        }
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                await self._app(scope, receive, _lift(deadline, watched))
        except TimeoutError as error:
            if watched.began:
                raise
            raise UpstreamTooSlow(f"{self._name} did not answer within {self._timeout:g} s.") from error
        except ServiceError:
            raise  # the caller's body, not the service
        except Exception as error:
            # The service's own app has logged and answered its fault; only if it did not is there something left to say.
            if not watched.began:
                raise UpstreamUnreachable(f"{self._name} failed before it answered.") from error

    async def aclose(self) -> None:
        """The app is not ours to end."""


def _lift(deadline: asyncio.Timeout, send: _Watched) -> Send:
    async def sending(message: Message) -> None:
        # The limit is for the answer to begin; a stream of events may last.
        deadline.reschedule(None)
        await send(message)

    return sending


class HttpUpstream:
    """A service over HTTP/1.1: no redirects, no cookies, no proxies from the environment, every wait bounded."""

    def __init__(self, base_url: str, *, name: str, timeout_seconds: float) -> None:
        self._base = URL(base_url)
        self._name = name
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=timeout_seconds)
        self._seconds = timeout_seconds
        self._client: aiohttp.ClientSession | None = None

    async def forward(self, request: Outgoing, receive: Receive, send: Send) -> None:
        watched = _Watched(send)
        url = URL.build(
            scheme=self._base.scheme,
            host=self._base.host or "",
            port=self._base.port,
            path=request.path.decode("ascii"),
            query_string=request.query.decode("latin-1"),
            encoded=True,
        )
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
        headers.append(("X-Forwarded-Proto", request.scheme))
        headers.append(("X-Forwarded-Host", request.host))
        body = await _Body.read(receive)
        watcher: asyncio.Task[None] | None = None
        try:
            async with self._session().request(
                request.method, url, headers=headers, data=body.payload(), allow_redirects=False, timeout=self._timeout
            ) as answer:
                await watched({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers})
                if answer.content_length is None:
                    # A stream may go on after its reader left; nothing but the caller's connection tells.
                    watcher = asyncio.create_task(_close_when_gone(receive, answer))
                async for chunk in answer.content.iter_any():
                    await watched({"type": "http.response.body", "body": chunk, "more_body": True})
                await watched({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, aiohttp.ServerTimeoutError) as error:
            if watched.began:
                raise
            raise UpstreamTooSlow(f"{self._name} did not answer within {self._seconds:g} s.") from error
        except (aiohttp.ClientError, OSError) as error:
            if body.failure is not None:
                raise body.failure from error
            if watcher is not None and watcher.done():
                return
            structlog.get_logger().warning("upstream.failed", service=self._name, error=repr(error))
            if watched.began:
                raise
            raise UpstreamUnreachable(f"{self._name} cannot be reached just now.") from error
        finally:
            if watcher is not None:
                watcher.cancel()

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=10)
            self._client = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                read_bufsize=CHUNK,
            )
        return self._client

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


async def _close_when_gone(receive: Receive, answer: aiohttp.ClientResponse) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    answer.close()


class _Body:
    """A request's body: whole if it came in one piece, else streamed on as it comes."""

    def __init__(self, first: bytes, more: bool, receive: Receive) -> None:
        self._first = first
        self._more = more
        self._receive = receive
        self.failure: Exception | None = None
        """Why the caller's body could not be read to its end; the client wraps it in an error of its own."""

    @classmethod
    async def read(cls, receive: Receive) -> "_Body":
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the caller went away")
        return cls(message.get("body", b""), bool(message.get("more_body", False)), receive)

    def payload(self) -> bytes | AsyncIterator[bytes] | None:
        if self._more:
            return self._stream()
        return self._first or None

    async def _stream(self) -> AsyncIterator[bytes]:
        yield self._first
        while self._more:
            try:
                message = await self._receive()
            except ServiceError as error:
                self.failure = error
                raise
            if message["type"] == "http.disconnect":
                self.failure = ConnectionResetError("the caller went away")
                raise self.failure
            self._more = bool(message.get("more_body", False))
            if message.get("body"):
                yield message["body"]
