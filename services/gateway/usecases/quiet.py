"""Whether the whole deployment has come to rest: the demo steps business time only then."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.gateway.domain.passage import IDENTITY_HEADER
from services.gateway.ports import Message, Outgoing, Upstream
from shared.auth import Identity, Role
from shared.errors import ServiceError

ASKER = Identity(subject="service:gateway", kind="service", name="the gateway", roles=frozenset({Role.INTEGRATION}))
Status = dict[str, Any]


async def ask_status(name: str, upstream: Upstream, token: bytes) -> Status:
    """`GET /v1/status` of a service; a service that does not answer is not quiet."""
    parts: list[bytes] = []
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    headers = [(IDENTITY_HEADER, token), (b"accept", b"application/json")]
    request = Outgoing(method="GET", path=b"/v1/status", query=b"", headers=headers, host=name)
    try:
        await upstream.forward(request, receive, send)
        document = json.loads(b"".join(parts))
    except (ServiceError, ValueError) as error:
        return {"quiet": False, "reason": str(error)}
    if status != 200 or not isinstance(document, dict):
        return {"quiet": False, "reason": f"answered {status}"}
    return document


async def ask_quiet(
    upstreams: Mapping[str, Upstream], mint: Callable[[Identity, str], bytes]
) -> tuple[bool, dict[str, Status]]:
    """Ask every service twice: an event on its way between two looks shows as something handled in between."""

    async def look() -> dict[str, Status]:
        return {name: await ask_status(name, upstream, mint(ASKER, name)) for name, upstream in upstreams.items()}

    return await _at_rest(look)


async def _at_rest(look: Callable[[], Awaitable[dict[str, Status]]]) -> tuple[bool, dict[str, Status]]:
    first = await look()
    if not all(status.get("quiet") is True for status in first.values()):
        return False, first
    second = await look()
    quiet = all(status.get("quiet") is True for status in second.values())
    return quiet and _handled(first) == _handled(second), second


def _handled(looked: Mapping[str, Status]) -> list[Any]:
    return [
        (name, consumer.get("name"), consumer.get("handled"))
        for name, status in sorted(looked.items())
        for consumer in status.get("consumers", [])
    ]
