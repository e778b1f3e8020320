"""Recognitions: what was said to whom, and who does not want any."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tickets.domain.recognition import Recognition
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody of the directory, and who they report to. None: not known."""

    person_id: str
    name: str
    email: str
    manager_name: str | None
    manager_email: str | None


class Recognitions(Protocol):
    async def add(self, recognition: Recognition) -> bool:
        """False if they were recognised for this in that month already."""
        ...

    async def page(
        self, paging: PagingRequest, *, month: str | None = None, receiver: str | None = None
    ) -> tuple[list[Recognition], str | None]:
        """The newest first."""
        ...

    async def refused(self, receivers: Collection[str]) -> set[str]:
        """Those of them who do not want to be recognised."""
        ...

    async def refuse(self, receiver: str, at: datetime) -> None: ...

    async def accept(self, receiver: str) -> None: ...

    async def find_person(self, email: str) -> Known | None:
        """Whose address this is (in lower case), if the directory knows them."""
        ...

    async def forget(self, person_id: str) -> None:
        """The person is to be erased: what names them goes from recognitions and results; the desk's figures stay.

        To be called while the directory still knows their addresses.
        """
        ...
