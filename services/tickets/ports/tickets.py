"""Tickets with their moments and clocks, loaded, changed and listed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from services.tickets.domain.clock import Clock, News
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import Moment
from services.tickets.domain.ticket import Comment, CommentEdit, Entry
from services.tickets.ports.clocks import Watermark
from shared.rest import PagingRequest

Sort = Literal["newest", "due", "updated", "relevance"]
Sla = Literal["overdue", "at_risk", "running", "unconfirmed", "breached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What one change leaves to be written about one ticket."""

    dossier: Dossier
    new: bool
    moments: Sequence[Moment]
    """New ones. One of kind RETRACTED marks the one that it names as taken back."""
    comments: Sequence[Comment]
    entries: Sequence[Entry]
    clocks: Sequence[Clock]
    """Those that are not as they were found."""
    gone: Sequence[str]
    """Ids of clocks that the ticket no longer has: they must not keep the timer busy."""
    news: Sequence[News]
    watermark: Watermark | None = None
    """Of the ticket's source: a breach that it does not cover is unconfirmed."""
    reason: str = ""
    """Why a breach is withdrawn, in a sentence."""
    revised: Sequence[Comment] = ()
    """Comments that were there and are changed or taken back."""
    edits: Sequence[CommentEdit] = ()
    reworded: bool = False
    """Something that can be searched for is new or changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a list is cut down to; None and () do not cut, "" is looked for as "none" in `assignee` and in `teams`.

    `text` is looked for in everything that was written; `internal_too` says whether that includes what only the desk reads.
    `requester` is an e-mail address or the id of a contact or person. `now` and `at_risk_until` say what `sla` means.
    """

    statuses: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    assignee: str | None = None
    source: str | None = None
    rollout: str | None = None
    wave: str | None = None
    requester: str | None = None
    sla: Sla | None = None
    text: str | None = None
    internal_too: bool = False
    sort: Sort | None = None
    now: datetime | None = None
    at_risk_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tickets are open, by what the queue's tabs show. Figures stop at `most`, where nobody counts any more."""

    by_status: Mapping[str, int] = field(default_factory=dict)
    by_priority: Mapping[str, int] = field(default_factory=dict)
    unassigned: int
    mine: int
    overdue: int
    at_risk: int
    most: int


class Tickets(Protocol):
    async def get(self, ticket_id: str) -> Dossier:
        """To be read, by id or by number: without its moments. Raises `TicketNotFound`."""
        ...

    async def get_to_change(self, ticket_id: str) -> Dossier:
        """Locked, with its moments, by id or by number. Raises `TicketNotFound`."""
        ...

    async def load(self, ticket_ids: Collection[str]) -> list[Dossier]:
        """Those that exist, to be changed: locked in the order of their ids."""
        ...

    async def read(self, ticket_ids: Collection[str]) -> list[Dossier]:
        """Those that exist, with their moments, to be looked at: nothing is locked. In the order of their ids."""
        ...

    async def load_external(self, source: str, external_ids: Collection[str]) -> dict[str, Dossier]:
        """Those that exist by their external ids, to be changed."""
        ...

    async def ids_of(self, named: Collection[str]) -> dict[str, str]:
        """The ids of tickets that exist, by how they were named: an id or a number. Locks nothing."""
        ...

    async def known_external(self, source: str, external_ids: Collection[str]) -> set[str]:
        """Those of the ids that a ticket here has. Locks nothing."""
        ...

    async def name_comment(self, ticket_id: str, comment_id: str, external_id: str, said_at: datetime | None) -> None:
        """A comment of ours is known outside under this id from now on."""
        ...

    async def external_comments(self, ticket_id: str) -> set[str]:
        """The ids outside of a ticket's comments."""
        ...

    async def next_numbers(self, count: int) -> range:
        """Ticket numbers that nobody else gets; holds the counter until the transaction ends."""
        ...

    async def claim_facts(self, source: str, keys: Collection[str], at: datetime) -> set[str]:
        """The keys that were not claimed before, claimed now."""
        ...

    async def unattributed(
        self, *, person_ids: Collection[str], since: datetime | None = None, limit: int
    ) -> list[str]:
        """Tickets of these people that count for no wave and were not set by hand."""
        ...

    async def unattributed_in_wave(self, rollout: str, wave: str, since: datetime, limit: int) -> list[str]: ...

    async def write(self, filings: Sequence[Filing], now: datetime) -> None: ...

    async def page(self, cut: TicketFilter, paging: PagingRequest) -> tuple[list[Dossier], str | None]:
        """In the order of `cut.sort`, without moments."""
        ...

    async def count(self, *, mine: str | None, now: datetime, at_risk_until: datetime) -> Counts:
        """Of open tickets only, from indexes that hold no others."""
        ...

    async def comment(self, ticket_id: str, comment_id: str) -> Comment:
        """Raises `CommentNotFound`."""
        ...

    async def comments(self, comment_ids: Collection[str]) -> dict[str, Comment]:
        """Those that exist, by their ids."""
        ...

    async def comments_of_source(
        self, ticket_ids: Collection[str], external_ids: Collection[str]
    ) -> dict[tuple[str, str], Comment]:
        """Comments that came from an outside desk, by ticket and the id that they have there."""
        ...

    async def page_comments(
        self, ticket_id: str, paging: PagingRequest, *, internal_too: bool
    ) -> tuple[list[Comment], str | None]:
        """The ticket's own and those of tickets that were merged into it."""
        ...

    async def page_edits(self, comment_id: str, paging: PagingRequest) -> tuple[list[CommentEdit], str | None]: ...

    async def page_history(self, ticket_id: str, paging: PagingRequest) -> tuple[list[Entry], str | None]: ...

    async def batch(self, batch_id: str) -> list[Entry]:
        """What one bulk change noted."""
        ...

    async def index_again(self, ticket_ids: Collection[str]) -> None:
        """What can be searched for in these tickets, as it is now."""
        ...

    async def erase_words(self, person_id: str) -> set[str]:
        """Blank what a person wrote and where they are named; the tickets that were touched, to be indexed again."""
        ...
