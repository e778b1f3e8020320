"""Policies, calendars and the migrations of open tickets, as the use cases see them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.policy import Policy
from shared.rest import PagingRequest


class Side(StrEnum):
    """Who a policy binds: those who answer, and those who ask."""

    IT = "it"
    TRAINING = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`subject` is who signed, for good; `carried_from` the version signed where only a calendar is new since."""

    side: Side
    subject: str
    signed_by: str
    signed_at: datetime
    carried_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A version of a policy as stored. `because` says why it was made where nobody wrote it."""

    name: str
    version: int
    document: Mapping[str, Any]
    created_at: datetime
    created_by: str
    in_force_at: datetime | None = None
    enforced_by: str | None = None
    enforced_reason: str | None = None
    because: Mapping[str, Any] | None = None
    signatures: tuple[Signature, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarVersion:
    """A version of a calendar as stored. `because` says where its new days come from."""

    name: str
    version: int
    document: Mapping[str, Any]
    created_at: datetime
    created_by: str
    because: Mapping[str, Any] | None = None

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


class Policies(Protocol):
    async def load(self, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Policy]:
        """As they count, by name and version. Raises `PolicyNotFound`."""
        ...

    async def book(self, labels: Collection[str]) -> dict[str, Policy]:
        """As they count, by label (`standard@1`). Raises `PolicyNotFound`."""
        ...

    async def in_force(self, at: datetime | None = None) -> list[Policy]:
        """The newest version in force of each policy (at an instant), in the order in which they are asked."""
        ...

    async def current(self, name: str) -> Policy:
        """The newest version in force. Raises `PolicyNotFound`."""
        ...

    async def latest_in_force(self, names: Collection[str]) -> dict[str, int]:
        """The newest version in force of each that has one."""
        ...

    async def get(self, name: str, version: int) -> PolicyVersion:
        """Raises `PolicyNotFound`."""
        ...

    async def find_newest(self, name: str) -> PolicyVersion | None: ...

    async def versions_in_force(self, name: str) -> list[PolicyVersion]:
        """Every version that is or has been in force, the newest last."""
        ...

    async def newest(self) -> list[PolicyVersion]:
        """The newest version of every policy and, where that is not in force, the newest in force as well."""
        ...

    async def add(self, version: PolicyVersion) -> None:
        """With its signatures. Raises `PolicyChangedMeanwhile` if there is such a version."""
        ...

    async def sign(self, name: str, version: int, signature: Signature) -> bool:
        """False if that side has signed already."""
        ...

    async def hold(self, name: str) -> None:
        """Nobody else signs, enforces or adds versions of it until this transaction ends."""
        ...

    async def put_in_force(
        self, name: str, version: int, at: datetime, *, by: str | None = None, reason: str | None = None
    ) -> None: ...

    async def page(self, paging: PagingRequest, name: str | None = None) -> tuple[list[PolicyVersion], str | None]:
        """By name, the newest version first."""
        ...


class Calendars(Protocol):
    async def load(self, labels: Collection[str]) -> dict[str, Calendar]:
        """As they count, by label (`berlin@4`). Raises `CalendarNotFound`."""
        ...

    async def get(self, name: str, version: int | None = None) -> CalendarVersion:
        """The newest without a version. Raises `CalendarNotFound`."""
        ...

    async def find_newest(self, name: str) -> CalendarVersion | None: ...

    async def newest_versions(self, names: Collection[str]) -> dict[str, int]:
        """The newest version of each that exists."""
        ...

    async def add(self, version: CalendarVersion) -> None:
        """Raises `CalendarChangedMeanwhile` if there is such a version."""
        ...

    async def page(self, paging: PagingRequest, name: str | None = None) -> tuple[list[CalendarVersion], str | None]:
        """The newest version of each by name, or every version of one, the newest first."""
        ...


class Phase(StrEnum):
    """Where a migration is. Its runner works in `previewing`, `applying` and `undoing`, and only there."""

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"
    """A ticket could not be reckoned; `problem` says which and why. What was applied until then can be undone."""

    @property
    def runs(self) -> bool:
        return self in (Phase.PREVIEWING, Phase.APPLYING, Phase.UNDOING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """An order to move open tickets. `foreseen` is the dry run's count, `made` that of the change itself."""

    migration_id: str
    source: str
    destination: str
    moves: Mapping[str, str]
    retroactive: bool
    goes_on: bool = False
    since: datetime | None = None
    reason: str = ""
    phase: Phase = Phase.PREVIEWING
    cursor: str = ""
    total: int = 0
    done: int = 0
    foreseen: Mapping[str, int] = field(default_factory=dict)
    made: Mapping[str, int] = field(default_factory=dict)
    samples: Sequence[Mapping[str, Any]] = ()
    created_at: datetime
    created_by: str
    phase_since: datetime
    applied_at: datetime | None = None
    applied_by: str | None = None
    undone_at: datetime | None = None
    undone_by: str | None = None
    problem: str | None = None

    @property
    def labels(self) -> frozenset[str]:
        """Every version it takes tickets from or gives them to."""
        return frozenset({*self.moves, *self.moves.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A ticket that a migration has moved, and the moment that did it."""

    ticket_id: str
    moment_id: str


class Migrations(Protocol):
    async def hold(self) -> None:
        """Nobody else starts, applies or undoes a migration until this transaction ends."""
        ...

    async def get(self, migration_id: str) -> Migration:
        """Raises `MigrationNotFound`."""
        ...

    async def get_to_change(self, migration_id: str) -> Migration:
        """Locked. Raises `MigrationNotFound`."""
        ...

    async def find_running(self) -> Migration | None:
        """The one that its runner is to go on with: the one longest in its phase."""
        ...

    async def of_phases(self, phases: Collection[Phase]) -> list[Migration]: ...

    async def keep(self, migration: Migration) -> None:
        """A new one, or one as it is now."""
        ...

    async def page(self, paging: PagingRequest) -> tuple[list[Migration], str | None]:
        """The newest first."""
        ...

    async def count_open(self, labels: Collection[str], since: datetime | None) -> int:
        """Tickets that a migration from these versions is about; see `open_after`."""
        ...

    async def labels_of_open(self) -> list[str]:
        """Every version that a ticket which may still change is under."""
        ...

    async def open_after(self, labels: Collection[str], since: datetime | None, after: str, limit: int) -> list[str]:
        """Ids, ascending, of tickets under these versions that may still change; also closed ones whose ledger holds a
        breach at `since` or later, if it is given."""
        ...

    async def moved_after(self, migration_id: str, after: str, limit: int) -> list[Moved]: ...

    async def count_moved(self, migration_id: str) -> int: ...

    async def note_moved(self, migration_id: str, moved: Sequence[Moved]) -> None: ...

    async def flag_needless(self, clock_ids: Collection[str], *, needless: bool) -> None:
        """Breaches that stand: whether they would not have come to be under what now counts for the past."""
        ...
