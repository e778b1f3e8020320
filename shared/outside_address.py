"""Where a URL that somebody typed in may lead: never to addresses that only this network can reach, unless that is allowed.

The name is resolved once, every address is looked at, and the call goes to the address that was looked at: a name that answers
differently the next time (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from shared.errors import PermanentFailure, TemporaryFailure

PORTS = {"https": 443, "http": 80}
# The one-to-one and the translated forms of IPv4 in IPv6: what counts is the address within.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(PermanentFailure):
    """The URL leads to an address that outside calls may not go to, or is none to call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideAddress:
    """`url` names the address that was checked; `host` belongs in the Host header and in TLS."""

    url: str
    host: str
    host_header: str


async def resolve_outside(url: str, *, allow_private: bool = False) -> OutsideAddress:
    """The address behind `url`. Raises `AddressRefused`, or `TemporaryFailure` where the name cannot be resolved just now."""
    parts = check_url(url)
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TemporaryFailure(f"The name {host} cannot be resolved: {type(error).__name__}.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private:
        for address in addresses:
            _refuse_private(host, address)
    literal = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return OutsideAddress(
        url=parts._replace(netloc=f"{literal}:{port}").geturl(),
        host=host,
        host_header=parts.netloc.rpartition("@")[2],
    )


def check_url(url: str) -> SplitResult:
    """A URL as far as it can be judged without asking anybody. Raises `AddressRefused`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"{url!r} is not a URL: {error}.") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise AddressRefused("Only http:// and https:// addresses with a host can be called.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("A URL must not carry a name and password; the signature says who calls.")
    if port == 0:
        raise AddressRefused("Port 0 cannot be called.")
    return parts


def _refuse_private(host: str, text: str) -> None:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if within is None and address in _NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = within or address
    if not address.is_global or address.is_multicast:
        raise AddressRefused(
            f"{host} is {text}, an address inside a network. To call systems of your own, set "
            "GLIDEPATH_WEBHOOKS_TO_PRIVATE_ADDRESSES=1."
        )
