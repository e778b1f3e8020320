"""Carries one `verify` section of a vendor file out on a delivery; for JWTs with the sender's key set."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.gateway.adapters.jwks import KeySets
from services.gateway.domain.delivery import Arrival
from services.gateway.domain.signatures import NeedsKeySet, Rejected, verify
from shared.errors import PermanentFailure, TemporaryFailure
from shared.http_client import mapped_errors, outside_client

FETCH_SECONDS = 5.0
MOST_KEY_SET_BYTES = 256 * 1024


class Judging:
    """Callable as `adapters.vendors.Judge`."""

    def __init__(self, key_sets: KeySets) -> None:
        self._key_sets = key_sets

    async def __call__(self, spec: Any, arrival: Arrival, secrets: Sequence[str], now: datetime) -> str | None:
        """None if the delivery is what `spec` asks for, else the reason in plain words."""
        judged = verify(spec, secrets, arrival.headers, arrival.body, now, address=arrival.address)
        if isinstance(judged, NeedsKeySet):
            judged = await self._key_sets.judge(judged, now)
        return judged.reason if isinstance(judged, Rejected) else None


async def fetch_key_set(url: str) -> Mapping[str, Any]:
    """The JSON document at an https URL. `TemporaryFailure` or `PermanentFailure` if there is none."""
    if not url.startswith("https://"):
        raise PermanentFailure("A key set is fetched over https only.")
    with mapped_errors("the key set"):
        async with outside_client(url, timeout_seconds=FETCH_SECONDS) as client, client.stream("GET", url) as answer:
            if answer.status_code != 200:
                raise TemporaryFailure(f"The key set's server answered {answer.status_code}.")
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MOST_KEY_SET_BYTES:
                    raise PermanentFailure("The key set is too large.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PermanentFailure("The key set is no JSON.") from error
    if not isinstance(document, dict):
        raise PermanentFailure("The key set is no JSON object.")
    return document
