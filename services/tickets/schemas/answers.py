"""What is answered, and how it is made of a dossier."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel

from services.tickets.domain.attribution import Rule
from services.tickets.domain.clock import CancelledBecause, Cause, Clock, ClockState
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Priority, Status, Target
from services.tickets.domain.segment import SegmentKind, segments
from services.tickets.domain.ticket import AuthorRole, Comment, Entry, Kind
from services.tickets.ports import Contact, Watermark, is_confirmed


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
    team: str | None
    due_at: AwareDatetime | None
    breached_at: AwareDatetime | None
    settled_at: AwareDatetime | None
    cancelled_because: CancelledBecause | None


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
    team: str | None
    impact: str | None
    cause: str | None
    minutes_lost: int | None
    major: bool
    parent_id: str | None
    waits_for: Literal["parent"] | None
    """`parent` while its resolution stands still because a major incident's does not."""
    merged_into: str | None
    attribution: AttributionOut | None
    source: str | None
    external_id: str | None
    external_key: str | None
    policy: str
    opened_at: AwareDatetime
    solved_at: AwareDatetime | None
    deleted_at: AwareDatetime | None
    updated_at: AwareDatetime
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
    rule: str
    outcome: Literal["met", "breached", "cancelled"] | None
    cause: Cause | None
    unconfirmed: bool
    """The ticket's source has not been read up to the breach: an earlier fact may still withdraw it."""
    would_not_have_breached: bool
    started_at: AwareDatetime
    counting_since: AwareDatetime
    target_seconds: float | None
    elapsed_seconds: float
    remaining_seconds: float | None
    segments: list[SegmentOut]


class CommentOut(BaseModel):
    """`ticket_id` is that of the ticket it was written on, which may have been merged into this one.

    `said_at` is the time a remote desk gave, if it gave one.
    """

    comment_id: str
    ticket_id: str
    at: AwareDatetime
    observed_at: AwareDatetime
    author_name: str
    author_role: AuthorRole
    public: bool
    body: str
    external_id: str | None
    said_at: AwareDatetime | None
    edited_at: AwareDatetime | None
    retracted_at: AwareDatetime | None
    retracted_by: str | None


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
        team=ticket.team,
        impact=ticket.impact,
        cause=ticket.cause,
        minutes_lost=ticket.minutes_lost,
        major=ticket.major,
        parent_id=ticket.parent_id,
        waits_for="parent" if ticket.waits_for else None,
        merged_into=ticket.merged_into,
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
        updated_at=ticket.updated_at or ticket.opened_at,
        version=ticket.version,
        clocks=[ClockSummary(**_summary(clock)) for clock in _ordered(dossier)],
    )


def clocks_out(dossier: Dossier, watermark: Watermark | None, now: datetime) -> list[ClockOut]:
    """Each clock drawn up to `now`, or to where it stands still for good. `watermark` is that of the ticket's source."""
    return [_clock_out(clock, watermark, now) for clock in _ordered(dossier)]


def _clock_out(clock: Clock, watermark: Watermark | None, now: datetime) -> ClockOut:
    until = clock.settled_at or max(now, clock.started_at)
    elapsed = clock.elapsed(until)
    return ClockOut(
        **_summary(clock),
        policy=clock.policy,
        rule=clock.rule,
        outcome=clock.outcome,
        cause=clock.cause if clock.breached_at is not None else None,
        unconfirmed=clock.breached_at is not None and not is_confirmed(clock.breached_at, watermark),
        would_not_have_breached=clock.would_not_have_breached,
        started_at=clock.started_at,
        counting_since=clock.counting_since,
        target_seconds=None if clock.target_for is None else clock.target_for.total_seconds(),
        elapsed_seconds=elapsed.total_seconds(),
        remaining_seconds=None if clock.target_for is None else (clock.target_for - elapsed).total_seconds(),
        segments=[
            SegmentOut(
                kind=segment.kind,
                began_at=segment.began_at,
                ended_at=segment.ended_at,
                seconds=(segment.ended_at - segment.began_at) / timedelta(seconds=1),
            )
            for segment in segments(clock, until)
        ],
    )


def comment_out(comment: Comment) -> CommentOut:
    return CommentOut(
        comment_id=comment.comment_id,
        ticket_id=comment.ticket_id,
        at=comment.at,
        observed_at=comment.observed_at,
        author_name=comment.author_name,
        author_role=comment.author_role,
        public=comment.public,
        body=comment.body,
        external_id=comment.external_id,
        said_at=comment.said_at,
        edited_at=comment.edited_at,
        retracted_at=comment.retracted_at,
        retracted_by=comment.retracted_by,
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
        "team": clock.team,
        "due_at": clock.due_at,
        "breached_at": clock.breached_at,
        "settled_at": clock.settled_at,
        "cancelled_because": clock.cancelled_because,
    }
