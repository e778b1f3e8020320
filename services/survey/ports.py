"""What the use cases need of the outside, as Protocols. Nothing here commits: the boundary does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.survey.domain.anonymity import SealedBatch, StagedAnswer
from services.survey.domain.campaign import Campaign
from services.survey.domain.instrument import Answers, Instrument
from services.survey.domain.verdict import Basis, Outcome
from shared.events.envelope import Envelope, Event
from shared.events.rollout import EnrolmentChanged, PersonChanged
from shared.rest import PagingRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedInstrument:
    """An instrument with the document it was read from."""

    instrument: Instrument
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of a wave, as far as the directory knows them. `email` None: cannot be reached, still counts."""

    person_id: str
    name: str
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    id: str
    campaign_id: str
    person_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedVerdict:
    campaign_id: str
    outcome: Outcome
    basis: Basis
    estimate: float | None
    answered: int
    explanation: str
    reached_at: datetime


class InstrumentLibrary(Protocol):
    """The instrument files of this release."""

    def all(self) -> Sequence[LoadedInstrument]: ...

    def find_latest(self, instrument_id: str) -> LoadedInstrument | None: ...


class Instruments(Protocol):
    """Published versions."""

    async def publish(self, loaded: LoadedInstrument, now: datetime) -> str:
        """Store it unless it is there; the hash that is stored now."""
        ...

    async def get(self, instrument_id: str, version: int) -> Instrument: ...

    async def list_page(self, paging: PagingRequest) -> tuple[list[Instrument], str | None]: ...


class Campaigns(Protocol):
    async def add_once(self, campaign: Campaign) -> bool:
        """False if its `request_id` has a campaign already."""
        ...

    async def find(self, campaign_id: str) -> Campaign | None: ...

    async def lock(self, campaign_id: str) -> Campaign:
        """For changing it: nobody answers, releases or closes meanwhile."""
        ...

    async def lock_for_answer(self, campaign_id: str) -> Campaign:
        """It stays as it is until this transaction ends; others may answer meanwhile."""
        ...

    async def save(self, campaign: Campaign) -> None: ...

    async def list_preparing(self, rollout: str, wave: str) -> list[Campaign]: ...

    async def find_launch_due(self, now: datetime) -> str | None:
        """A campaign in preparation, not past its close, whose whole audience is known."""
        ...

    async def find_release_due(self) -> str | None:
        """An open campaign with a batch ready to leave, or with everybody's answer in."""
        ...

    async def find_next_close(self) -> tuple[str, datetime] | None:
        """The campaign that closes first, and when."""
        ...

    async def list_page(self, paging: PagingRequest) -> tuple[list[Campaign], str | None]: ...


class Invitations(Protocol):
    async def add(self, invitations: Sequence[Invitation]) -> None: ...

    async def find(self, invitation_id: str) -> Invitation | None: ...


class Staging(Protocol):
    """Answers that wait for their batch."""

    async def add(self, campaign_id: str, row: StagedAnswer) -> bool:
        """False if this invitation has an answer waiting."""
        ...

    async def find(self, invitation_id: str) -> StagedAnswer | None: ...

    async def take_all(self, campaign_id: str) -> list[StagedAnswer]:
        """Every waiting answer of a campaign that is locked, locking the table first where it will be scrubbed."""
        ...

    async def scrub(self, campaign_id: str, gone: Iterable[str]) -> None:
        """Remove the answers of these invitations so that the table's file no longer holds them."""
        ...


class Archive(Protocol):
    """Released answers."""

    async def seal(self, campaign_id: str, batch: SealedBatch) -> None:
        """Anonymous: both sides, with nothing that joins them."""
        ...

    async def keep(self, campaign_id: str, batch: Sequence[StagedAnswer]) -> None:
        """Identified and confidential: answers, and in a table of its own who gave them."""
        ...

    async def has_answered(self, invitation_id: str) -> bool: ...

    async def find_kept(self, invitation_id: str) -> Answers | None:
        """What was answered, where it is linked to the invitation at all."""
        ...


class Tallies(Protocol):
    async def add(self, campaign_id: str, counts: Mapping[tuple[str, str], int]) -> None: ...

    async def get(self, campaign_id: str) -> dict[tuple[str, str], int]: ...


class Verdicts(Protocol):
    async def add_once(self, verdict: ReachedVerdict) -> bool:
        """False if the campaign has one already; then nothing changes."""
        ...

    async def find(self, campaign_id: str) -> ReachedVerdict | None: ...


class Directory(Protocol):
    """People and enrolments as rollout last told of them."""

    async def apply_person(self, envelope: Envelope[PersonChanged]) -> bool:
        """False for old news."""
        ...

    async def apply_enrolment(self, envelope: Envelope[EnrolmentChanged]) -> "EnrolmentStep | None":
        """What changed; None for old news."""
        ...

    async def erase(self, person_id: str) -> None: ...

    async def list_members(self, rollout: str, wave: str) -> list[Member]:
        """Members of the wave whose person is known, by person id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentStep:
    was_member: bool
    is_member: bool


class SurveyUnit(Protocol):
    """One transaction."""

    @property
    def instruments(self) -> Instruments: ...
    @property
    def campaigns(self) -> Campaigns: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def staging(self) -> Staging: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def tallies(self) -> Tallies: ...
    @property
    def verdicts(self) -> Verdicts: ...
    @property
    def directory(self) -> Directory: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]: ...
