"""Tickets with their moments and clocks, loaded, changed and listed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tickets.domain.clock import Clock, News
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment
from services.tickets.domain.ticket import Comment, Entry
from shared.rest import PagingRequest


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
