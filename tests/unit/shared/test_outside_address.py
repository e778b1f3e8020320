"""Where a URL that somebody typed in may lead."""

import pytest

from shared.outside_address import AddressRefused, check_url, resolve_outside

INSIDE = [
    "http://127.0.0.1/",
    "http://127.8.9.10:8080/x",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://localhost/",
]


@pytest.mark.parametrize("url", INSIDE)
async def test_addresses_inside_a_network_are_refused_however_they_are_written(url: str) -> None:
    with pytest.raises(AddressRefused, match="inside a network"):
        await resolve_outside(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://[::1]:9/x"])
async def test_they_are_called_where_the_operator_allows_it(url: str) -> None:
    address = await resolve_outside(url, allow_private=True)
    assert address.url == url


async def test_the_address_that_was_checked_is_the_one_that_is_called() -> None:
    address = await resolve_outside("https://93.184.216.34/hooks?a=1")
    assert address.url == "https://93.184.216.34:443/hooks?a=1"
    assert (address.host, address.host_header) == ("93.184.216.34", "93.184.216.34")
    mapped = await resolve_outside("http://[2606:2800:220:1::1]:8080/x")
    assert (mapped.url, mapped.host_header) == ("http://[2606:2800:220:1::1]:8080/x", "[2606:2800:220:1::1]:8080")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/", "Only http"),
        ("file:///etc/passwd", "Only http"),
        ("https:///nowhere", "Only http"),
        ("example.org/hook", "Only http"),
        ("https://me:secret@example.org/", "name and password"),
        ("https://example.org:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://example.org:0/", "Port 0"),
    ],
)
def test_what_is_no_address_to_call_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why):
        check_url(url)
