"""One-time login links and console sessions. Both are random texts of which only a hash is stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

LINK_FOR = timedelta(minutes=15)
SESSION_FOR = timedelta(hours=12)
COOKIE = "glidepath_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody signed in to the console. `csrf_token` must come back with every form."""

    id: str
    subject: str
    name: str
    email: str | None
    roles: tuple[str, ...]
    csrf_token: str
    expires_at: datetime


def new_token() -> str:
    """256 random bits, safe in a URL and in a cookie."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """SHA-256 in hex; the token's 256 bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(session_token: str) -> str:
    """The CSRF token of a session, derived from its cookie, so that it needs no place of its own and cannot be guessed."""
    return hashlib.sha256(b"glidepath csrf\x00" + session_token.encode("utf-8", "surrogatepass")).hexdigest()


def session_cookie(token: str, *, secure: bool, lasting: timedelta = SESSION_FOR) -> str:
    """The `Set-Cookie` value. `secure` where the public URL is https."""
    seconds = int(lasting.total_seconds())
    cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    return cookie + "; Secure" if secure else cookie


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Whom a login link or a session stands for."""

    subject: str
    name: str
    email: str | None
    roles: tuple[str, ...]
