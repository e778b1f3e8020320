"""What monthly reviews are made of, and what was signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tickets.domain.period import Period
from services.tickets.domain.review import Opened, Signature, Snapshot, Turn
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Tickets of the period that count for a wave; `learners` is None where nobody told how many there are."""

    rollout: str
    wave: str
    tickets: int
    learners: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A policy version that was in force in a period, with who signed it: side -> name. `until` is when a newer one came."""

    policy: str
    since: datetime
    until: datetime | None
    enforced_by: str | None
    signatures: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Somebody's comment on a month."""

    comment_id: str
    at: datetime
    author: str
    body: str


class Reviews(Protocol):
    async def opened_waves(self, period: Period, limit: int) -> list[Opened]: ...

    async def loads(self, period: Period, limit: int) -> list[Load]: ...

    async def turns(self, period: Period, after: str, limit: int) -> tuple[list[Turn], str | None]:
        """Statuses of up to `limit` tickets of rollouts that may have waited in the period, by ticket and as they happened;
        and the id to go on after, None at the end."""
        ...

    async def policies_in_force(self, period: Period, limit: int) -> list[InForce]: ...

    async def hold(self, month: str) -> None:
        """Nobody else signs the month until this transaction ends."""
        ...

    async def find_snapshot(self, month: str) -> Snapshot | None: ...

    async def keep_snapshot(self, snapshot: Snapshot) -> None: ...

    async def signatures(self, month: str) -> list[Signature]:
        """Lapsed ones too, the oldest first."""
        ...

    async def sign(self, month: str, signature: Signature) -> bool:
        """False if that side has signed this very snapshot."""
        ...

    async def comment(self, month: str, remark: Remark) -> None: ...

    async def comments(self, month: str, limit: int) -> Sequence[Remark]:
        """The newest `limit`, the oldest first."""
        ...

    async def page(self, paging: PagingRequest) -> tuple[list[Snapshot], str | None]:
        """Months that somebody has signed, the newest first."""
        ...
