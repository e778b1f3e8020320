"""What is answered about what surrounds tickets: links, edits, many at once, teams, views, waves."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from services.tickets.domain.baseline import Baseline, rate
from services.tickets.domain.link import LinkKind
from services.tickets.domain.policy import Status
from services.tickets.domain.ticket import CommentEdit
from services.tickets.ports import LinkedTicket, Since, Team, View


class CommentEditOut(BaseModel):
    """What the comment said until `edited_at`."""

    edit_id: str
    body: str
    public: bool
    edited_at: AwareDatetime
    edited_by: str


class LinkOut(BaseModel):
    """The other ticket is `kind` of this one."""

    kind: LinkKind
    ticket_id: str
    other_id: str
    number: int
    subject: str
    status: Status
    made_at: AwareDatetime
    made_by: str


class CountsOut(BaseModel):
    """Open tickets, for the queue's tabs. Figures stop at `most`."""

    open: int
    mine: int
    unassigned: int
    overdue: int
    at_risk: int
    by_status: dict[str, int]
    by_priority: dict[str, int]
    most: int


class BulkItemOut(BaseModel):
    """`code` and `detail` say why a ticket was left alone."""

    ticket: str
    ticket_id: str | None
    number: int | None
    version: int | None
    status: int
    code: str | None = None
    detail: str | None = None


class BulkOut(BaseModel):
    """`batch_id` undoes what was changed: `POST /v1/tickets/bulk/{batch_id}/undo`."""

    batch_id: str
    changed: int
    items: list[BulkItemOut]


class TeamOut(BaseModel):
    name: str
    email: str | None
    lead: str | None
    members: list[str]
    version: int
    updated_at: AwareDatetime
    updated_by: str


class ViewOut(BaseModel):
    """`mine` says whether the caller saved it."""

    name: str
    query: str
    shared: bool
    mine: bool
    owner_name: str
    updated_at: AwareDatetime


class BaselineOut(BaseModel):
    """Tickets per 100 people of the wave's audience per week, about anything: before it opened and since.

    `attributed` of those since count for this wave. Rates are null where there were no people or no time yet.
    """

    rollout: str
    wave: str
    opened_at: AwareDatetime
    measured_at: AwareDatetime
    since: AwareDatetime
    people: int
    tickets: int
    per_100_per_week: float | None
    people_now: int
    tickets_since: int
    attributed: int
    per_100_per_week_now: float | None
    ratio: float | None
    """How many times the baseline the current rate is."""


def edit_out(edit: CommentEdit) -> CommentEditOut:
    return CommentEditOut(
        edit_id=edit.edit_id,
        body=edit.body,
        public=edit.public,
        edited_at=edit.edited_at,
        edited_by=edit.edited_by,
    )


def link_out(linked: LinkedTicket) -> LinkOut:
    link = linked.link
    return LinkOut(
        kind=link.kind,
        ticket_id=link.ticket_id,
        other_id=link.other_id,
        number=linked.number,
        subject=linked.subject,
        status=Status(linked.status),
        made_at=link.made_at,
        made_by=link.made_by,
    )


def team_out(team: Team) -> TeamOut:
    return TeamOut(
        name=team.name,
        email=team.email,
        lead=team.lead,
        members=list(team.members),
        version=team.version,
        updated_at=team.updated_at,
        updated_by=team.updated_by,
    )


def view_out(view: View, subject: str) -> ViewOut:
    return ViewOut(
        name=view.name,
        query=view.query,
        shared=view.shared,
        mine=view.owner == subject,
        owner_name=view.owner_name,
        updated_at=view.updated_at,
    )


def baseline_out(baseline: Baseline, since: Since, now: datetime) -> BaselineOut:
    before, after = baseline.per_100_per_week, rate(since.tickets, since.people, now - baseline.opened_at)
    return BaselineOut(
        rollout=baseline.rollout,
        wave=baseline.wave,
        opened_at=baseline.opened_at,
        measured_at=baseline.measured_at,
        since=baseline.since,
        people=baseline.people,
        tickets=baseline.tickets,
        per_100_per_week=before,
        people_now=since.people,
        tickets_since=since.tickets,
        attributed=since.attributed,
        per_100_per_week_now=after,
        ratio=after / before if before and after is not None else None,
    )
