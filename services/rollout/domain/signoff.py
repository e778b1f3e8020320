"""Sign-offs: who was asked in which role, what they decided, and whether a role's quorum stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from services.rollout.domain.assessment import Assessment

Verdict: TypeAlias = Literal["approve", "approve_with_conditions", "reject", "abstain"]
VERDICTS: Final[tuple[Verdict, ...]] = ("approve", "approve_with_conditions", "reject", "abstain")
NEEDS_COMMENT: Final = frozenset({"approve_with_conditions", "reject"})
"""A condition or a refusal that nobody wrote down helps nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signoff:
    """One request to one person in one role, bound to one version of the plan."""

    id: str
    role: str
    name: str
    decision: str | None = None
    comment: str = ""
    given_at: datetime | None = None

    @property
    def approves(self) -> bool:
        return self.decision in ("approve", "approve_with_conditions")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleStanding:
    """A role's approvals against its quorum. `abstain` takes a signer out; too few left is inconclusive, not failed."""

    role: str
    needed: int
    approved: int
    rejected: int
    open: int

    @property
    def assessment(self) -> Assessment:
        if self.rejected:
            return Assessment.FAILED
        if self.approved >= self.needed:
            return Assessment.PASSED
        if self.approved + self.open < self.needed:
            return Assessment.INCONCLUSIVE
        return Assessment.INSUFFICIENT


def standing(role: str, needed: int, signoffs: Iterable[Signoff]) -> RoleStanding:
    """How far one role has come."""
    mine = [signoff for signoff in signoffs if signoff.role == role]
    return RoleStanding(
        role=role,
        needed=needed,
        approved=sum(signoff.approves for signoff in mine),
        rejected=sum(signoff.decision == "reject" for signoff in mine),
        open=sum(signoff.decision is None for signoff in mine),
    )
