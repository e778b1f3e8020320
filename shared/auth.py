"""Who asks, and what they may do.

The gateway authenticates and mints a short-lived signed identity for the service behind it, in process too. The service
refuses a request without one, and enforces its permission table and its object rules itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr

from shared.errors import Forbidden, Unauthenticated

IDENTITY_HEADER: Final = "x-glidepath-identity"
IDENTITY_LIFETIME: Final = timedelta(seconds=60)
CLOCK_LEEWAY: Final = timedelta(seconds=30)
_ISSUER: Final = "glidepath-gateway"
_TYPE: Final = "gp-identity+jwt"


class Role(StrEnum):
    ADMIN = "admin"
    TRAINING = "training"
    IT_AGENT = "it_agent"
    IT_LEAD = "it_lead"
    MANAGER = "manager"
    VIEWER = "viewer"
    INTEGRATION = "integration"


class Public(StrEnum):
    """A route that needs no role: a signed link or nothing at all says what may be seen."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC
EVERYONE: Final = frozenset(Role)
STAFF: Final = frozenset({Role.ADMIN, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD})
Permissions: TypeAlias = Mapping[str, frozenset[Role] | Public]
"""`"POST /v1/tickets"` -> the roles that may. One row per route; the app does not start when they differ."""


def roles(*allowed: Role) -> frozenset[Role]:
    """The roles of a row; admin may always."""
    return frozenset({Role.ADMIN, *allowed})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. `subject` is stable and unique (`key:…`, `user:…`, `anonymous`)."""

    subject: str
    kind: Literal["key", "user", "anonymous", "service"]
    name: str
    roles: frozenset[Role] = frozenset()
    email: str | None = None

    def require(self, allowed: frozenset[Role] | Public) -> None:
        """`Unauthenticated` for nobody, `Forbidden` for somebody without one of the roles."""
        if allowed is PUBLIC:
            return
        assert not isinstance(allowed, Public)
        if self.kind == "anonymous":
            raise Unauthenticated("Send an API key: Authorization: Bearer gp_…")
        if not self.roles & allowed:
            needed = ", ".join(sorted(allowed))
            raise Forbidden(f"{self.name} may not do this; it takes one of these roles: {needed}.")


ANONYMOUS: Final = Identity(subject="anonymous", kind="anonymous", name="somebody without an account")


class Identities:
    """Mints and reads the identity that the gateway passes on: a JWT, HS256 pinned, for one audience, for a minute."""

    def __init__(self, key: SecretStr) -> None:
        self._key = OctKey.import_key(key.get_secret_value().encode())

    def mint(self, identity: Identity, *, audience: str, now: datetime) -> str:
        """The header value for a request to the service `audience`."""
        claims: dict[str, Any] = {
            "iss": _ISSUER,
            "aud": audience,
            "sub": identity.subject,
            "iat": int(now.timestamp()),
            "exp": int((now + IDENTITY_LIFETIME).timestamp()),
            "kind": identity.kind,
            "name": identity.name,
            "roles": sorted(identity.roles),
            "email": identity.email,
        }
        return jwt.encode({"alg": "HS256", "typ": _TYPE}, claims, self._key, algorithms=["HS256"])

    def read(self, token: str, *, audience: str, now: datetime) -> Identity:
        """`Unauthenticated` for anything that the gateway did not mint for this service just now."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=["HS256"])
            claims = decoded.claims
            if decoded.header.get("typ") != _TYPE or claims["iss"] != _ISSUER or claims["aud"] != audience:
                raise Unauthenticated("The request's identity was made for something else.")
            leeway = CLOCK_LEEWAY.total_seconds()
            if not int(claims["iat"]) - leeway <= now.timestamp() <= int(claims["exp"]) + leeway:
                raise Unauthenticated("The request's identity has expired.")
            return Identity(
                subject=str(claims["sub"]),
                kind=claims["kind"],
                name=str(claims["name"]),
                roles=frozenset(Role(role) for role in claims["roles"]),
                email=claims["email"],
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated("The request does not come through the gateway.") from error
