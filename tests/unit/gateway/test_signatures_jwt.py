"""JWTs and the key sets that tell whose they are."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey

from services.gateway.adapters.jwks import KEEP_FOR, REFETCH_AFTER, KeySets
from services.gateway.domain.signatures import NeedsKeySet, Rejected, Verified
from shared.errors import TemporaryFailure

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
URL = "https://keys.example.test/jwks"
FIRST = RSAKey.generate_key(2048, {"kid": "k1"})
SECOND = RSAKey.generate_key(2048, {"kid": "k2"})


class Publisher:
    """Publishes keys and counts how often it was asked."""

    def __init__(self, *keys: RSAKey) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.down = False

    async def fetch(self, url: str) -> Mapping[str, Any]:
        assert url == URL
        self.asked += 1
        if self.down:
            raise TemporaryFailure("down")
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


def token(key: Any = FIRST, claims: Any = None, **header: Any) -> str:
    protected = {"alg": "RS256", "kid": "k1", **header}
    return jws.serialize_compact(protected, json.dumps(claims or {"metadata": {}}), key, algorithms=["RS256"])


def needed(text: str) -> NeedsKeySet:
    return NeedsKeySet("", "needs_key_set", text, URL, ("RS256",))


async def why(sets: KeySets, text: str, now: datetime = NOW) -> str:
    judged = await sets.judge(needed(text), now)
    assert isinstance(judged, Rejected)
    return judged.why


async def test_a_token_of_the_senders_key_is_accepted_and_the_set_is_fetched_once() -> None:
    publisher = Publisher(FIRST, SECOND)
    sets = KeySets(publisher.fetch)
    for _ in range(3):
        assert await sets.judge(needed(token()), NOW) == Verified("jwt")
    assert await sets.judge(needed(token(SECOND, kid="k2")), NOW) == Verified("jwt")
    assert publisher.asked == 1
    assert await sets.judge(needed(token()), NOW + KEEP_FOR + timedelta(seconds=1)) == Verified("jwt")
    assert publisher.asked == 2


async def test_a_large_body_is_accepted_as_a_token() -> None:
    sets = KeySets(Publisher(FIRST).fetch)
    assert await sets.judge(needed(token(claims={"text": "x" * 200_000})), NOW) == Verified("jwt")


async def test_forgeries_are_refused() -> None:
    sets = KeySets(Publisher(FIRST).fetch)
    assert await why(sets, token(SECOND)) == "mismatch"
    head, body, signature = token().split(".")
    assert await why(sets, f"{head}.{body}.{signature[:-4]}AAAA") == "mismatch"
    assert await why(sets, f"{head}.e30.{signature}") == "mismatch"
    confused = urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=") + b".e30"
    keyed = urlsafe_b64encode(hmac.new(FIRST.as_pem(private=False), confused, hashlib.sha256).digest()).rstrip(b"=")
    assert await why(sets, (confused + b"." + keyed).decode()) == "mismatch"
    assert await why(sets, "eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.e30.") == "mismatch"
    for text in ("..", "a.b.c", "", "e30.e30.e30", "ü.ü.ü"):
        assert await why(sets, text) == "mismatch"


async def test_a_new_key_is_looked_for_but_not_at_every_made_up_name() -> None:
    publisher = Publisher(FIRST)
    sets = KeySets(publisher.fetch)
    await sets.judge(needed(token()), NOW)
    publisher.keys.append(SECOND)
    for _ in range(5):
        assert await why(sets, token(SECOND, kid="k2")) == "mismatch"
    assert publisher.asked == 1
    assert await sets.judge(needed(token(SECOND, kid="k2")), NOW + REFETCH_AFTER) == Verified("jwt")
    assert publisher.asked == 2


async def test_a_set_that_is_held_outlives_an_outage_and_without_one_all_is_closed() -> None:
    publisher = Publisher(FIRST)
    sets = KeySets(publisher.fetch)
    await sets.judge(needed(token()), NOW)
    publisher.down = True
    assert await sets.judge(needed(token()), NOW + 2 * KEEP_FOR) == Verified("jwt")
    assert await why(KeySets(publisher.fetch), token()) == "unusable"


async def test_an_expired_token_is_stale_but_only_with_the_right_signature() -> None:
    sets = KeySets(Publisher(FIRST).fetch)
    old = {"exp": NOW.timestamp() - 301}
    assert await why(sets, token(claims=old)) == "stale"
    assert await why(sets, token(SECOND, claims=old)) == "mismatch"
    assert await why(sets, token(claims={"nbf": NOW.timestamp() + 301})) == "stale"
    assert await sets.judge(needed(token(claims={"exp": NOW.timestamp() - 299})), NOW) == Verified("jwt")
