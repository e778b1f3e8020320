"""Which requests are let through to a service, and with which headers.

The path is judged as raw bytes, before anybody decodes it, so that two readers can never understand it differently.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

Headers = list[tuple[bytes, bytes]]

IDENTITY_HEADER = b"x-glidepath-identity"
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Credentials end here; what the caller says of the way it came is replaced by what we saw.
_NOT_FORWARDED = HOP_BY_HOP | {b"host", b"authorization", b"cookie", b"content-length", b"forwarded", b"expect"}
_NOT_RETURNED = HOP_BY_HOP | {b"server", b"date", b"content-length", b"set-cookie"}
_STRIPPED_PREFIXES = (b"x-glidepath-", b"x_glidepath_", b"x-forwarded-", b"x_forwarded_")
# RFC 3986 path characters, percent-encoding included; nothing else reaches a service.
_PLAIN_PATH = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
# An encoded slash, backslash, dot or control character is where two readers of one path begin to differ.
_AMBIGUOUS = re.compile(rb"%(?:2[eEfF]|5[cC]|[01][0-9A-Fa-f]|7[fF])")
_PUBLIC_PAGES = {
    b"signoff": ("rollout", b"/public/signoffs/"),
    b"survey": ("survey", b"/public/invitations/"),
    b"help": ("tickets", b"/public/help/"),
    b"ticket": ("tickets", b"/public/tickets/"),
}
_FORMS = (b"help", b"ticket")


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a request goes: the service and the raw path inside it. `public` is a page for people without an account."""

    service: str
    path: bytes
    public: bool = False
    sends_form: bool = False
    """What is sent here makes work for somebody, and anybody may send it."""


def find_passage(raw_path: bytes, services: Iterable[str]) -> Passage | None:
    """`/api/{service}/v1/...` to `/v1/...`; `/signoff/{token}...`, `/survey/{token}...`, `/help...` and `/ticket/{token}` to the
    owner's public page (`/survey/assets/...` to its `/public/assets/...`).

    None for everything else: an unknown service, a path outside `/v1`, or a path that can be read in two ways.
    """
    if not is_unambiguous(raw_path):
        return None
    head, _, rest = raw_path[1:].partition(b"/")
    if (head == b"help" and not rest) or (head in _PUBLIC_PAGES and rest.strip(b"/")):
        service, prefix = _PUBLIC_PAGES[head]
        if rest.startswith(b"assets/"):
            prefix = b"/public/"
        inside = (prefix + rest) if rest else prefix.rstrip(b"/")
        known = service in set(services)
        return Passage(service, inside, public=True, sends_form=head in _FORMS) if known else None
    if head != b"api":
        return None
    name, _, inner = rest.partition(b"/")
    service = name.decode("ascii", "replace")
    if service not in set(services) or not (inner == b"v1" or inner.startswith(b"v1/")):
        return None
    return Passage(service, b"/" + inner)


def is_unambiguous(raw_path: bytes) -> bool:
    """True for a path of plain characters without empty, `.` or `..` segments and without encoded separators."""
    if not raw_path.startswith(b"/") or b"//" in raw_path or len(raw_path) > 4096:
        return False
    if _PLAIN_PATH.fullmatch(raw_path) is None or _AMBIGUOUS.search(raw_path) is not None:
        return False
    return not any(segment in (b".", b"..") for segment in raw_path.split(b"/"))


def forwarded_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The caller's headers without identity, credentials, claims about the way, and what belongs to one connection only."""
    kept = list(headers)
    dropped = _NOT_FORWARDED | _named_by_connection(kept)
    return [
        (name, value)
        for name, value in ((name.lower(), value) for name, value in kept)
        if name not in dropped and not name.startswith(_STRIPPED_PREFIXES)
    ]


def returned_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """A service's answer without what belongs to its connection; a service never sets cookies on the public door."""
    kept = list(headers)
    dropped = _NOT_RETURNED | _named_by_connection(kept)
    return [(name.lower(), value) for name, value in kept if name.lower() not in dropped]


def outward(headers: Iterable[tuple[bytes, bytes]], service: str) -> Headers:
    """`Link` and `Location` of a service, which knows its own paths only, as the paths of the public door."""
    return [
        (name, _outward_paths(value, service.encode()) if name in (b"link", b"location") else value)
        for name, value in headers
    ]


_OWN_PATH = re.compile(
    rb"(^|<|, ?<)(?:https?://[^/<>]+)?/(v1|public/signoffs|public/invitations|public/help|public/tickets|public/assets)(?=[/?>]|$)"
)


def _outward_paths(value: bytes, service: bytes) -> bytes:
    places = {
        b"v1": b"/api/" + service + b"/v1",
        b"public/signoffs": b"/signoff",
        b"public/invitations": b"/survey",
        b"public/help": b"/help",
        b"public/tickets": b"/ticket",
        b"public/assets": {b"survey": b"/survey", b"tickets": b"/help"}.get(service, b"/signoff") + b"/assets",
    }
    return _OWN_PATH.sub(lambda match: match[1] + places[match[2]], value)


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """RFC 9110 7.6.1: a header that `Connection` names is for this hop alone."""
    named = b",".join(value for name, value in headers if name.lower() == b"connection")
    return frozenset(part.strip().lower() for part in named.split(b",") if part.strip())
