"""Console login: a one-time link becomes a session. The console's pages build on these functions.

Only hashes of tokens are stored; a database that is read by a stranger opens no session.
"""

from datetime import datetime, timedelta

from services.gateway.domain.login import LINK_FOR, SESSION_FOR, Grant, Session, csrf_of, hash_of, new_token
from services.gateway.ports import GatewayUnit
from shared.auth import Identity, Role
from shared.errors import NotFound


class LoginLinkSpent(NotFound):
    code = "login_link_spent"
    title = "This login link does not work (any more)"


async def issue_login_link(
    unit: GatewayUnit,
    *,
    subject: str,
    name: str,
    roles: frozenset[Role],
    now: datetime,
    email: str | None = None,
    lasting: timedelta = LINK_FOR,
) -> str:
    """The token of `/login/{token}`; it works once, for `lasting` (real time). `subject` is like `user:operator`."""
    token = new_token()
    grant = Grant(subject=subject, name=name, email=email, roles=tuple(sorted(roles)))
    await unit.logins.add_link(hash_of(token), grant, created_at=now, expires_at=now + lasting)
    return token


async def redeem_login_link(unit: GatewayUnit, token: str, now: datetime) -> tuple[str, Session]:
    """The cookie's value and the session it opens. `LoginLinkSpent` if the link was used, has expired or never was."""
    grant = await unit.logins.use_link(hash_of(token), now)
    if grant is None:
        raise LoginLinkSpent("Login links work once and not for long; run `glidepath login` for a new one.")
    cookie = new_token()
    expires_at = now + SESSION_FOR
    await unit.logins.add_session(hash_of(cookie), grant, created_at=now, expires_at=expires_at)
    return cookie, _session(cookie, grant, expires_at)


async def find_session(unit: GatewayUnit, cookie: str, now: datetime) -> Session | None:
    """The session of a cookie's value, or None if there is none (any more)."""
    found = await unit.logins.find_session(hash_of(cookie), now)
    return _session(cookie, *found) if found else None


async def end_session(unit: GatewayUnit, cookie: str) -> None:
    """Sign out; nothing happens if the session is gone already."""
    await unit.logins.end_session(hash_of(cookie))


def identity_of_session(session: Session) -> Identity:
    """Who asks with this session, for minting the identity that services require."""
    known = {role.value for role in Role}
    return Identity(
        subject=session.subject,
        kind="user",
        name=session.name,
        roles=frozenset(Role(role) for role in session.roles if role in known),
        email=session.email,
    )


def _session(cookie: str, grant: Grant, expires_at: datetime) -> Session:
    return Session(
        id=hash_of(cookie),
        subject=grant.subject,
        name=grant.name,
        email=grant.email,
        roles=grant.roles,
        csrf_token=csrf_of(cookie),
        expires_at=expires_at,
    )
