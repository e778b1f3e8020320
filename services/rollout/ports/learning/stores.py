"""The directory, the facts, the enrolments and the connections in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from services.rollout.domain.enrolment import Member
from services.rollout.domain.person import PersonRow
from services.rollout.ports.learning.values import (
    Connection,
    CourseOfPerson,
    IdentityKey,
    PersonToFind,
    PollTarget,
    PushGroup,
    SourceVersion,
    StoredFact,
)
from services.rollout.ports.people import People
from services.rollout.ports.rollouts import Rollouts
from shared.events.envelope import Envelope, Event
from shared.rest import PagingRequest


class Directory(Protocol):
    """People and their names elsewhere."""

    async def find_for_import(self, rows: Sequence[PersonRow]) -> list[dict[str, Any]]:
        """Present people whom these rows may mean, by key or address, and those named as managers."""
        ...

    async def save_people(self, new: Sequence[dict[str, Any]], changed: Sequence[dict[str, Any]]) -> None:
        """Insert and update whole rows. E-mail addresses may change hands within one call."""
        ...

    async def find_owners(self, keys: Sequence[IdentityKey]) -> dict[IdentityKey, str]:
        """Whose these names are; unknown ones are missing. A name of every system answers for each of them."""
        ...

    async def replace_directory_identities(self, names: Mapping[str, Sequence[IdentityKey]]) -> None:
        """The names that the directory itself gives these people, instead of those it gave before."""
        ...

    async def save_identities(self, names: Mapping[IdentityKey, str], *, origin: str) -> list[IdentityKey]:
        """Learn whose these names are; which were new. A name that is somebody's already stays theirs."""
        ...

    async def note_unknown(self, names: Mapping[IdentityKey, str], now: datetime) -> None:
        """Names that are nobody's, with how the system wrote them."""
        ...

    async def list_unknown(self, paging: PagingRequest, *, linked: bool) -> tuple[list[Any], str | None]: ...

    async def get_unknown(self, unknown_id: str) -> Any:
        """Raises NotFound."""
        ...

    async def mark_linked(self, names: Mapping[IdentityKey, str], *, by: str, now: datetime) -> None:
        """These names have an owner now; they leave the list of unknown ones."""
        ...

    async def find_settled_names(self) -> dict[IdentityKey, str]:
        """Names on the list of unknown ones whose owner is known by now."""
        ...

    async def get_person(self, person_id: str) -> Any:
        """Raises NotFound."""
        ...

    async def list_people(
        self, paging: PagingRequest, *, search: str | None, filters: Mapping[str, str]
    ) -> tuple[list[Any], str | None]:
        """By name. `search` looks in name, id and address; filters are exact."""
        ...

    async def list_external(self, person_id: str) -> list[IdentityKey]:
        """All names a person has."""
        ...

    async def list_people_to_find(self, person_ids: Sequence[str]) -> list[PersonToFind]:
        """What people can be looked up by."""
        ...

    async def find_accounts(self, source: str, person_ids: Iterable[str]) -> dict[str, str]:
        """Person id -> account id in the system, where it is known."""
        ...


class Learning(Protocol):
    """Facts, folds and sources."""

    async def add_facts(
        self, facts: Sequence[StoredFact], owners: Mapping[IdentityKey, str]
    ) -> tuple[int, set[CourseOfPerson]]:
        """Store what is new; how many were, and whose folds they touch (those of voided facts too)."""
        ...

    async def adopt_facts(self, names: Mapping[IdentityKey, str]) -> set[CourseOfPerson]:
        """Give waiting facts their person; whose folds they touch."""
        ...

    async def refold(self, touched: set[CourseOfPerson], now: datetime) -> set[tuple[str, str]]:
        """Recompute, save what changed, move members and counters, record events; the waves that changed."""
        ...

    async def find_source(self, name: str) -> SourceVersion | None:
        """Which version of a source's settings is held."""
        ...

    async def get_vendor_file(self, source_id: str) -> dict[str, Any]:
        """The vendor file that a held source came with."""
        ...

    async def save_source(self, envelope: Envelope[Any]) -> bool:
        """Apply `gateway.source.changed`; False if what is held is as new."""
        ...


class Enrolments(Protocol):
    """Members of waves."""

    async def list_push_groups(self, source: str, now: datetime) -> list[PushGroup]: ...

    async def take_batch(self, group: PushGroup, size: int, now: datetime) -> list[Member]:
        """Members to tell the system of, attempts counted up already."""
        ...

    async def lock_members(self, ids: Sequence[str]) -> list[Member]: ...

    async def lock_failed(self, source: str) -> list[Member]:
        """Everybody whom this system would not take."""
        ...

    async def save_members(self, pairs: Sequence[tuple[Member, Member]], now: datetime) -> set[tuple[str, str]]:
        """Save (before, after), move counters, record events for new states; the waves whose counters moved."""
        ...

    async def list_poll_targets(self, source: str, after: str | None, size: int) -> list[PollTarget]: ...

    async def list_members(
        self, rollout: str, paging: PagingRequest, *, wave: str | None, state: str | None, failed: bool
    ) -> tuple[list[Any], str | None]: ...


class Connections(Protocol):
    """Connections to learning systems."""

    async def list_connections(self) -> list[Connection]: ...

    async def find_connection(self, source: str) -> Connection | None: ...

    async def save_connection(self, connection: Connection, now: datetime) -> None: ...

    async def update_call(self, source: str, values: Mapping[str, Any]) -> None:
        """Bookkeeping of calls: next_call_at, failures, last_error, poll_*."""
        ...


class PeopleStore(People, Protocol):
    """Everything about people in one transaction."""

    @property
    def directory(self) -> Directory: ...

    @property
    def learning(self) -> Learning: ...

    @property
    def enrolments(self) -> Enrolments: ...

    @property
    def connections(self) -> Connections: ...

    async def retry_failed(self, rollout: str, wave: str, now: datetime) -> int:
        """Try once more whoever could not be enrolled; how many."""
        ...


class LearningUnit(Protocol):
    """One transaction as the learning side sees it."""

    @property
    def rollouts(self) -> Rollouts: ...

    @property
    def people(self) -> PeopleStore: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]: ...


class Units(Protocol):
    """Opens transactions, for workers that must not call out inside one."""

    def unit(self) -> AbstractAsyncContextManager[LearningUnit]: ...

    def read(self) -> AbstractAsyncContextManager[LearningUnit]: ...
