"""Replays of history against another policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.period import Period
from shared.rest import PagingRequest

Cursor = tuple[datetime, str]
"""Opened at, ticket id: the last ticket that was looked at."""


class WhatIfState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """`policy` names what is replayed, `document` says it, calendars pinned. `until` is what open clocks are looked at by."""

    what_if_id: str
    policy: str
    document: Mapping[str, Any]
    instead_of: str | None
    period: Period
    until: datetime
    state: WhatIfState = WhatIfState.QUEUED
    total: int
    done: int = 0
    cursor: Cursor | None = None
    tally: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None
    asked_at: datetime
    asked_by: str
    finished_at: datetime | None = None


class WhatIfs(Protocol):
    async def add(self, what_if: WhatIf) -> None: ...

    async def get(self, what_if_id: str) -> WhatIf:
        """Raises `WhatIfNotFound`."""
        ...

    async def find_next(self) -> WhatIf | None:
        """The oldest that is not finished."""
        ...

    async def count_waiting(self) -> int: ...

    async def keep(self, what_if: WhatIf, *, was_done: int) -> bool:
        """How far it is now; False, and nothing is kept, if somebody else has taken it further than `was_done`."""
        ...

    async def page(self, paging: PagingRequest) -> tuple[list[WhatIf], str | None]:
        """The newest first."""
        ...

    async def count_tickets(self, period: Period, most: int) -> int:
        """Tickets opened in the period; counting stops at `most`."""
        ...

    async def load_tickets(self, period: Period, after: Cursor | None, limit: int) -> list[Dossier]:
        """Tickets opened in the period by (opened at, id), with their moments and without their clocks; locks nothing."""
        ...
