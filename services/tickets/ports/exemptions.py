"""Breaches that are forgiven."""

from datetime import datetime
from typing import Protocol

from services.tickets.domain.exemption import Exemption
from services.tickets.domain.period import Period
from shared.rest import PagingRequest


class Exemptions(Protocol):
    async def add(self, exemption: Exemption) -> bool:
        """False if one stands for its clock already."""
        ...

    async def get_to_change(self, exemption_id: str) -> Exemption:
        """Locked. Raises `ExemptionNotFound`."""
        ...

    async def revoke(self, exemption_id: str, at: datetime, by: str, reason: str) -> None: ...

    async def page(
        self, paging: PagingRequest, *, ticket_id: str | None = None, clock_id: str | None = None
    ) -> tuple[list[Exemption], str | None]:
        """The newest first, revoked ones too."""
        ...

    async def given_in(self, period: Period, limit: int) -> list[Exemption]:
        """In the order in which they were given, at most `limit`."""
        ...
