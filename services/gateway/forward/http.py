"""Reading bodies and writing answers in plain ASGI."""

import asyncio
import json
from collections.abc import Iterable
from html import escape
from typing import Any

from services.gateway.domain.intake import Answer
from services.gateway.domain.passage import Headers
from services.gateway.errors import BodyTooLarge, BodyTooSlow
from services.gateway.ports import Message, Receive, Scope, Send
from shared.errors import ServiceError
from shared.rest.problems import MEDIA_TYPE, problem_document

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class CallerGone(Exception):
    """The connection ended before the body did; nobody waits for an answer."""


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a header, or None."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


async def read_body(scope: Scope, receive: Receive, *, most: int, seconds: float) -> bytes:
    """The whole body, at most `most` bytes within `seconds`. `BodyTooLarge`, `BodyTooSlow`, `CallerGone`.

    What Content-Length promises is only good for refusing early: the bytes that come are counted.
    """
    promised = header(scope, b"content-length") or ""
    if promised.isascii() and promised.isdigit() and (len(promised) > 12 or int(promised) > most):
        raise too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise CallerGone
                part = message.get("body", b"")
                size += len(part)
                if size > most:
                    raise too_large(most)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise BodyTooSlow(f"The body must arrive within {seconds:g} seconds.") from error


def too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body may have {most} bytes at most.")


def limited(receive: Receive, *, most: int, seconds: float) -> Receive:
    """`receive` for streaming a body on: `BodyTooLarge` above `most`, `BodyTooSlow` when nothing comes for `seconds`."""
    size = 0
    complete = False

    async def receiving() -> Message:
        nonlocal size, complete
        if complete:
            return await receive()  # only the end of the connection is left to hear of
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError as error:
            raise BodyTooSlow(f"Nothing of the body came for {seconds:g} seconds.") from error
        size += len(message.get("body", b""))
        if size > most:
            raise too_large(most)
        complete = not message.get("more_body", False)
        return message

    return receiving


async def send_answer(send: Send, answer: Answer, *, head: bool = False) -> None:
    """A whole answer at once."""
    headers: Headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def send_problem(
    send: Send, error: ServiceError, *, base_url: str, extra: Iterable[tuple[str, str]] = (), head: bool = False
) -> None:
    """A `ServiceError` as problem+json (RFC 9457)."""
    document: dict[str, Any] = problem_document(
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        errors=error.errors,
        base_url=base_url,
    )
    headers = {"cache-control": "no-store", **dict(extra)}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    body = json.dumps(document).encode()
    answer = Answer(status=error.status, body=body, content_type=MEDIA_TYPE, headers=headers)
    await send_answer(send, answer, head=head)


async def send_problem_page(send: Send, error: ServiceError, *, head: bool = False) -> None:
    """The same for a person who looks at a page without an account: in words, not in JSON."""
    wait = f"<p>Please try again in {error.retry_after_seconds} seconds.</p>" if error.retry_after_seconds else ""
    title, detail = escape(error.title), escape(error.detail)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"</head><body><main><h1>{title}</h1><p>{detail}</p>{wait}</main></body></html>"
    )
    headers = {"cache-control": "no-store"}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    answer = Answer(status=error.status, body=page.encode(), content_type="text/html; charset=utf-8", headers=headers)
    await send_answer(send, answer, head=head)


def secured(send: Send) -> Send:
    """`send` that adds the security headers to an answer that does not bring its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            present = {name.lower() for name, _ in headers}
            headers += [pair for pair in SECURITY_HEADERS if pair[0] not in present]
            message = {**message, "headers": headers}
        await send(message)

    return sending
