"""`POST /hooks/{source}`: trust, recognise, commit, answer; in that order, and never a 500."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from services.gateway.domain.delivery import MAX_BODY_BYTES, Arrival, Stage
from services.gateway.domain.intake import Answer, Untrusted
from services.gateway.errors import (
    BodyTooLarge,
    BodyUnreadable,
    IntakeFull,
    MethodNotAllowed,
    NoSuchSource,
    SignatureRefused,
)
from services.gateway.forward.http import CallerGone, read_body, send_answer, send_problem
from services.gateway.forward.limits import Limiter
from services.gateway.forward.sources import OpenSource, SourceBoard
from services.gateway.forward.writer import GroupCommit
from services.gateway.ports import Receive, Scope, Send
from services.gateway.usecases.deliveries import fits_event
from services.gateway.usecases.quarantine import accepted_of, refused_of
from shared.clock import Clock
from shared.errors import ServiceError
from shared.vault import Vault

DELIVERING = frozenset({"POST", "PUT"})
Room = Callable[[], Awaitable[str | None]]
"""Why nothing can be taken in just now, or None."""
Count = Callable[[str, str], None]
"""Called with the source and what became of a request, for the metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDoor:
    """The ASGI app behind `/hooks/`."""

    sources: SourceBoard
    writer: GroupCommit
    vault: Vault
    clock: Clock
    room: Room
    refusals: Limiter
    """Bounds how fast one address fills the quarantine; what is above is refused all the same but not kept."""
    base_url: str
    read_seconds: float
    count: Count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
            await send_answer(send, answer, head=scope["method"] == "HEAD")
        except CallerGone:
            return
        except MethodNotAllowed as error:
            await send_problem(send, error, base_url=self.base_url, extra=[("allow", "POST, PUT")])
        except ServiceError as error:
            await send_problem(send, error, base_url=self.base_url)
        except Exception as error:
            structlog.get_logger().error("hook.failed", exc_info=error)
            busy = IntakeFull("The delivery could not be taken; try again.", retry_after_seconds=5)
            await send_problem(send, busy, base_url=self.base_url)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        name, path = _named(scope)
        found = await self.sources.find(name)
        if found is None:
            raise NoSuchSource("No source of this name takes deliveries here; check the URL that the sender calls.")
        body = await read_body(scope, receive, most=MAX_BODY_BYTES, seconds=self.read_seconds)
        arrival = self._arrival(scope, path, body)
        greeting = found.intake.greet(arrival)
        if greeting is not None:
            self.count(name, "greeted")
            return greeting
        if scope["method"] not in DELIVERING:
            raise MethodNotAllowed("Deliveries come by POST.")
        reason = await self.room()
        if reason is not None:
            raise IntakeFull(reason, retry_after_seconds=30)
        return await self._take(found, arrival)

    async def _take(self, found: OpenSource, arrival: Arrival) -> Answer:
        name = found.source.name
        judged = await found.intake.judge(arrival, found.secrets, arrival.received_at)
        if isinstance(judged, Untrusted):
            self.count(name, "signature_refused")
            await self._keep(found, arrival, stage="signature", reason=judged.reason)
            raise SignatureRefused(f"{judged.reason}. The delivery is kept; it can be verified again.")
        fault = found.intake.find_fault(arrival)
        if fault is not None:
            self.count(name, "unreadable")
            await self._keep(found, arrival, stage="body", reason=fault)
            answer = found.intake.unreadable()
            if answer is None:
                raise BodyUnreadable(f"{fault}. The delivery is kept in the quarantine.")
            return answer
        accepted = accepted_of(found.source, found.intake, arrival)
        if not fits_event(accepted.body, accepted.headers):
            raise BodyTooLarge("The body is too large to be handed on as an event; send fewer items at once.")
        await self.writer.put(accepted)
        self.count(name, "accepted")
        return found.intake.accepted()

    async def _keep(self, found: OpenSource, arrival: Arrival, *, stage: Stage, reason: str) -> None:
        if not self.refusals.take(f"{found.source.id} {arrival.address}").allowed:
            self.count(found.source.name, "not_kept")
            return
        await self.writer.put(refused_of(found.source, arrival, stage=stage, reason=reason, vault=self.vault))

    def _arrival(self, scope: Scope, path: str, body: bytes) -> Arrival:
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Arrival(
            method=scope["method"],
            path=path,
            body=body,
            content_type=headers.get("content-type", ""),
            headers=headers,
            received_at=self.clock.now(),
            address=_address(scope),
        )


def _named(scope: Scope) -> tuple[str, str]:
    """The source's name and what follows it, from the raw path."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    name, _, path = raw.decode("ascii", "replace").removeprefix("/hooks/").partition("/")
    return name, path


def _address(scope: Scope) -> str | None:
    client = scope.get("client")
    return str(client[0]) if client else None
