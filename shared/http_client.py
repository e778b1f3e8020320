"""The one door to outside systems: every call to an LMS or helpdesk goes through a client made here.

httpx is named here and nowhere else in the services, so that another client is a change of this file.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from shared.errors import PermanentFailure, TemporaryFailure

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
