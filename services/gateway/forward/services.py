"""`/api/{service}/v1/...` and the pages for people without an account: who asks is known, then the request is passed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.gateway.domain.bucket import Taken
from services.gateway.domain.passage import IDENTITY_HEADER, Headers, Passage, find_passage, forwarded_headers, outward
from services.gateway.errors import NoSuchPath, UpstreamUnreachable
from services.gateway.forward.callers import Callers
from services.gateway.forward.http import CallerGone, header, limited, send_problem, send_problem_page, too_large
from services.gateway.forward.limits import Limiter
from services.gateway.ports import Message, Outgoing, Receive, Scope, Send, Upstream
from shared.auth import ANONYMOUS, Identities, Identity
from shared.clock import Clock
from shared.errors import ServiceError, TooManyRequests, Unauthenticated

REMINTED_AFTER = timedelta(seconds=20)
MOST_MINTED = 10_000


class Mint:
    """Signed identities, remembered for seconds: a signature costs more than the rest of a forwarded request."""

    def __init__(self, identities: Identities, clock: Clock) -> None:
        self._identities = identities
        self._clock = clock
        self._minted: dict[tuple[Identity, str], tuple[bytes, datetime]] = {}

    def token(self, identity: Identity, service: str) -> bytes:
        """The value of the identity header for a request to `service`."""
        now = self._clock.now()
        held = self._minted.get((identity, service))
        if held is not None and timedelta(0) <= now - held[1] < REMINTED_AFTER:
            return held[0]
        if len(self._minted) >= MOST_MINTED:
            self._minted.clear()
        token = self._identities.mint(identity, audience=service, now=now).encode()
        self._minted[identity, service] = (token, now)
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDoor:
    """The ASGI app that forwards."""

    upstreams: Mapping[str, Upstream]
    callers: Callers
    mint: Mint
    limits: Limiter
    """Per API key."""
    public_limits: Limiter
    """Per address, for people without a key and for keys that are refused."""
    form_limits: Limiter
    """Per address, for forms that anybody may send: each makes work for somebody."""
    base_url: str
    body_most: int
    read_seconds: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = began or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._forward(scope, receive, watched)
        except (CallerGone, ConnectionResetError):
            return
        except ServiceError as error:
            if began:
                raise
            await self._refuse(scope, send, error)
        except Exception as error:
            if began:
                raise
            structlog.get_logger().error("forward.failed", exc_info=error)
            unreachable = UpstreamUnreachable("The request could not be passed on.")
            await self._refuse(scope, send, unreachable)

    async def _refuse(self, scope: Scope, send: Send, error: ServiceError) -> None:
        head = scope["method"] == "HEAD"
        if not scope["path"].startswith("/api/") and "text/html" in (header(scope, b"accept") or ""):
            await send_problem_page(send, error, head=head)
        else:
            await send_problem(send, error, base_url=self.base_url, head=head)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        passage = find_passage(scope.get("raw_path") or scope["path"].encode(), self.upstreams)
        if passage is None:
            raise NoSuchPath("Nothing is here; the services are under /api/{service}/v1/.")
        promised = header(scope, b"content-length") or "0"
        if len(promised) > 12 or (promised.isdigit() and int(promised) > self.body_most):
            raise too_large(self.body_most)
        identity, limits, taken = await self._admit(scope, passage)
        request = Outgoing(
            method=scope["method"],
            path=passage.path,
            query=scope["query_string"],
            headers=[
                *forwarded_headers(scope["headers"]),
                (IDENTITY_HEADER, self.mint.token(identity, passage.service)),
            ],
            client=scope.get("client"),
            scheme="https" if scope.get("scheme") == "https" else "http",
            host=header(scope, b"host") or "",
        )
        receiving = limited(receive, most=self.body_most, seconds=self.read_seconds)
        limit_headers = limits.headers(taken)
        await self.upstreams[passage.service].forward(
            request, receiving, _outgoing_answer(send, passage.service, limit_headers)
        )

    async def _admit(self, scope: Scope, passage: Passage) -> tuple[Identity, Limiter, Taken]:
        client = scope.get("client")
        address = str(client[0]) if client else "unknown"
        if passage.public:
            if passage.sends_form and scope["method"] == "POST":
                self._take(self.form_limits, address)
            return ANONYMOUS, self.public_limits, self._take(self.public_limits, address)
        try:
            identity = await self.callers.identify(scope)
        except Unauthenticated:
            self._take(self.public_limits, address)  # guessing keys is slowed down like everything without one
            raise
        return identity, self.limits, self._take(self.limits, identity.subject)

    def _take(self, limiter: Limiter, who: str) -> Taken:
        taken = limiter.take(who)
        if not taken.allowed:
            raise TooManyRequests(
                f"At most {limiter.allowance.burst} requests at once and"
                f" {limiter.allowance.rate_per_second:g} a second.",
                retry_after_seconds=taken.retry_after_seconds,
            )
        return taken


def _outgoing_answer(send: Send, service: str, limit_headers: Headers) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*outward(message["headers"], service), *limit_headers]}
        await send(message)

    return sending
