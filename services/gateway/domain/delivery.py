"""What a delivery is to the gateway: bytes from a source, recognised when they come again."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

MAX_BODY_BYTES = 512 * 1024
MAX_DELIVERY_ID = 200
# Never handed on, whatever a vendor file names: a header that proves who sends is not part of what was said.
CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request at `/hooks/{source}/{path}` as it came. Header names are lower case; repeated ones are joined by `, `."""

    method: str = "POST"
    path: str = ""
    body: bytes
    content_type: str
    headers: Mapping[str, str]
    received_at: datetime
    address: str | None = None
    """Where the request came from, for senders that are known by nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A verified delivery, ready to be committed."""

    id: str
    source_id: str
    source: str
    vendor: str
    kind: Literal["lms", "helpdesk", "mail"]
    dedupe_key: str
    dedupe_until: datetime
    """Until then the same key is the same delivery; afterwards it is a new one."""
    content_hash: str
    content_type: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


def content_hash(body: bytes) -> str:
    """SHA-256 of the raw bytes in hex."""
    return hashlib.sha256(body).hexdigest()


def dedupe_key(delivery_id: str | None, hashed_body: str) -> str:
    """The vendor's delivery id where it sent one, else the hash of the body. The two can never be equal.

    An id too long to store is hashed, so that two long ids with one beginning stay two.
    """
    cleaned = (delivery_id or "").strip()
    if not cleaned:
        return f"sha256:{hashed_body}"
    if len(cleaned) > MAX_DELIVERY_ID or not cleaned.isprintable():
        cleaned = "long:" + hashlib.sha256(cleaned.encode("utf-8", "surrogatepass")).hexdigest()
    return f"id:{cleaned}"


def kept_headers(headers: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """The headers that the vendor file names, except any that bears a credential."""
    names = {name.lower() for name in wanted} - CREDENTIAL_HEADERS
    return {name: readable(value) for name, value in headers.items() if name in names}


def readable(text: str) -> str:
    """Text that every database can store: PostgreSQL refuses NUL, UTF-8 refuses lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def as_text(body: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    """The body as an event carries it: text where it is UTF-8, else base64; `from_text` gives back the very bytes."""
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def from_text(text: str, encoding: Literal["utf-8", "base64"]) -> bytes:
    """The inverse of `as_text`."""
    return text.encode("utf-8") if encoding == "utf-8" else base64.b64decode(text)


Outcome = Literal["waiting", "applied", "ignored", "quarantined"]
"""What a service made of it; `waiting` until it said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A delivery as the log shows it. `body` is None once its time is over."""

    id: str
    source_id: str
    source: str
    vendor: str
    kind: Literal["lms", "helpdesk", "mail"]
    content_hash: str
    content_type: str
    headers: Mapping[str, str]
    body: bytes | None
    size: int
    received_at: datetime
    outcome: Outcome
    facts: Sequence[Mapping[str, Any]] | None
    reason: str | None
    understood_at: datetime | None
    replays: int


Stage = Literal["signature", "body", "meaning"]
"""Where a delivery stuck: at its signature, at reading its body, or at what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A delivery that was refused at the door and is kept, with headers and body sealed, in case the fault was ours."""

    id: str
    source_id: str
    source: str
    vendor: str
    stage: Stage
    reason: str
    fingerprint: str
    """The same refused request, repeated, is one row with a count."""
    sealed: bytes
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row of the quarantine. `delivery_id` is set once it was verified, or if it was verified from the start."""

    id: str
    source_id: str
    source: str
    vendor: str
    stage: Stage
    reason: str
    sealed: bytes | None
    size: int
    times: int
    received_at: datetime
    last_received_at: datetime
    state: Literal["held", "released"]
    released_at: datetime | None
    delivery_id: str | None


def fingerprint_of(stage: Stage, arrival: Arrival) -> str:
    """Equal for the same request sent again: stage, body, and the headers that a retry repeats.

    Headers that differ between retries (dates, lengths, connection) would make each retry a row of its own; the signature
    and the timestamp it covers stay in, because they are what `verify again` needs.
    """
    digest = hashlib.sha256(stage.encode() + b"\x00" + content_hash(arrival.body).encode())
    for name in sorted(arrival.headers):
        if "signature" in name or name == "authorization":
            digest.update(f"\x00{name}\x00{arrival.headers[name]}".encode("utf-8", "replace"))
    return digest.hexdigest()
