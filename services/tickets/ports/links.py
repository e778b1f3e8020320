"""How tickets belong together, and what major incidents still have to do to their children."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tickets.domain.link import Cascade, Link, LinkKind
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedTicket:
    """The other end of a link, as lists show it."""

    link: Link
    number: int
    subject: str
    status: str


class Links(Protocol):
    async def hold(self) -> None:
        """Nobody else changes links until this transaction ends: two halves of a circle must not be made side by side."""
        ...

    async def put(self, links: Sequence[Link]) -> None:
        """Each from both of its ends; one that is there stays as it is."""
        ...

    async def remove(self, ticket_id: str, kind: LinkKind, other_id: str) -> bool:
        """From both ends; whether it was there."""
        ...

    async def page(self, ticket_id: str, paging: PagingRequest) -> tuple[list[LinkedTicket], str | None]: ...

    async def ancestors(self, ticket_id: str) -> list[str]:
        """The ticket's parent, that one's parent and so on, the nearest first; at most `MOST_GENERATIONS`."""
        ...

    async def has_children(self, ticket_id: str) -> bool: ...

    async def children(self, parent_id: str, *, after: str, made_until: datetime, limit: int) -> list[str]:
        """Ids in ascending order of those that were children already at `made_until`."""
        ...

    async def survivors(self, ticket_ids: Collection[str]) -> dict[str, str]:
        """Where tickets that were merged went in the end; those that were not are left out."""
        ...

    async def intend(self, cascade: Cascade, now: datetime) -> None:
        """Have a worker carry it out."""
        ...

    async def has_cascades(self) -> bool:
        """Whether any waits to be carried out."""
        ...

    async def take_cascade(self) -> Cascade | None:
        """The oldest that is not done, locked; None also while somebody else carries it out."""
        ...

    async def advance(self, cascade: Cascade, *, done_at: datetime | None) -> None:
        """How far it has come."""
        ...
