"""JWTs checked with their sender's key set (RFC 7515, 7517): algorithms pinned, key by `kid`, fetched seldom."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.gateway.domain.signatures import NeedsKeySet, Rejected, Verified
from shared.errors import PermanentFailure, TemporaryFailure

Fetch = Callable[[str], Awaitable[Mapping[str, Any]]]
"""The document at a URL. `TemporaryFailure` or `PermanentFailure` if there is none."""

KEEP_FOR = timedelta(hours=12)
REFETCH_AFTER = timedelta(minutes=5)
"""An unknown `kid` makes us look again, but no oftener: anybody can send a token with a made-up one."""
LEEWAY_SECONDS = 300


class _Registry(jws.JWSRegistry):
    """The library's limits fit access tokens; a webhook's body may be as large as any."""

    max_header_length = 8 * 1024
    max_payload_length = 512 * 1024


@dataclass(slots=True)
class _Held:
    keys: KeySet | None = None
    kids: frozenset[str] = frozenset()
    asked_at: datetime | None = None
    fetched_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """Key sets by URL. One instance for all sources; `fetch` is injected."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._held: dict[str, _Held] = {}

    async def judge(self, needed: NeedsKeySet, now: datetime) -> Verified | Rejected:
        """Whether the token was signed by a key of its sender. Its time is looked at only afterwards."""
        algorithms = list(needed.algorithms)
        registry = _Registry(algorithms=algorithms, strict_check_header=False)
        try:
            kid = jws.extract_compact(needed.token.encode(), registry=registry).headers().get("kid")
        except (JoseError, ValueError):
            return Rejected("the JWT cannot be read", "mismatch")
        if not isinstance(kid, str) or not kid:
            return Rejected("the JWT does not say which key signed it (kid)", "mismatch")
        keys = await self._keys(needed.jwks_url, kid, now)
        if isinstance(keys, Rejected):
            return keys
        try:
            signed = jws.deserialize_compact(needed.token, keys, algorithms=algorithms, registry=registry)
        except (JoseError, ValueError, TypeError):
            # A key of another kind than the token claims makes the library raise more than its own errors.
            return Rejected("the signature of the JWT is wrong", "mismatch")
        return _in_time(signed.payload, now) or Verified("jwt")

    async def _keys(self, url: str, kid: str, now: datetime) -> KeySet | Rejected:
        held = self._held.setdefault(url, _Held())
        async with held.lock:
            if held.fetched_at is None or kid not in held.kids or now - held.fetched_at > KEEP_FOR:
                await self._refresh(url, held, now)
        if held.keys is None:
            return Rejected("the sender's key set cannot be fetched", "unusable")
        if kid not in held.kids:
            return Rejected("the JWT was signed by a key that is not in the sender's key set", "mismatch")
        return held.keys

    async def _refresh(self, url: str, held: _Held, now: datetime) -> None:
        """Fetch, unless that was tried a moment ago. A set that we hold stays in use when a fetch fails."""
        if held.asked_at is not None and now - held.asked_at < REFETCH_AFTER:
            return
        held.asked_at = now
        try:
            document = await self._fetch(url)
            entries = [
                key for key in document["keys"] if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")
            ]
            keys = KeySet.import_key_set({"keys": entries})
        except (TemporaryFailure, PermanentFailure, JoseError, KeyError, TypeError, ValueError):
            return
        held.keys = keys
        held.kids = frozenset(key.kid for key in keys.keys if key.kid)
        held.fetched_at = now


def _in_time(payload: bytes, now: datetime) -> Rejected | None:
    """`exp` and `nbf` where the claims have them; a token without them lives for ever, like any other signature."""
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        return Rejected("the claims of the JWT are not JSON", "mismatch")
    if not isinstance(claims, dict):
        return None
    at = now.timestamp()
    expires, begins = claims.get("exp"), claims.get("nbf")
    if isinstance(expires, int | float) and not isinstance(expires, bool) and at > expires + LEEWAY_SECONDS:
        return Rejected("the JWT has expired", "stale")
    if isinstance(begins, int | float) and not isinstance(begins, bool) and at < begins - LEEWAY_SECONDS:
        return Rejected("the JWT is not valid yet", "stale")
    return None
