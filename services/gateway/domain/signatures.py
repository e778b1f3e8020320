"""Whether a delivery is what its sender signed. Standard library only, compared in constant time, closed without a secret.

A scheme is a section of a vendor file's `verify`, as `shared.mapping.verify_models` validates it; only its attributes are read,
so that the domain needs no library. Test vectors and sources: docs/vendors.md, tests/unit/gateway/test_signatures.py.

Order matters: the signature is checked over the raw bytes first and its age afterwards, so that nobody learns anything about the
window, and a sender whose clock is off is told that rather than "wrong signature".
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import parse_qs

Why = Literal["no_secret", "missing", "mismatch", "stale", "needs_key_set", "unusable"]
ALLOW = "allow:"
"""A "secret" that begins so lists networks that an unsigned sender may call from: `allow:203.0.113.0/24,192.0.2.7`."""

_DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
_QUOTED = re.compile(r"\{body\}|\{header:([A-Za-z0-9-]+)\}")
_SECONDS = re.compile(r"-?\d{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verified:
    """The sender knows the secret. `secret` is its position, so that an operator sees when the old one is no longer used."""

    scheme: str
    secret: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It does not, or nobody can tell. `reason` says what was wrong in plain words, never what would have been right."""

    reason: str
    why: Why


@dataclass(frozen=True, slots=True)
class NeedsKeySet(Rejected):
    """A JWT: only the adapter with the sender's key set can tell (`adapters.jwks`). Whoever does not ask it has a refusal."""

    token: str = ""
    jwks_url: str = ""
    algorithms: tuple[str, ...] = ()


class Scheme(Protocol):
    """A section of `verify`; the further attributes depend on `scheme`."""

    @property
    def scheme(self) -> str: ...


def verify(
    spec: Scheme,
    secrets: Sequence[bytes | str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    address: str | None = None,
) -> Verified | Rejected:
    """Judge a delivery by one scheme. `headers` have lower-case names, `secrets` are the live ones (any of them may match),
    `address` is where the request came from, for unsigned senders."""
    check = _SCHEMES.get(spec.scheme)
    if check is None:
        return Rejected(f"there is no scheme {spec.scheme!r}", "unusable")
    texts = [text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text for text in secrets]
    keys = [text for text in texts if text.strip() and not text.startswith(ALLOW)]
    networks = [text.removeprefix(ALLOW) for text in texts if text.startswith(ALLOW)]
    if spec.scheme == "none":
        return _allowed(networks, address)
    if not keys and spec.scheme != "jwt":
        return Rejected("no secret is set for this source, so nothing is accepted", "no_secret")
    return check(_Delivery(spec, keys, headers, body, now))


@dataclass(frozen=True, slots=True)
class _Delivery:
    spec: Any
    keys: Sequence[str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "").strip()


def _hmac(delivery: _Delivery) -> Verified | Rejected:
    spec = delivery.spec
    given = delivery.header(spec.header)
    if not given:
        return Rejected(f"the header {spec.header} is missing", "missing")
    if not given.startswith(spec.prefix):
        return Rejected(f"the header {spec.header} does not begin with {spec.prefix!r}", "mismatch")
    wanted = {name for name in _QUOTED.findall(spec.signed) if name}
    absent = sorted(name for name in wanted if name.lower() not in delivery.headers)
    if absent:
        return Rejected(f"the header {', '.join(absent)} is missing", "missing")
    signed = _signed(spec.signed, delivery)
    matched = _first_match(delivery, spec.secret, signed, spec.digest, spec.encoding, [given[len(spec.prefix) :]])
    if isinstance(matched, Rejected) or spec.timestamp is None:
        return matched
    stamp = spec.timestamp
    return _fresh(delivery.header(stamp.header), stamp.unit, stamp.window_seconds, delivery.now) or matched


def _standard_webhooks(delivery: _Delivery) -> Verified | Rejected:
    """https://www.standardwebhooks.com, version 1.0.0: `v1,<base64>` over `id.timestamp.body`; `v1a` (ed25519) is not ours."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    absent = [name for name in names if not delivery.header(name)]
    if absent:
        return Rejected(f"the header {', '.join(absent)} is missing", "missing")
    identity, stamp, signatures = (delivery.header(name) for name in names)
    candidates = [entry.removeprefix("v1,") for entry in signatures.split() if entry.startswith("v1,")]
    signed = f"{identity}.{stamp}.".encode("utf-8", "surrogateescape") + delivery.body
    matched = _first_match(delivery, "whsec", signed, "sha256", "base64", candidates)
    if isinstance(matched, Rejected):
        return matched
    return _fresh(stamp, "s", delivery.spec.window_seconds, delivery.now) or matched


def _basic(delivery: _Delivery) -> Verified | Rejected:
    scheme, _, encoded = delivery.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return Rejected("the header Authorization brings no Basic credentials", "missing")
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return Rejected("the Basic credentials are not base64", "mismatch")
    return _same_secret(delivery, given, "the user or the password is wrong")


def _token(delivery: _Delivery) -> Verified | Rejected:
    spec = delivery.spec
    if spec.header is not None:
        given = delivery.header(spec.header)
        if not given:
            return Rejected(f"the header {spec.header} is missing", "missing")
        if not given.lower().startswith(spec.prefix.lower()):
            return Rejected(f"the header {spec.header} does not begin with {spec.prefix.strip()!r}", "mismatch")
        token: str | None = given[len(spec.prefix) :].strip()
    else:
        token = _field(delivery.body, spec.field)
    if not token:
        return Rejected(f"there is no token in {spec.header or f'the field {spec.field!r} of the body'}", "missing")
    return _same_secret(delivery, token.encode("utf-8", "surrogateescape"), "the token is wrong")


def _jwt(delivery: _Delivery) -> Verified | Rejected:
    spec = delivery.spec
    bearer = delivery.header(spec.header).rpartition(" ")[2] if spec.header else ""
    raw = bearer or delivery.body.decode("ascii", "replace").strip().strip('"')
    if raw.count(".") != 2:
        return Rejected("the delivery is no JWT", "missing")
    return NeedsKeySet(
        "the JWT has to be checked with its sender's key set",
        "needs_key_set",
        raw,
        spec.jwks_url,
        tuple(spec.algorithms),
    )


def _allowed(networks: Sequence[str], address: str | None) -> Verified | Rejected:
    """Unsigned: only from listed networks, and closed without a list."""
    if not networks:
        return Rejected("the sender signs nothing and no network is allowed for this source", "no_secret")
    if address is None:
        return Rejected("the sender signs nothing and its address is not known", "missing")
    try:
        sender = ipaddress.ip_address(address)
        listed = [ipaddress.ip_network(part.strip(), strict=False) for text in networks for part in text.split(",")]
    except ValueError as error:
        return Rejected(f"the allowed networks cannot be read: {error}", "unusable")
    if any(sender in network for network in listed):
        return Verified("none")
    return Rejected(f"{address} is in none of the allowed networks", "mismatch")


def _first_match(
    delivery: _Delivery, reading: str, signed: bytes, digest: str, encoding: str, candidates: Sequence[str]
) -> Verified | Rejected:
    """The secret that made one of the candidates. Every secret and candidate is compared, matched or not."""
    found: int | None = None
    unusable = 0
    for number, text in enumerate(delivery.keys):
        key = _key(text, reading)
        if not key:
            unusable += 1
            continue
        expected = _encoded(hmac.new(key, signed, _DIGESTS[digest]).digest(), encoding)
        for candidate in candidates:
            if hmac.compare_digest(_canonical(candidate, encoding), expected) and found is None:
                found = number
    if found is not None:
        return Verified(delivery.spec.scheme, found)
    if unusable == len(delivery.keys):
        return Rejected("the secret of this source is not base64, as this sender's secrets are", "unusable")
    return Rejected("the signature is wrong", "mismatch")


def _same_secret(delivery: _Delivery, given: bytes, reason: str) -> Verified | Rejected:
    matches = [hmac.compare_digest(given, text.encode("utf-8", "surrogateescape")) for text in delivery.keys]
    return Verified(delivery.spec.scheme, matches.index(True)) if any(matches) else Rejected(reason, "mismatch")


def _signed(template: str, delivery: _Delivery) -> bytes:
    """The bytes that were signed. Headers are quoted as they came, the body is never decoded."""
    parts: list[bytes] = []
    at = 0
    for match in _QUOTED.finditer(template):
        parts.append(template[at : match.start()].encode())
        quoted = delivery.headers.get(match[1].lower(), "") if match[1] else None
        parts.append(delivery.body if quoted is None else quoted.encode("utf-8", "surrogateescape"))
        at = match.end()
    return b"".join([*parts, template[at:].encode()])


def _key(secret: str, reading: str) -> bytes:
    """The key in a secret; empty if it cannot be read that way."""
    if reading == "verbatim":
        return secret.encode("utf-8", "surrogateescape")
    text = secret.removeprefix("whsec_") if reading == "whsec" else secret
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _encoded(digest: bytes, encoding: str) -> bytes:
    return digest.hex().encode() if encoding == "hex" else base64.b64encode(digest).rstrip(b"=")


def _canonical(candidate: str, encoding: str) -> bytes:
    """Texts are compared, not decoded bytes: base64 has several spellings of one digest, and only one of them is right."""
    raw = candidate.strip().encode("utf-8", "surrogateescape")
    return raw.lower() if encoding == "hex" else raw.rstrip(b"=")


def _fresh(stamp: str, unit: str, window_seconds: int, now: datetime) -> Rejected | None:
    """None if the time that was signed lies within the window, before or after."""
    try:
        if unit == "iso":
            at = datetime.fromisoformat(stamp)
            at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        elif _SECONDS.fullmatch(stamp):
            at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(stamp) / (1000 if unit == "ms" else 1))
        else:
            raise ValueError(stamp)
        off = abs((now - at).total_seconds())
    except (ValueError, OverflowError):
        return Rejected("the time of the signature cannot be read", "stale")
    if off <= window_seconds:
        return None
    return Rejected(f"the signature is right but {off:.0f} s off; at most {window_seconds} s are accepted", "stale")


def _field(body: bytes, name: str) -> str | None:
    """A top-level text field of a JSON or form body; None if there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        try:
            found = parse_qs(body.decode("utf-8"), max_num_fields=2_000).get(name)
        except ValueError:
            return None
        return found[0] if found else None
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else None


_SCHEMES: Mapping[str, Callable[[_Delivery], Verified | Rejected]] = {
    "hmac": _hmac,
    "standard_webhooks": _standard_webhooks,
    "basic": _basic,
    "token": _token,
    "jwt": _jwt,
    "none": lambda delivery: _allowed([], None),
}
