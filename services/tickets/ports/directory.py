"""What other services told us of people, plans, waves and sources."""

from collections.abc import Collection
from typing import Any, Protocol

from services.tickets.domain.attribution import Membership, Subject
from shared.events.envelope import Envelope


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
