"""The one door to outside systems: every call to an LMS or helpdesk goes through a client made here.

httpx is named here and nowhere else in the services, so that another client is a change of this file.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from shared.errors import PermanentFailure, TemporaryFailure
from shared.outside_address import resolve_outside

RETRYABLE = frozenset({408, 409, 425, 429})


def outside_client(
    base_url: str,
    *,
    timeout_seconds: float = 20.0,
    headers: Mapping[str, str] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client for one outside system: no redirects, no proxy from the environment, every wait bounded. Close it."""
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"User-Agent": "Glidepath", **(headers or {})},
        timeout=httpx.Timeout(timeout_seconds, connect=5.0, pool=5.0),
        limits=httpx.Limits(max_connections=10, max_keepalive_connections=5),
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


async def post_outside(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    system: str,
    allow_private: bool = False,
    timeout_seconds: float = 15.0,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Post JSON to a URL that somebody typed in; the address that was checked is the one that is called.

    Raises `AddressRefused`, `TemporaryFailure`, `PermanentFailure`. `system` is how errors call it.
    """
    address = await resolve_outside(url, allow_private=allow_private)
    sent = {**headers, "Host": address.host_header, "Content-Type": "application/json"}
    async with outside_client("", timeout_seconds=timeout_seconds, transport=transport) as client:
        with mapped_errors(system):
            request = client.build_request(
                "POST", address.url, content=body, headers=sent, extensions={"sni_hostname": address.host}
            )
            answer = await client.send(request, stream=True)
            # However long the answer is, nobody here reads it.
            await answer.aclose()
    if not answer.is_success:
        raise failure_of(system, answer)


@contextmanager
def mapped_errors(system: str) -> Iterator[None]:
    """Turn httpx's errors into ours: what may work later is a `TemporaryFailure`, the rest a `PermanentFailure`."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise failure_of(system, error.response) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise PermanentFailure(f"{system}: {error}") from error
    except httpx.HTTPError as error:
        raise TemporaryFailure(f"{system} cannot be reached: {type(error).__name__}") from error


def failure_of(system: str, response: httpx.Response) -> TemporaryFailure | PermanentFailure:
    """The failure that an answer with an error status stands for. The body is not quoted: it may hold personal data."""
    detail = f"{system} answered {response.status_code} to {response.request.method} {response.request.url.path}"
    if response.status_code in RETRYABLE or response.status_code >= 500:
        return TemporaryFailure(detail, retry_after_seconds=_retry_after(response))
    return PermanentFailure(detail)


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None
