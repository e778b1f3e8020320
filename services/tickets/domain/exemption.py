"""A breach that is forgiven. It stays a breach for ever; only the adjusted figures leave it out, and everybody sees by whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """`given_by` is a name to read, `given_by_subject` who it was for good. Revoking is written beside it."""

    exemption_id: str
    clock_id: str
    ticket_id: str
    target: str
    breached_at: datetime
    reason: str
    given_at: datetime
    given_by: str
    given_by_subject: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None

    @property
    def stands(self) -> bool:
        return self.revoked_at is None


def is_own(names: Collection[str], holders: Collection[str | None]) -> bool:
    """Whether somebody of these names holds, or held, the ticket. Names are compared in any case."""
    known = {name.strip().casefold() for name in names if name}
    return any(holder is not None and holder.strip().casefold() in known for holder in holders if holder)
