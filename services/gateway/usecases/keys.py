"""API keys: make, list, revoke, recognise."""

from collections.abc import Collection
from datetime import datetime

from pydantic import SecretStr

from services.gateway.domain.api_key import ApiKey, hint_of, is_plausible, keyed_hash, new_key_text
from services.gateway.errors import KeyRevoked
from services.gateway.ports import GatewayUnit
from shared.auth import Identity, Role
from shared.clock import new_id
from shared.errors import FieldProblem, InvalidRequest, NotFound

BOOTSTRAP_NAME = "bootstrap"


async def create_key(
    unit: GatewayUnit,
    *,
    name: str,
    roles: Collection[Role],
    created_by: str,
    expires_at: datetime | None,
    pepper: SecretStr,
    now: datetime,
    text: str | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once. `InvalidRequest` without a role or for a past expiry."""
    if not roles:
        raise InvalidRequest("A key needs a role.", errors=[FieldProblem("/roles", "at least one")])
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest("The key would have expired.", errors=[FieldProblem("/expires_at", "in the future")])
    text = text or new_key_text()
    key = ApiKey(
        id=new_id(),
        name=name,
        hint=hint_of(text),
        hash=hash_of_key(text, pepper),
        roles=tuple(sorted(roles)),
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
        revoked_by=None,
    )
    await unit.keys.add(key)
    return key, text


async def revoke_key(unit: GatewayUnit, key_id: str, *, by: str, now: datetime) -> ApiKey:
    """`NotFound`, or `KeyRevoked` if it was revoked before."""
    key = await unit.keys.find(key_id)
    if key is None:
        raise NotFound("There is no such key.")
    if key.revoked_at is not None:
        raise KeyRevoked(f"{key.name} was revoked by {key.revoked_by}.")
    await unit.keys.revoke(key_id, by=by, at=now)
    revoked = await unit.keys.find(key_id)
    assert revoked is not None
    return revoked


async def ensure_bootstrap_key(unit: GatewayUnit, text: SecretStr, *, pepper: SecretStr, now: datetime) -> bool:
    """Make the operator's first key work as admin, once; True if it was made now. A revoked one stays revoked."""
    plain = text.get_secret_value()
    if not is_plausible(plain):
        raise ValueError(
            "GLIDEPATH_BOOTSTRAP_API_KEY must be gp_ and at least 32 letters, digits, - or _ (a key made by"
            " `glidepath keys create` must be whole), for example gp_$(openssl rand -hex 24)"
        )
    if await unit.keys.find_by_hash(hash_of_key(plain, pepper)) is not None:
        return False
    await create_key(
        unit,
        name=BOOTSTRAP_NAME,
        roles=[Role.ADMIN],
        created_by="settings",
        expires_at=None,
        pepper=pepper,
        now=now,
        text=plain,
    )
    return True


def hash_of_key(text: str, pepper: SecretStr) -> str:
    return keyed_hash(text, pepper.get_secret_value().encode())


def identity_of(key: ApiKey) -> Identity:
    """Who asks with this key. A role that this release does not know is left out."""
    known = {role.value for role in Role}
    return Identity(
        subject=f"key:{key.id}",
        kind="key",
        name=key.name,
        roles=frozenset(Role(role) for role in key.roles if role in known),
    )
