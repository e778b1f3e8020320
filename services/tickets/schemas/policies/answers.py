"""What is answered of policies, calendars and migrations."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.tickets.domain.policy import Target
from services.tickets.ports import CalendarVersion, Migration, Phase, PolicyVersion, Side


class SignatureOut(BaseModel):
    """`carried_from` is the version that was signed, where only a calendar's version is new in this one."""

    side: Side
    by: str
    signed_at: AwareDatetime
    carried_from: int | None


class PolicyOut(BaseModel):
    """`state`: `proposed` until both sides have signed (or an admin enforced it), then `in_force`, then `superseded`."""

    name: str
    version: int
    policy: dict[str, Any]
    order: int
    state: Literal["proposed", "in_force", "superseded"]
    created_at: AwareDatetime
    created_by: str
    in_force_at: AwareDatetime | None
    enforced_by: str | None
    enforced_reason: str | None
    because: dict[str, Any] | None
    signatures: list[SignatureOut]
    missing: list[Side]
    """The sides that have not signed."""


class FindingOut(BaseModel):
    """A place in the document (RFC 6901) and what is the matter with it."""

    pointer: str
    detail: str


class PublishedOut(PolicyOut):
    warnings: list[FindingOut]


class ChangeOut(BaseModel):
    """One difference in words, with its place; null where there was or is nothing."""

    pointer: str
    before: Any
    after: Any
    sentence: str


class DiffOut(BaseModel):
    before: str
    after: str
    changes: list[ChangeOut]


class RuleCheckOut(BaseModel):
    name: str
    matched: bool
    reason: str


class PromiseOut(BaseModel):
    """`due_at` for a ticket that is opened at `opened_at` and never paused; null for what is not counted from there."""

    target: Target
    target_seconds: float
    due_at: AwareDatetime | None


class CheckOut(BaseModel):
    problems: list[FindingOut]
    warnings: list[FindingOut]
    policy: str | None
    policies: list[RuleCheckOut]
    rules: list[RuleCheckOut]
    opened_at: AwareDatetime
    promises: list[PromiseOut]


class CalendarOut(BaseModel):
    name: str
    version: int
    calendar: dict[str, Any]
    created_at: AwareDatetime
    created_by: str
    because: dict[str, Any] | None
    used_by: list[str]
    """The newest versions of the policies that name this version."""


class ClosingOut(BaseModel):
    """A day or a part of one in which the calendar is closed though its week says open. `hours` are those that remain."""

    on: date
    kind: Literal["holiday", "closure", "shift"]
    name: str
    closed: list[str]
    remaining: list[str]


class UpcomingOut(BaseModel):
    """What differs from the week in the days to come."""

    calendar: str
    zone: str
    open_now: bool
    next_change_at: AwareDatetime | None
    items: list[ClosingOut]


class CalendarChangeOut(BaseModel):
    """What an edit of a calendar makes, or would make: `calendar` is null for a dry run."""

    calendar: str | None
    document: dict[str, Any]
    added: list[date]
    already: list[date]
    notes: list[str]
    policies: dict[str, str]
    """Policy version -> the version that takes its place."""
    migration_id: str | None
    upcoming: list[ClosingOut]


class ProgressOut(BaseModel):
    done: int
    total: int


class SampleOut(BaseModel):
    """One clock before and after. `effect`: earlier, later, same, newly_breached, newly_promised, cancelled, restarted."""

    ticket_id: str
    number: int
    target: Target
    cycle: int
    effect: str
    due_before: AwareDatetime | None
    due_after: AwareDatetime | None
    breached_at: AwareDatetime | None
    needless: bool
    """A breach before that would not have come to be."""


class MigrationOut(BaseModel):
    """`counts` are of the dry run; `applied` of the change itself, made at later instants."""

    migration_id: str
    from_: Annotated[str, Field(serialization_alias="from")]
    to: str
    moves: dict[str, str]
    retroactive: bool
    reason: str
    state: Phase
    progress: ProgressOut
    counts: dict[str, int]
    applied: dict[str, int]
    samples: list[SampleOut]
    created_at: AwareDatetime
    created_by: str
    applied_at: AwareDatetime | None
    applied_by: str | None
    undone_at: AwareDatetime | None
    undone_by: str | None
    problem: str | None
    """Why it `failed`."""


def policy_out(version: PolicyVersion, *, superseded: bool) -> PolicyOut:
    """`superseded`: a later version is in force."""
    in_force: Literal["in_force", "superseded"] = "superseded" if superseded else "in_force"
    signed = {signature.side for signature in version.signatures}
    return PolicyOut(
        name=version.name,
        version=version.version,
        policy=dict(version.document),
        order=version.document.get("order", 100),
        state="proposed" if version.in_force_at is None and not superseded else in_force,
        created_at=version.created_at,
        created_by=version.created_by,
        in_force_at=version.in_force_at,
        enforced_by=version.enforced_by,
        enforced_reason=version.enforced_reason,
        because=None if version.because is None else dict(version.because),
        signatures=[
            SignatureOut(side=each.side, by=each.signed_by, signed_at=each.signed_at, carried_from=each.carried_from)
            for each in version.signatures
        ],
        missing=[side for side in Side if side not in signed],
    )


def calendar_out(version: CalendarVersion, used_by: list[str]) -> CalendarOut:
    return CalendarOut(
        name=version.name,
        version=version.version,
        calendar=dict(version.document),
        created_at=version.created_at,
        created_by=version.created_by,
        because=None if version.because is None else dict(version.because),
        used_by=used_by,
    )


def migration_out(migration: Migration) -> MigrationOut:
    return MigrationOut(
        migration_id=migration.migration_id,
        from_=migration.source,
        to=migration.destination,
        moves=dict(migration.moves),
        retroactive=migration.retroactive,
        reason=migration.reason,
        state=migration.phase,
        progress=ProgressOut(done=migration.done, total=migration.total),
        counts=dict(migration.foreseen),
        applied=dict(migration.made),
        samples=[SampleOut.model_validate(sample) for sample in migration.samples],
        created_at=migration.created_at,
        created_by=migration.created_by,
        applied_at=migration.applied_at,
        applied_by=migration.applied_by,
        undone_at=migration.undone_at,
        undone_by=migration.undone_by,
        problem=migration.problem,
    )
