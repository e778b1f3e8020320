"""Policies, a version at a time."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from services.tickets.domain.policy import Policy
from shared.rest import PagingRequest


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
