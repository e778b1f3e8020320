"""Teams and saved views."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who works on tickets together. `members` and `lead` are e-mail addresses, as `assignee` is; `email` reaches them all."""

    name: str
    email: str | None
    lead: str | None
    members: tuple[str, ...]
    version: int
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A saved cut of the queue; `query` is what follows the `?` of the list's address. `owner` is a subject."""

    name: str
    owner: str
    owner_name: str
    query: str
    shared: bool
    updated_at: datetime


class Teams(Protocol):
    async def find(self, name: str) -> Team | None: ...

    async def load(self, names: Collection[str]) -> dict[str, Team]: ...

    async def put(self, team: Team) -> None: ...

    async def page(self, paging: PagingRequest) -> tuple[list[Team], str | None]: ...


class Views(Protocol):
    async def find(self, name: str, *, owner: str) -> View | None:
        """The owner's own one, else the shared one of that name."""
        ...

    async def put(self, view: View) -> bool:
        """False where somebody else shares one of that name."""
        ...

    async def remove(self, name: str, *, owner: str) -> bool: ...

    async def page(self, paging: PagingRequest, *, owner: str) -> tuple[list[View], str | None]:
        """The owner's own and all shared ones, by name."""
        ...
