"""What the gateway's use cases and doors need from outside, as Protocols. Adapters fulfil them; tests bring their own."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from services.gateway.domain.api_key import ApiKey
from services.gateway.domain.delivery import Accepted, Arrival, Held, Logged, Refused
from services.gateway.domain.intake import Answer, Trusted, Untrusted
from services.gateway.domain.login import Grant
from services.gateway.domain.notice import Letter, Notice
from services.gateway.domain.passage import Headers
from services.gateway.domain.source import Source
from shared.events import Envelope, Event
from shared.rest import PagingRequest

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class VendorIntake(Protocol):
    """A vendor as the door sees it: how its deliveries are trusted, recognised and answered. Made from a vendor file."""

    @property
    def vendor(self) -> str: ...

    @property
    def horizon(self) -> timedelta:
        """How long the same delivery may come again."""
        ...

    @property
    def kept_headers(self) -> frozenset[str]:
        """Lower-case names of the headers that belong to the meaning."""
        ...

    def greet(self, arrival: Arrival) -> Answer | None:
        """The answer to a handshake, or None if it is none."""
        ...

    async def judge(self, arrival: Arrival, secrets: Sequence[str], now: datetime) -> Trusted | Untrusted:
        """Whether the sender is who the source says, over the raw bytes. Without a secret set: untrusted."""
        ...

    def delivery_id(self, arrival: Arrival) -> str | None: ...

    def find_fault(self, arrival: Arrival) -> str | None:
        """Why the body cannot be read as the vendor's, or None."""
        ...

    def accepted(self) -> Answer: ...

    def unreadable(self) -> Answer | None:
        """The answer to a verified body that cannot be read; None for a plain 400."""
        ...


class Vendors(Protocol):
    def named(self, vendor: str) -> Mapping[str, Any]:
        """The vendor file that comes with Glidepath. `InvalidRequest` if there is none of that name."""
        ...

    def intake_of(self, vendor_file: Mapping[str, Any]) -> VendorIntake:
        """`InvalidRequest` naming the place if the file is wrong."""
        ...


class Sources(Protocol):
    async def list_sources(self) -> list[Source]: ...

    async def find(self, name: str) -> Source | None: ...

    async def save(self, source: Source) -> None:
        """Insert or replace by id. Whoever caches sources is told after the commit."""
        ...

    async def secrets_of(self, source_id: str) -> list[tuple[str, bytes]]:
        """(row id, sealed) of the live secrets, newest first."""
        ...

    async def all_secrets(self) -> list[tuple[str, str, bytes]]:
        """(source id, row id, sealed) of every source, newest first within one."""
        ...

    async def replace_secrets(self, source_id: str, sealed: Sequence[tuple[str, bytes]], now: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    source: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Deliveries(Protocol):
    async def insert_new(self, rows: Sequence[Accepted]) -> set[str]:
        """Insert those whose key was not seen within its horizon; the ids that were inserted. Rows come sorted by key."""
        ...

    async def find(self, delivery_id: str) -> Logged | None: ...

    async def find_by_key(self, source_id: str, dedupe_key: str) -> str | None:
        """The id of the delivery that holds the key now."""
        ...

    async def list_page(self, wanted: DeliveryFilter, paging: PagingRequest) -> tuple[list[Logged], str | None]: ...

    async def note_meaning(
        self, delivery_id: str, *, outcome: str, facts: list[dict[str, Any]], reason: str | None, at: datetime
    ) -> Logged | None:
        """Write what it meant; the delivery, or None if it is not (or no longer) known."""
        ...

    async def count_replay(self, delivery_id: str) -> None: ...

    async def drop_bodies_before(self, at: datetime, most: int) -> int: ...


class Quarantine(Protocol):
    async def keep(self, refused: Refused) -> None:
        """Insert, or count the repetition of one that is held already."""
        ...

    async def keep_not_understood(self, delivery: Logged, *, row_id: str, reason: str, at: datetime) -> None: ...

    async def release(self, held_id: str, *, delivery_id: str, at: datetime) -> None: ...

    async def release_of_delivery(self, delivery_id: str, at: datetime) -> None: ...

    async def note_reason(self, held_id: str, reason: str) -> None: ...

    async def find(self, held_id: str) -> Held | None: ...

    async def list_page(
        self, *, source: str | None, state: str | None, paging: PagingRequest
    ) -> tuple[list[Held], str | None]: ...

    async def trim(self, source_id: str, most: int) -> int:
        """Drop the oldest of a source above `most`; how many went."""
        ...

    async def drop_before(self, at: datetime, most: int) -> int: ...


class Keys(Protocol):
    async def add(self, key: ApiKey) -> None: ...

    async def find(self, key_id: str) -> ApiKey | None: ...

    async def find_by_hash(self, hashed: str) -> ApiKey | None: ...

    async def list_page(self, paging: PagingRequest) -> tuple[list[ApiKey], str | None]: ...

    async def revoke(self, key_id: str, *, by: str, at: datetime) -> None: ...

    async def note_use(self, used: Mapping[str, datetime]) -> None: ...


class Notices(Protocol):
    async def add(self, notice: Notice) -> bool:
        """False if it is known already."""
        ...

    async def list_page(
        self, *, state: str | None, rollout: str | None, paging: PagingRequest
    ) -> tuple[list[Notice], str | None]: ...

    async def due(self, now: datetime, most: int) -> list[Notice]: ...

    async def note_attempt(
        self,
        notice_id: str,
        *,
        state: str,
        attempts: int,
        next_attempt_at: datetime | None,
        sent_at: datetime | None,
        reason: str | None,
    ) -> None: ...

    async def make_undeliverable(self, now: datetime, reason: str) -> int:
        """Every waiting notice becomes `undeliverable`; how many."""
        ...

    async def wake_undeliverable(self, now: datetime) -> int:
        """Every `undeliverable` notice waits to be sent now; how many."""
        ...


class Logins(Protocol):
    async def add_link(self, hashed: str, grant: Grant, *, created_at: datetime, expires_at: datetime) -> None: ...

    async def use_link(self, hashed: str, now: datetime) -> Grant | None:
        """Take the link, once: of several at the same moment one gets it."""
        ...

    async def add_session(self, hashed: str, grant: Grant, *, created_at: datetime, expires_at: datetime) -> None: ...

    async def find_session(self, hashed: str, now: datetime) -> tuple[Grant, datetime] | None: ...

    async def end_session(self, hashed: str) -> None: ...

    async def drop_expired(self, now: datetime) -> int: ...


class Clocks(Protocol):
    async def offset(self) -> tuple[float, int]:
        """Seconds that business time is ahead, and the version; (0.0, 0) before the first step."""
        ...

    async def set_offset(self, seconds: float, version: int) -> None: ...


class GatewayUnit(Protocol):
    """One transaction with the gateway's repositories. No commit: the boundary does that."""

    @property
    def sources(self) -> Sources: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def logins(self) -> Logins: ...
    @property
    def clocks(self) -> Clocks: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]: ...


class Mailer(Protocol):
    async def send(self, letter: Letter) -> None:
        """`TemporaryFailure` to try again, `PermanentFailure` when the address or the text is refused for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request to a service behind the gateway. `path` and `query` are raw; `headers` are clean and bear the identity."""

    method: str
    path: bytes
    query: bytes
    headers: Headers
    client: tuple[str, int] | None = None
    scheme: Literal["http", "https"] = "http"
    host: str = ""


class Upstream(Protocol):
    """A service behind the gateway, in this process or over HTTP."""

    async def forward(self, request: Outgoing, receive: Receive, send: Send) -> None:
        """Stream the body from `receive` and the answer into `send` (ASGI messages).

        `UpstreamUnreachable` or `UpstreamTooSlow` only before the answer began; afterwards the connection is cut.
        """
        ...

    async def aclose(self) -> None: ...
