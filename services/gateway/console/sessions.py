"""Who is signed in to the console: a cookie, of which the database holds a hash."""

import hmac
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from services.gateway.domain.login import COOKIE, Session
from services.gateway.errors import BodyUnreadable
from services.gateway.ports import GatewayUnit
from services.gateway.usecases.logins import end_session, find_session, identity_of_session, redeem_login_link
from shared.auth import Identity
from shared.clock import Clock
from shared.errors import Forbidden, ServiceError, TooLarge

FORM_TYPE = "application/x-www-form-urlencoded"
UPLOAD_TYPE = "multipart/form-data"
ZONE_COOKIE = "glidepath_zone"
MOST_FORM_BYTES = 32 * 1024
MOST_FIELDS = 50


class Units(Protocol):
    """The gateway's database."""

    def unit(self) -> AbstractAsyncContextManager[GatewayUnit]: ...
    def read(self) -> AbstractAsyncContextManager[GatewayUnit]: ...


class NotSignedIn(ServiceError):
    """A page needs a session and there is none."""

    status = 401
    code = "unauthenticated"
    title = "You are not signed in"


class FormExpired(Forbidden):
    """The CSRF token is not that of the session."""

    code = "form_expired"
    title = "This form is no longer valid"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the identity that it stands for."""

    session: Session
    identity: Identity
    zone: str = "UTC"
    """Where whoever is signed in reads times, as their browser said."""

    @property
    def role_words(self) -> str:
        return ", ".join(sorted(role.replace("_", " ") for role in self.identity.roles)) or "no role"


@dataclass(frozen=True, slots=True)
class SessionDesk:
    """Opens, finds and ends sessions."""

    database: Units
    clock: Clock
    secure: bool

    async def find(self, request: Request) -> SignedIn | None:
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        async with self.database.read() as unit:
            session = await find_session(unit, cookie, self.clock.now())
        if session is None:
            return None
        return SignedIn(session, identity_of_session(session), zone=request.cookies.get(ZONE_COOKIE, "UTC")[:64])

    async def require(self, request: Request) -> SignedIn:
        """`NotSignedIn`."""
        found = await self.find(request)
        if found is None:
            raise NotSignedIn("Sign in to see this page.")
        return found

    async def redeem(self, token: str) -> str:
        """The cookie's value for a one-time link; `LoginLinkSpent`."""
        async with self.database.unit() as unit:
            cookie, _ = await redeem_login_link(unit, token, self.clock.now())
        return cookie

    async def end(self, request: Request) -> None:
        cookie = request.cookies.get(COOKIE)
        if cookie:
            async with self.database.unit() as unit:
                await end_session(unit, cookie)

    def forgetting_cookie(self) -> str:
        """The `Set-Cookie` value that removes the cookie."""
        return f"{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0" + ("; Secure" if self.secure else "")


class Fields(dict[str, str]):
    """A form that was sent: the last value of each field, and all of those that may be chosen several times."""

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self._all = {name: [value.replace("\x00", "") for value in values] for name, values in given.items()}
        super().__init__({name: values[-1] for name, values in self._all.items()})

    def every(self, name: str) -> list[str]:
        return list(self._all.get(name, ()))

    def line(self, name: str) -> str:
        """The value without the space around it; empty where there is none."""
        return self.get(name, "").strip()


async def read_form(request: Request, *, most_bytes: int = MOST_FORM_BYTES, most_fields: int = MOST_FIELDS) -> Fields:
    """A plain form. `BodyUnreadable`, `TooLarge`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise BodyUnreadable("What was sent is not a filled-in form.")
    body = await _read_body(request, most_bytes)
    try:
        return Fields(parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most_fields))
    except ValueError as error:
        raise BodyUnreadable("What was sent is not a filled-in form.") from error


async def read_upload(request: Request, *, most_bytes: int) -> Fields:
    """A form with files, whose texts are taken as fields: `multipart/form-data`. `BodyUnreadable`, `TooLarge`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != UPLOAD_TYPE:
        return await read_form(request, most_bytes=most_bytes)
    body = await _read_body(request, most_bytes)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=4, max_fields=MOST_FIELDS, max_part_size=most_bytes)
    given: dict[str, list[str]] = {}
    try:
        form = await parser.parse()
        for name, value in form.multi_items():
            text = value if isinstance(value, str) else (await value.read()).decode("utf-8-sig")
            given.setdefault(name, []).append(text)
        await form.close()
    except (MultiPartException, ValueError) as error:
        raise BodyUnreadable("What was sent is not a filled-in form with a text file.") from error
    return Fields(given)


async def _read_body(request: Request, most_bytes: int) -> bytes:
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > most_bytes:
                raise TooLarge("The form is too large.")
    except ClientDisconnect as error:
        raise BodyUnreadable("What was sent is not a filled-in form.") from error
    return body


def check_csrf(form: Mapping[str, str], who: SignedIn) -> None:
    """`FormExpired` unless the form was made for this session."""
    given = form.get("csrf", "").encode()
    if not hmac.compare_digest(given, who.session.csrf_token.encode()):
        raise FormExpired("Nothing was done. Open the page again and repeat what you wanted.")
