"""Glidepath's REST interface for the command line: httpx in, plain data or a `Fault` out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from glidepath.faults import Fault, NotAllowed, NotThere, Unreachable
from shared.clock import monotonic, new_id

Json = Any
Query = str | int | Sequence[str] | None
"""A sequence is the parameter repeated; None leaves it out."""
_WORTH_WAITING_FOR = frozenset({502, 503, 504})


class Client:
    """Synchronous and safe to share between threads.

    Every POST bears an Idempotency-Key, so that a repetition after a lost answer has no second effect. `patience_seconds` is how
    long a deployment that is restarting is waited for; 0 reports at once.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        patience_seconds: float = 0.0,
        timeout_seconds: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._patience_seconds = patience_seconds
        self._pause = pause
        self._http = httpx.Client(
            base_url=self.base_url,
            headers=headers,
            timeout=timeout_seconds,
            trust_env=False,
            transport=transport,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
        )

    def close(self) -> None:
        self._http.close()

    def impatient(self) -> "Client":
        """Another client to the same deployment that never waits, for a picture that may as well stay as it is."""
        return Client(self.base_url, self._api_key, timeout_seconds=5.0)

    def get(self, path: str, **query: Query) -> Json:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Json = None, *, headers: Mapping[str, str] | None = None) -> Json:
        return self.call("POST", path, body=body, headers={"Idempotency-Key": new_id(), **(headers or {})})

    def put(self, path: str, body: Json) -> Json:
        return self.call("PUT", path, body=body)

    def send(self, path: str, content: bytes, content_type: str) -> Json:
        """POST a file as it is."""
        headers = {"Idempotency-Key": new_id(), "Content-Type": content_type}
        return self.call("POST", path, content=content, headers=headers)

    def is_ready(self) -> bool:
        """Whether the gateway says that it may get traffic. `Unreachable` when nobody answers."""
        return self._patiently(self._http.build_request("GET", "/readyz")).status_code == 200

    def items(self, path: str, *, most: int | None = None, **query: Query) -> Iterator[dict[str, Any]]:
        """Every item of a paged list, page by page, at most `most`."""
        cursor: str | None = None
        left = most
        while True:
            page = self.get(path, cursor=cursor, limit=200 if left is None else min(left, 200), **query)
            for item in page["items"]:
                yield item
                if left is not None:
                    left -= 1
                    if left <= 0:
                        return
            cursor = page.get("next")
            if cursor is None:
                return

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Query] | None = None,
        body: Json = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One request; the answer's JSON (None when empty), or the `Fault` that its problem document tells of."""
        request = self._http.build_request(
            method,
            path,
            params={name: value for name, value in (query or {}).items() if value is not None},
            json=body,
            content=content,
            headers=headers,
        )
        answer = self._patiently(request)
        if answer.status_code >= 400:
            raise fault_of(answer)
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise Fault(f"{request.url} does not look like Glidepath: its answer is not JSON") from error

    def _patiently(self, request: httpx.Request) -> httpx.Response:
        deadline = monotonic() + self._patience_seconds
        while True:
            left = deadline - monotonic()
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                if left <= 0:
                    raise Unreachable(f"cannot reach {self.base_url}: {_cause(error)}") from error
            else:
                if answer.status_code not in _WORTH_WAITING_FOR or left <= 0:
                    return answer
            self._pause(min(0.25, max(0.01, left)))


def _cause(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectError):
        return "nothing answers there (is `glidepath up` running?)"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def fault_of(answer: httpx.Response) -> Fault:
    """A problem document (RFC 9457) as a sentence with its places; any other error answer by its status."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    message = str(problem.get("detail") or problem.get("title") or f"the server answered {answer.status_code}")
    kinds: dict[int, type[Fault]] = {401: NotAllowed, 403: NotAllowed, 404: NotThere, 503: Unreachable}
    kind = kinds.get(answer.status_code, Fault)
    code = str(problem.get("code", ""))
    return kind(message, places=list(_places(problem)), status=answer.status_code, code=code)


def _places(problem: Mapping[str, Any]) -> Iterator[str]:
    errors = problem.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            yield f"{error.get('pointer') or '(whole document)'}: {error.get('detail', '')}"
