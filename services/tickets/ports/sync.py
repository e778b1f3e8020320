"""Outside helpdesks: what is kept of them, and how they are asked and told."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.tickets.domain.sync import Conflict, Connector, Field, RemoteLink, RemoteWrite, WriteState
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.facts import HelpdeskFact
from shared.mapping import VendorFile
from shared.rest import PagingRequest


class AnswerLost(TemporaryFailure):
    """Nobody knows whether the order took effect: the line broke, the helpdesk broke, or its answer cannot be read."""


class CredentialRefused(PermanentFailure):
    """The helpdesk does not let us in, or not do this: nothing more is tried until the credential is mended."""


class OrderRefused(PermanentFailure):
    """The helpdesk will not do this, and says why; the next order may go well."""


class TicketGone(PermanentFailure):
    """The ticket is not there any more, or not ours to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An item of an answer that could not be understood."""

    answer: str
    item: Mapping[str, Any]
    context: Mapping[str, Any]
    expression: str
    reason: str
    problem_id: str = ""
    connector: str = ""
    at: datetime | None = None
    last_at: datetime | None = None
    times: int = 1
    solved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer meant. `at` is the helpdesk's own clock (its Date header), if it told."""

    facts: Sequence[HelpdeskFact] = ()
    problems: Sequence[Problem] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage(Answered):
    """`page` is where the list goes on, None after its last page; `native` the vendor's own cursor for the next poll."""

    page: Mapping[str, Any] | None = None
    native: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingTicket:
    """A ticket as it is told. `marker` is what it is found again by; `external_id` None for one that is not there yet."""

    external_id: str | None
    external_key: str | None
    number: int
    subject: str
    description: str
    status: str
    priority: str
    kind: str
    tags: Sequence[str]
    requester_email: str | None
    requester_name: str
    url: str
    marker: str
    attempt_id: str
    attempt_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingComment:
    body: str
    public: bool
    author: str
    author_email: str | None
    marker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of an order: the id of what was made, if anything was; `at` by the helpdesk's own clock."""

    external_id: str | None = None
    external_key: str | None = None
    at: datetime | None = None


class Helpdesk(Protocol):
    """One outside helpdesk, logged in. Every call may raise `TemporaryFailure` and `CredentialRefused`; those that tell something
    also `AnswerLost` and `OrderRefused`, those about one ticket `TicketGone`.
    """

    async def check(self) -> None:
        """Whether it answers and lets us in."""
        ...

    async def list_changed(
        self, since: datetime | None, page: Mapping[str, Any] | None, native: str | None
    ) -> ListedPage:
        """A page of tickets that changed since then, oldest change first."""
        ...

    async def read_ticket(self, external_id: str) -> Answered: ...

    async def list_comments(self, external_id: str) -> Answered: ...

    async def find_ticket(self, ticket: OutgoingTicket) -> Told | None:
        """The ticket that an order whose answer was lost may have made."""
        ...

    async def find_comment(
        self, ticket: OutgoingTicket, comment: OutgoingComment, known: Collection[str]
    ) -> Told | None:
        """The comment that an order whose answer was lost may have made; not one of `known`."""
        ...

    async def create_ticket(self, ticket: OutgoingTicket) -> Told: ...

    async def add_comment(self, ticket: OutgoingTicket, comment: OutgoingComment) -> Told: ...

    async def change_ticket(self, ticket: OutgoingTicket, changes: Mapping[Field, str]) -> Told: ...


class Helpdesks(Protocol):
    """Opens connections to helpdesks."""

    def open(self, connector: Connector, vendor: VendorFile) -> AbstractAsyncContextManager[Helpdesk]:
        """Raises `CredentialRefused` where there is no credential that can be used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """An order that was sent and not answered, with what its echo is known by."""

    write: RemoteWrite
    external_id: str | None
    subject: str
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How a connector stands, in numbers that come from small indexes."""

    waiting: int = 0
    refused: int = 0
    uncertain: int = 0
    oldest_waiting_at: datetime | None = None
    problems: int = 0
    conflicts: int = 0
    """In the last seven days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """A run that somebody asked for. `dry` only looks; `whole` reads everything within the filters anew."""

    run_id: str
    connector: str
    dry: bool
    whole: bool
    wanted_at: datetime
    wanted_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    pages: int = 0
    tickets: int = 0
    fresh: int = 0
    """Tickets that were new here, or would be."""
    problems: int = 0
    writes: int = 0
    """Orders that wait to be told."""
    failure: str | None = None


class Connectors(Protocol):
    async def get(self, name: str) -> Connector:
        """Raises `ConnectorNotFound`."""
        ...

    async def find(self, name: str, *, lock: bool = False) -> Connector | None:
        """`lock`: nobody else works for this connector until the transaction ends. Taken before tickets are."""
        ...

    async def list_all(self) -> Sequence[Connector]: ...

    async def put(self, connector: Connector) -> None:
        """What people set; how its calls went stays."""
        ...

    async def remove(self, name: str) -> bool: ...

    async def note(self, name: str, **values: Any) -> None:
        """How its calls went: columns from `cursor` on."""
        ...

    async def exporting(self, team: str | None) -> str | None:
        """The connector to which new tickets of this team go."""
        ...


class RemoteLinks(Protocol):
    async def load(self, ticket_ids: Collection[str]) -> dict[str, RemoteLink]: ...

    async def save(self, links: Sequence[RemoteLink]) -> None: ...

    async def remove(self, ticket_id: str) -> None: ...

    async def forget(self, connector: str) -> None:
        """No ticket is at this helpdesk any more, as far as is known here."""
        ...

    async def drop_unmade(self, connector: str) -> None:
        """Without the tickets that are not there and that no order is to make there."""
        ...

    async def wanted_reads(self, connector: str, limit: int) -> Sequence[RemoteLink]: ...

    async def of_external(self, connector: str, external_ids: Collection[str]) -> dict[str, RemoteLink]: ...

    async def want_reads(self, connector: str, external_ids: Collection[str]) -> None: ...

    async def add_conflicts(self, conflicts: Sequence[Conflict]) -> None: ...

    async def page_conflicts(
        self, paging: PagingRequest, *, connector: str | None = None, ticket_id: str | None = None
    ) -> tuple[list[Conflict], str | None]: ...


class RemoteWrites(Protocol):
    async def record(self, writes: Sequence[RemoteWrite]) -> None: ...

    async def get(self, write_id: str) -> RemoteWrite:
        """Raises `WriteNotFound`."""
        ...

    async def save(self, writes: Sequence[RemoteWrite]) -> None: ...

    async def with_waiting_change(self, ticket_ids: Collection[str]) -> set[str]:
        """The tickets whose changes are to be told anyway."""
        ...

    async def under_way(self, connector: str) -> Sequence[UnderWay]: ...

    async def due(self, connector: str, now: datetime, limit: int, *, uncertain: bool) -> Sequence[RemoteWrite]:
        """Orders whose turn it is (one a ticket, oldest first): those to be sent, or those whose answer was lost."""
        ...

    async def next_try(self, connector: str) -> datetime | None:
        """When the next order has its turn, or is looked for; None while there is none."""
        ...

    async def done_here(self, ticket_ids: Collection[str], external_ids: Collection[str]) -> set[tuple[str, str]]:
        """Which comments of theirs, by ticket, are ours."""
        ...

    async def page(
        self,
        paging: PagingRequest,
        *,
        connector: str | None = None,
        ticket_id: str | None = None,
        states: Collection[WriteState] = (),
    ) -> tuple[list[RemoteWrite], str | None]: ...

    async def give_up(self, now: datetime, *, connector: str | None = None, ticket_id: str | None = None) -> None:
        """What is not done yet, of a connector or a ticket, is never told; what was refused neither."""
        ...

    async def settle_all(self, connector: str, state: WriteState, now: datetime) -> int:
        """All that wait are given up (`DISCARDED`), or all that were refused are tried again (`WAITING`)."""
        ...


class SyncRecords(Protocol):
    """Problems, runs and figures."""

    async def keep_problems(self, connector: str, problems: Sequence[Problem], now: datetime) -> int:
        """How many are new."""
        ...

    async def get_problem(self, problem_id: str) -> Problem:
        """Raises `SyncProblemNotFound`."""
        ...

    async def solve_problem(self, problem_id: str, now: datetime) -> None: ...

    async def page_problems(
        self, paging: PagingRequest, *, connector: str | None = None
    ) -> tuple[list[Problem], str | None]: ...

    async def add_run(self, run: SyncRun) -> None: ...

    async def open_run(self, connector: str) -> SyncRun | None: ...

    async def get_run(self, run_id: str) -> SyncRun:
        """Raises `RunNotFound`."""
        ...

    async def save_run(self, run: SyncRun) -> None: ...

    async def forget(self, connector: str, now: datetime) -> None:
        """Its quarantine is emptied, its runs are over."""
        ...

    async def figures(self, since: datetime) -> dict[str, Figures]: ...


CONFLICTS_FOR = timedelta(days=7)
