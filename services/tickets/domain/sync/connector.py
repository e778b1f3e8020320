"""A connector: how one outside helpdesk is read and told, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.tickets.domain.sync.link import Field, Owner

LEAST_SILENCE = timedelta(minutes=15)
"""Nobody is alarmed sooner, however busy a desk usually is."""
SILENT_AFTER = 12
"""Times the usual gap between two deliveries. With gaps as random as people are, a desk that is well is that silent once in
160,000 gaps (e^-12)."""
GAP_WEIGHT = 0.1
"""Of the newest gap in the usual one."""


class Mode(StrEnum):
    """A connector starts `read_only`: what it would write is kept and can be looked at before the first word is sent."""

    READ_ONLY = "read_only"
    TWO_WAY = "two_way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is taken in. Empty cuts nothing. A ticket that was taken in stays, wherever it is moved."""

    since: datetime | None = None
    queues: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def admit(self, *, created_at: datetime | None, queue: str | None, tags: tuple[str, ...] | None) -> bool | None:
        """Whether a ticket that is new here is taken in; None where too little was told to know."""
        answers = [
            None if self.since is None else (None if created_at is None else created_at >= self.since),
            None if not self.queues else (None if queue is None else queue.casefold() in _folded(self.queues)),
            None if not self.tags else (None if tags is None else bool(_folded(tags) & _folded(self.tags))),
        ]
        if False in answers:
            return False
        asked = (self.since is not None, bool(self.queues), bool(self.tags))
        return None if any(wanted and answer is None for wanted, answer in zip(asked, answers, strict=True)) else True


def _folded(words: tuple[str, ...]) -> set[str]:
    return {word.casefold() for word in words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """`name` is that of the gateway's source, where it has one. `settings` are the vendor's own (`calls.settings`).

    Times of calls (`next_call_at`, `polled_at`, ...) are real, never those of a demo.
    """

    name: str
    vendor: str
    base_url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    credential: str | None = None
    """Sealed."""
    credential_kind: str | None = None
    mode: Mode = Mode.READ_ONLY
    enabled: bool = True
    filters: Filters = field(default_factory=Filters)
    ownership: Mapping[Field, Owner] = field(default_factory=dict)
    exports: tuple[str, ...] = ()
    """Teams whose new tickets are opened there, too; `*` is every team and none."""
    poll_every_for: timedelta = timedelta(minutes=5)
    version: int = 1
    created_at: datetime
    changed_at: datetime
    changed_by: str = ""

    cursor: Mapping[str, object] = field(default_factory=dict)
    """`since`: up to where it was read; `page`, `asked`: a poll that is under way; `native`: the vendor's own."""
    poll_wanted: bool = False
    poll_started_at: datetime | None = None
    polled_at: datetime | None = None
    next_call_at: datetime | None = None
    failures: int = 0
    problem: str | None = None
    problem_since: datetime | None = None
    delivered_at: datetime | None = None
    """When a webhook last came."""
    usual_gap_for: timedelta | None = None
    """Between two webhooks; a moving average."""
    found: int = 0
    """Changes that a poll found before any webhook had told them."""

    @property
    def two_way(self) -> bool:
        return self.enabled and self.mode is Mode.TWO_WAY and self.credential is not None

    def owner_of(self, name: Field, overridden: Mapping[Field, Owner]) -> Owner:
        """Whose word counts for a field: the link's own rule, else the connector's, else the newest."""
        return overridden.get(name) or self.ownership.get(name) or Owner.NEWEST


def owner_of(name: str) -> str:
    """What the seal of a connector's credential is bound to."""
    return f"connector:{name}"


def usual_gap(known: timedelta | None, gap: timedelta) -> timedelta:
    """The moving average of gaps, with one more."""
    return gap if known is None else known + (gap - known) * GAP_WEIGHT


def silent_since(connector: Connector, now: datetime) -> datetime | None:
    """Since when webhooks have been missing, though this desk usually sends some; None while nothing is odd."""
    if connector.delivered_at is None or connector.usual_gap_for is None:
        return None
    patience = max(LEAST_SILENCE, connector.usual_gap_for * SILENT_AFTER)
    return connector.delivered_at if now - connector.delivered_at > patience else None
