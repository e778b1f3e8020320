"""Learning systems outside, and what is needed to call them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.rollout.ports.learning.values import Account, Connection, CourseStatus
from shared.errors import PermanentFailure


class AccountRefused(PermanentFailure):
    """The system will not do this for one account; for others it may."""


class CourseRefused(PermanentFailure):
    """The system will not do this in one course; in others it may."""


class LearningPlatform(Protocol):
    """A learning system that can be told and asked.

    Errors: `TemporaryFailure`; `AccountRefused` and `CourseRefused`; any other `PermanentFailure` means the whole system.
    """

    async def find_accounts(self, match_by: str, values: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        """Accounts by the value that was asked for; more than one where the system's field is not unique."""
        ...

    async def list_participants(self, course_id: str) -> frozenset[str]:
        """Account ids in the course, suspended ones too."""
        ...

    async def enrol(self, course_id: str, accounts: Sequence[str]) -> Mapping[str, str]:
        """Enrol; whom the system refused, with its reason. Enrolling again is harmless. Does not read back."""
        ...

    async def unenrol(self, course_id: str, accounts: Sequence[str]) -> Mapping[str, str]:
        """The way back, likewise."""
        ...

    async def find_status(self, course_id: str, account: str) -> CourseStatus:
        """How far an account is in a course."""
        ...


class Platforms(Protocol):
    """Opens learning systems."""

    def vendors(self) -> Sequence[str]:
        """Vendors that can be called."""
        ...

    def open(self, connection: Connection) -> AbstractAsyncContextManager[LearningPlatform]:
        """A client for this connection; closed at the end."""
        ...
