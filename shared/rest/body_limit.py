"""A body that says that it is too long is refused as problem+json before any of it is read.

The framework's own limit, which counts what comes without a length, answers in plain text where there is one.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.rest.problems import body_too_large, render

MOST_DIGITS = 18
"""More of them are not worth reading as a number."""


class DeclaredLength:
    def __init__(self, app: ASGIApp, *, most: int, base_url: str) -> None:
        self._app = app
        self._most = most
        self._base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            length = Headers(scope=scope).get("content-length", "")
            if length.isdecimal() and (len(length) > MOST_DIGITS or int(length) > self._most):
                await render(body_too_large(self._most), base_url=self._base_url)(scope, receive, send)
                return
        await self._app(scope, receive, send)
