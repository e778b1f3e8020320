"""What the use cases need of the world, as Protocols. The adapters keep them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.tickets.domain.attribution import Membership, Subject
from services.tickets.domain.clock import Clock, News
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment
from services.tickets.domain.policy import Policy
from services.tickets.domain.ticket import Comment, Entry
from shared.events.envelope import Envelope, Event
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """One way to name a person. `system` is the source's name, empty for e-mail addresses, which are in lower case."""

    system: str
    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who was named. `person_id` is None while the directory does not know them."""

    contact_id: str
    identification: Identification
    name: str
    person_id: str | None

    @property
    def email(self) -> str | None:
        return self.identification.value if self.identification.scheme == "email" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What one change leaves to be written about one ticket."""

    dossier: Dossier
    new: bool
    moments: Sequence[Moment]
    comments: Sequence[Comment]
    entries: Sequence[Entry]
    clocks: Sequence[Clock]
    """Those that are not as they were found."""
    gone: Sequence[str]
    """Ids of clocks that the ticket no longer has: they must not keep the timer busy."""
    news: Sequence[News]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a list is cut down to; None does not cut. `text` is looked for in subject, number and keys."""

    statuses: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    rollout: str | None = None
    wave: str | None = None
    text: str | None = None


class Tickets(Protocol):
    async def get(self, ticket_id: str) -> Dossier:
        """To be read: without its moments. Raises `TicketNotFound`."""
        ...

    async def get_to_change(self, ticket_id: str) -> Dossier:
        """Locked, with its moments. Raises `TicketNotFound`."""
        ...

    async def load(self, ticket_ids: Collection[str]) -> list[Dossier]:
        """Those that exist, to be changed: locked in the order of their ids."""
        ...

    async def load_external(self, source: str, external_ids: Collection[str]) -> dict[str, Dossier]:
        """Those that exist by their external ids, to be changed."""
        ...

    async def next_numbers(self, count: int) -> range:
        """Ticket numbers that nobody else gets; holds the counter until the transaction ends."""
        ...

    async def claim_facts(self, source: str, keys: Collection[str], at: datetime) -> set[str]:
        """The keys that were not claimed before, claimed now."""
        ...

    async def next_due(self) -> datetime | None: ...

    async def load_due(self, now: datetime, limit: int) -> list[Dossier]:
        """Tickets with a clock that is due, to be changed, the earliest first among those taken."""
        ...

    async def unattributed(
        self, *, person_ids: Collection[str], since: datetime | None = None, limit: int
    ) -> list[str]:
        """Tickets of these people that count for no wave and were not set by hand."""
        ...

    async def unattributed_in_wave(self, rollout: str, wave: str, since: datetime, limit: int) -> list[str]: ...

    async def write(self, filings: Sequence[Filing], now: datetime) -> None: ...

    async def page(self, cut: TicketFilter, paging: PagingRequest) -> tuple[list[Dossier], str | None]:
        """Newest first, without moments."""
        ...

    async def page_comments(
        self, ticket_id: str, paging: PagingRequest, *, internal_too: bool
    ) -> tuple[list[Comment], str | None]: ...

    async def page_history(self, ticket_id: str, paging: PagingRequest) -> tuple[list[Entry], str | None]: ...


class Contacts(Protocol):
    async def identify(self, named: Mapping[Identification, str]) -> dict[Identification, Contact]:
        """A contact for each, made where there is none; the value is a display name. Unknown people are no error."""
        ...

    async def load(self, contact_ids: Collection[str]) -> dict[str, Contact]: ...


class Policies(Protocol):
    async def load(self, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Policy]: ...

    async def current(self, name: str) -> Policy:
        """Raises `PolicyNotFound`."""
        ...

    async def document(self, name: str) -> tuple[int, dict[str, Any]]:
        """The newest version and what it says. Raises `PolicyNotFound`."""
        ...

    async def add(self, name: str, version: int, document: dict[str, Any], at: datetime, by: str) -> None:
        """Raises `PolicyChangedMeanwhile` if there is such a version."""
        ...

    async def page(
        self, paging: PagingRequest
    ) -> tuple[list[tuple[str, int, dict[str, Any], datetime, str]], str | None]: ...


class Directory(Protocol):
    """What other services told us of people, plans and waves.

    Whoever reads it to name or attribute holds it still first, whoever writes it holds it alone first, and both before they
    lock a ticket: otherwise a ticket and the fact that completes it can be committed side by side and never meet.
    """

    async def hold_still(self) -> None:
        """Nobody changes the directory until this transaction ends."""
        ...

    async def hold_alone(self) -> None:
        """Nobody else relies on the directory until this transaction ends."""
        ...

    async def subjects(self) -> list[Subject]: ...

    async def memberships(self, person_ids: Collection[str]) -> dict[str, list[Membership]]: ...

    async def keep_plan(self, envelope: Envelope[Any]) -> bool: ...

    async def keep_wave(self, envelope: Envelope[Any]) -> bool: ...

    async def keep_enrolment(self, envelope: Envelope[Any]) -> bool: ...

    async def keep_person(self, envelope: Envelope[Any]) -> bool:
        """Also links the contacts who are this person."""
        ...

    async def erase_person(self, person_id: str) -> None:
        """Forget who they are; their tickets stay, without their names."""
        ...


class Sources(Protocol):
    async def keep(self, envelope: Envelope[Any]) -> bool: ...

    async def find(self, name: str) -> tuple[str, dict[str, Any]] | None:
        """A key that changes with the vendor file, and the vendor file."""
        ...


class TicketsUnit(Protocol):
    """One transaction as the use cases see it."""

    @property
    def tickets(self) -> Tickets: ...

    @property
    def contacts(self) -> Contacts: ...

    @property
    def policies(self) -> Policies: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def sources(self) -> Sources: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]: ...
