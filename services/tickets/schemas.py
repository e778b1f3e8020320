"""What goes over the wire. Requests forbid what they do not know; instants are RFC 3339 in UTC."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.tickets.domain.attribution import Rule
from services.tickets.domain.calendar import Calendar
from services.tickets.domain.clock import Cause, Clock, ClockState
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Priority, Status, Target
from services.tickets.domain.segment import SegmentKind, segments
from services.tickets.domain.ticket import AuthorRole, Comment, Entry, Kind
from services.tickets.ports import Contact

STORABLE = r"^[^\x00]*$"
"""PostgreSQL's texts hold every character but NUL."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=STORABLE)]
Text = Annotated[str, StringConstraints(max_length=60_000, pattern=STORABLE)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=STORABLE)]
Tags = Annotated[list[Tag], Field(max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]
Hours = Annotated[str, StringConstraints(max_length=11)]
DAY_NAMES = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MOST_MINUTES = 2 * 366 * 24 * 60


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RequesterIn(_In):
    """Who needs help, when it is not the caller."""

    email: Email
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=STORABLE)] = ""


class TicketIn(_In):
    subject: Line
    description: Text = ""
    priority: Priority = Priority.P3
    kind: Kind = Kind.INCIDENT
    requester: RequesterIn | None = None
    tags: Tags = []
    course: Line | None = None
    """The course's id in its learning system, where the ticket is about one."""
    system: Line | None = None
    """The system that is affected."""


class WaveIn(_In):
    rollout: Line
    wave: Line


class TicketPatch(_In):
    """JSON Merge Patch: what is sent is changed, null clears where something can be empty."""

    subject: Line = ""
    description: Text = ""
    status: Status = Status.OPEN
    priority: Priority = Priority.P3
    assignee: Line | None = None
    tags: Tags | None = None
    course: Line | None = None
    system: Line | None = None
    attribution: WaveIn | None = None


class CommentIn(_In):
    """`author_role` is for those who write on behalf of somebody; without it, the caller's role decides."""

    body: Annotated[Text, StringConstraints(min_length=1)]
    public: bool = True
    author_role: Literal["agent", "requester", "bot"] | None = None
    author: RequesterIn | None = None


class HoursIn(_In):
    """Wall-clock windows like `09:00-17:00`, ascending; a window over midnight is written as two, `24:00` ends a day."""

    zone: Annotated[str, StringConstraints(max_length=100)]
    hours: dict[DAY_NAMES, Annotated[list[Hours], Field(max_length=24)]]
    holidays: Annotated[list[date], Field(max_length=5_000)] = []


class TargetsIn(_In):
    """Minutes of business time; an absent target promises nothing."""

    first_response_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)] | None = None
    resolution_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)] | None = None


class PolicyIn(_In):
    calendar: HoursIn
    targets: dict[Priority, TargetsIn]
    pause_on: Annotated[list[Literal["pending", "on_hold"]], Field(max_length=2)] = ["pending", "on_hold"]

    @model_validator(mode="after")
    def _needs_targets(self) -> "PolicyIn":
        if not self.targets:
            raise ValueError("a policy needs targets for at least one priority")
        return self


class PolicyOut(BaseModel):
    name: str
    version: int
    policy: dict[str, Any]
    created_at: AwareDatetime
    created_by: str


class AttributionOut(BaseModel):
    rollout: str
    wave: str
    rule: Rule


class RequesterOut(BaseModel):
    """`person_id` is null while the directory does not know them."""

    contact_id: str
    name: str
    email: str | None
    person_id: str | None


class ClockSummary(BaseModel):
    clock_id: str
    target: Target
    cycle: int
    state: ClockState
    due_at: AwareDatetime | None
    breached_at: AwareDatetime | None
    settled_at: AwareDatetime | None


class TicketOut(BaseModel):
    ticket_id: str
    number: int
    subject: str
    description: str
    status: Status
    vendor_status: str | None
    priority: Priority
    kind: Kind
    requester: RequesterOut | None
    assignee: str | None
    tags: list[str]
    course: str | None
    system: str | None
    attribution: AttributionOut | None
    source: str | None
    external_id: str | None
    external_key: str | None
    policy: str
    opened_at: AwareDatetime
    solved_at: AwareDatetime | None
    deleted_at: AwareDatetime | None
    version: int
    clocks: list[ClockSummary]


class SegmentOut(BaseModel):
    kind: SegmentKind
    began_at: AwareDatetime
    ended_at: AwareDatetime
    seconds: float


class ClockOut(ClockSummary):
    """`remaining_seconds` is business time and negative once overdue; the running segments add up to `elapsed_seconds`."""

    policy: str
    outcome: Literal["met", "breached", "cancelled"] | None
    cause: Cause | None
    started_at: AwareDatetime
    counting_since: AwareDatetime
    target_seconds: float
    elapsed_seconds: float
    remaining_seconds: float
    segments: list[SegmentOut]


class CommentOut(BaseModel):
    comment_id: str
    at: AwareDatetime
    observed_at: AwareDatetime
    author_name: str
    author_role: AuthorRole
    public: bool
    body: str
    external_id: str | None


class EntryOut(BaseModel):
    """`at` is when it happened, `observed_at` when it was noticed here."""

    entry_id: str
    at: AwareDatetime
    observed_at: AwareDatetime
    kind: str
    actor: str
    detail: dict[str, Any]


def ticket_out(dossier: Dossier, requesters: Mapping[str, Contact]) -> TicketOut:
    ticket = dossier.ticket
    requester = requesters.get(ticket.requester_id)
    attribution = ticket.attribution
    return TicketOut(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        description=ticket.description,
        status=ticket.status,
        vendor_status=ticket.vendor_status,
        priority=ticket.priority,
        kind=ticket.kind,
        requester=None
        if requester is None
        else RequesterOut(
            contact_id=requester.contact_id,
            name=requester.name,
            email=requester.email,
            person_id=requester.person_id,
        ),
        assignee=ticket.assignee,
        tags=list(ticket.tags),
        course=ticket.course,
        system=ticket.system,
        attribution=None
        if attribution is None
        else AttributionOut(rollout=attribution.rollout, wave=attribution.wave, rule=attribution.rule),
        source=ticket.source,
        external_id=ticket.external_id,
        external_key=ticket.external_key,
        policy=f"{ticket.policy_name}@{ticket.policy_version}",
        opened_at=ticket.opened_at,
        solved_at=ticket.solved_at,
        deleted_at=ticket.deleted_at,
        version=ticket.version,
        clocks=[ClockSummary(**_summary(clock)) for clock in _ordered(dossier)],
    )


def clocks_out(dossier: Dossier, calendar: Calendar, now: datetime) -> list[ClockOut]:
    """Each clock drawn up to `now`, or to where it stands still for good."""
    policy = f"{dossier.ticket.policy_name}@{dossier.ticket.policy_version}"
    return [_clock_out(clock, calendar, policy, now) for clock in _ordered(dossier)]


def _clock_out(clock: Clock, calendar: Calendar, policy: str, now: datetime) -> ClockOut:
    until = clock.settled_at or max(now, clock.started_at)
    elapsed = clock.elapsed(calendar, until)
    return ClockOut(
        **_summary(clock),
        policy=policy,
        outcome=clock.outcome,
        cause=clock.cause if clock.breached_at is not None else None,
        started_at=clock.started_at,
        counting_since=calendar.next_open(clock.started_at),
        target_seconds=clock.target_for.total_seconds(),
        elapsed_seconds=elapsed.total_seconds(),
        remaining_seconds=(clock.target_for - elapsed).total_seconds(),
        segments=[
            SegmentOut(
                kind=segment.kind,
                began_at=segment.began_at,
                ended_at=segment.ended_at,
                seconds=(segment.ended_at - segment.began_at) / timedelta(seconds=1),
            )
            for segment in segments(clock, calendar, until)
        ],
    )


def comment_out(comment: Comment) -> CommentOut:
    return CommentOut(
        comment_id=comment.comment_id,
        at=comment.at,
        observed_at=comment.observed_at,
        author_name=comment.author_name,
        author_role=comment.author_role,
        public=comment.public,
        body=comment.body,
        external_id=comment.external_id,
    )


def entry_out(entry: Entry) -> EntryOut:
    return EntryOut(
        entry_id=entry.entry_id,
        at=entry.at,
        observed_at=entry.observed_at,
        kind=entry.kind,
        actor=entry.actor,
        detail=dict(entry.detail),
    )


def _ordered(dossier: Dossier) -> list[Clock]:
    return sorted(dossier.clocks.values(), key=lambda clock: (clock.target, clock.cycle))


def _summary(clock: Clock) -> dict[str, Any]:
    return {
        "clock_id": clock.clock_id,
        "target": clock.target,
        "cycle": clock.cycle,
        "state": clock.state,
        "due_at": clock.due_at,
        "breached_at": clock.breached_at,
        "settled_at": clock.settled_at,
    }
