"""Requests to a helpdesk and what their answers stand for: done, later, lost, refused, gone, or not let in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from services.tickets.adapters.helpdesk.credentials import Credential
from services.tickets.ports.sync import AnswerLost, CredentialRefused, OrderRefused, TicketGone
from shared.errors import PermanentFailure, TemporaryFailure
from shared.mapping.bodies import clean
from shared.mapping.calls import Calls, Leaf, Step, leaf_value, tree_value
from shared.mapping.expressions import ExpressionFailed, as_text

BUSY = frozenset({408, 423, 425, 429, 503})
"""Answers that say that nothing was done: later, please."""
GONE = frozenset({404, 410})
MOST_ANSWER_BYTES = 20_000_000
LONGEST_REASON = 300
LONGEST_WAIT_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`at` is the helpdesk's clock."""

    body: Any
    headers: Mapping[str, str]
    at: datetime | None


class Exchange:
    """Sends the steps of a call. `system` is how errors call the helpdesk."""

    def __init__(
        self, client: httpx.AsyncClient, calls: Calls, credential: Credential, base_url: str, *, system: str
    ) -> None:
        self._client = client
        self._calls = calls
        self._credential = credential
        self._base_url = base_url.rstrip("/")
        self._system = system
        self._session: dict[str, str] = {}

    async def send(self, step: Step, root: Mapping[str, Any], *, tells: bool) -> Answer:
        """One request. `tells`: it changes something there, so an answer that is lost leaves open whether it did."""
        method, address = step.request
        try:
            url = self._within(address.fill(root))
            query = {name: self._text(leaf, root) for name, leaf in step.query.items()}
            headers = {name: self._text(leaf, root) for name, leaf in {**self._calls.headers, **step.headers}.items()}
            body = tree_value(step.body, root, self._calls.maps) if step.body is not None else None
        except ExpressionFailed as error:
            raise OrderRefused(f"The vendor file cannot say what to send: {error}") from error
        sent: dict[str, Any] = {
            "params": {name: value for name, value in query.items() if value is not None} or None,
            "headers": {name: value for name, value in headers.items() if value is not None},
        }
        if step.body is not None:
            sent["data" if step.form else "json"] = _form(body) if step.form else body if body is not None else {}
        for attempt in range(2):
            answer = await self._request(method, url, sent, root, tells=tells)
            if answer.status_code != httpx.codes.UNAUTHORIZED or attempt or not await self._let_in_again():
                break
        return self._read(step, answer, root, tells=tells)

    async def _request(
        self, method: str, url: str, sent: Mapping[str, Any], root: Mapping[str, Any], *, tells: bool
    ) -> httpx.Response:
        await self._log_in(root)
        headers = {**self._credential.headers(), **self._session, **sent["headers"]}
        try:
            return await self._client.request(method, url, **{**sent, "headers": headers})
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise PermanentFailure(f"{self._system}: {error}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TemporaryFailure(f"{self._system} cannot be reached: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            lost = AnswerLost if tells else TemporaryFailure
            raise lost(f"{self._system} broke off: {type(error).__name__}") from error

    async def _log_in(self, root: Mapping[str, Any]) -> None:
        if self._credential.needs_renewal:
            await self._credential.renew(self._client)
        session = self._calls.session
        if session is None or self._session:
            return
        for step in session.steps:
            method, address = step.request
            headers = {**self._credential.headers()}
            headers |= {
                name: text
                for name, leaf in {**self._calls.headers, **step.headers}.items()
                if (text := self._text(leaf, root)) is not None
            }
            try:
                answer = await self._client.request(method, self._within(address.fill(root)), headers=headers)
            except httpx.HTTPError as error:
                raise TemporaryFailure(f"{self._system} cannot be reached: {type(error).__name__}") from error
            told = self._read(step, answer, root, tells=False)
            token = as_text(session.token.of({**root, "body": told.body, "headers": told.headers}))
            if token is None:
                raise CredentialRefused(f"{self._system} let us in without a session.")
            self._session = {session.header: token}

    async def _let_in_again(self) -> bool:
        if self._session:
            self._session = {}
            return True
        return await self._credential.renew(self._client)

    def _within(self, address: str) -> str:
        """An address of the helpdesk's own: what it tells as the next page is followed nowhere else."""
        if not urlsplit(address).scheme:
            return f"{self._base_url}/{address.lstrip('/')}"
        ours, theirs = urlsplit(self._base_url), urlsplit(address)
        if (theirs.hostname, theirs.port or 0) != (ours.hostname, ours.port or 0):
            raise PermanentFailure(f"{self._system} points to another host for its next page, which is not followed.")
        return theirs._replace(scheme=ours.scheme).geturl()

    def _text(self, leaf: Leaf, root: Mapping[str, Any]) -> str | None:
        return as_text(leaf_value(leaf, root, self._calls.maps))

    def _read(self, step: Step, answer: httpx.Response, root: Mapping[str, Any], *, tells: bool) -> Answer:
        status = answer.status_code
        headers = {name.lower(): value for name, value in answer.headers.items()}
        taken = answer.is_success or status in step.accept
        if not taken:
            self._refuse(step, answer, headers, tells=tells)
        body: Any = None
        if answer.content:
            if len(answer.content) > MOST_ANSWER_BYTES:
                raise PermanentFailure(
                    f"{self._system} answered with {len(answer.content)} bytes; ask for less at once."
                )
            try:
                body = clean(json.loads(answer.content))
            except (ValueError, RecursionError) as error:
                lost = AnswerLost if tells else TemporaryFailure
                raise lost(f"{self._system} answered {status} with what is not JSON: {_where(answer)}") from error
        told = Answer(body, headers, _date(headers))
        if self._calls.refused is not None:
            refusal = self._calls.refused.of({**root, "body": body, "headers": headers})
            if refusal:
                raise OrderRefused(
                    f"{self._system} refused {_where(answer)}: {(as_text(refusal) or 'no reason told')[:LONGEST_REASON]}"
                )
        return told

    def _refuse(self, step: Step, answer: httpx.Response, headers: Mapping[str, str], *, tells: bool) -> None:
        status = answer.status_code
        detail = f"{self._system} answered {status} to {_where(answer)}"
        if status in BUSY:
            raise TemporaryFailure(detail, retry_after_seconds=_retry_after(headers))
        limited = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
        if status == httpx.codes.FORBIDDEN and limited:
            raise TemporaryFailure(detail, retry_after_seconds=_retry_after(headers) or _reset_in(headers))
        if status >= 500:
            lost = AnswerLost if tells else TemporaryFailure
            raise lost(detail, retry_after_seconds=_retry_after(headers))
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.PROXY_AUTHENTICATION_REQUIRED):
            raise CredentialRefused(f"{detail}: the credential does not count there (any more).")
        if status in GONE:
            raise TicketGone(detail)
        if answer.is_redirect:
            raise PermanentFailure(f"{detail}: it moved; mend the connector's address.")
        if status == httpx.codes.CONFLICT:
            raise TemporaryFailure(detail, retry_after_seconds=_retry_after(headers))
        if status == httpx.codes.FORBIDDEN:
            raise OrderRefused(f"{detail}: the account that the credential belongs to may not do this.")
        raise OrderRefused(f"{detail}: {_reason(answer)}")


def _reason(answer: httpx.Response) -> str:
    """What the helpdesk said is wrong, cut short: its own messages name fields, seldom people."""
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        return "it did not say why in JSON"
    return json.dumps(told, ensure_ascii=False)[:LONGEST_REASON]


def _where(answer: httpx.Response) -> str:
    return f"{answer.request.method} {answer.request.url.path}"


def _form(body: Any) -> dict[str, str]:
    return {name: as_text(value) or "" for name, value in (body or {}).items()}


def _date(headers: Mapping[str, str]) -> datetime | None:
    return _http_date(headers.get("date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, told as such or as a date (RFC 9110, 10.2.3); a date counts from the answer's own."""
    told = headers.get("retry-after", "").strip()
    try:
        return min(max(float(told), 0.0), LONGEST_WAIT_SECONDS)
    except ValueError:
        at, now = _http_date(told), _date(headers)
    if at is None or now is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def _reset_in(headers: Mapping[str, str]) -> float | None:
    """GitHub says at which epoch second its limit begins anew."""
    now = _date(headers)
    told = headers.get("x-ratelimit-reset", "")
    if now is None or not told.isdigit():
        return None
    return min(max(float(told) - now.timestamp(), 1.0), LONGEST_WAIT_SECONDS)
