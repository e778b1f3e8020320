"""A ticket: what it is, what may be done to it, and what a remote desk's report makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.tickets.domain.attribution import Attribution
from services.tickets.domain.policy import Priority, Status


class Kind(StrEnum):
    INCIDENT = "incident"
    REQUEST = "request"
    QUESTION = "question"
    CHANGE = "change"


class AuthorRole(StrEnum):
    """Who wrote a comment. A response is a public comment by a person who is not the requester."""

    REQUESTER = "requester"
    AGENT = "agent"
    BOT = "bot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`version` counts changes (ETag, state events). `told_at` says of which remote time each field is."""

    ticket_id: str
    number: int
    subject: str
    description: str = ""
    status: Status = Status.NEW
    vendor_status: str | None = None
    priority: Priority = Priority.P3
    kind: Kind = Kind.INCIDENT
    requester_id: str
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    course: str | None = None
    system: str | None = None
    team: str | None = None
    impact: str | None = None
    """What a P1 keeps people from doing, in the reporter's words."""
    cause: str | None = None
    minutes_lost: int | None = None
    """Working time that the reporter says was lost, of everybody together."""
    major: bool = False
    """Its children wait for it and are solved with it."""
    parent_id: str | None = None
    waits_for: str | None = None
    """`parent` while its resolution stands still because a major incident's does not."""
    solved_with: str | None = None
    """The major incident whose solving solved this one; reopening that reopens this."""
    merged_into: str | None = None
    attribution: Attribution | None = None
    by_hand: bool = False
    """The desk set the attribution, or that there is none; no rule changes it then."""
    source: str | None = None
    external_id: str | None = None
    external_key: str | None = None
    policy_name: str
    policy_version: int
    opened_at: datetime
    solved_at: datetime | None = None
    deleted_at: datetime | None = None
    updated_at: datetime | None = None
    """When anybody could last see a change; None only before it is first written."""
    version: int = 1
    told_at: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """`at` is when it counts, `said_at` what the remote desk said, if it said anything."""

    comment_id: str
    ticket_id: str
    at: datetime
    said_at: datetime | None = None
    observed_at: datetime
    author_id: str | None
    author_name: str
    author_role: AuthorRole
    public: bool
    body: str
    external_id: str | None = None
    moment_id: str | None = None
    """What it meant to the clocks: an answer or a word of the requester; None where it meant nothing."""
    edited_at: datetime | None = None
    retracted_at: datetime | None = None
    retracted_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEdit:
    """What a comment said before it was changed."""

    edit_id: str
    comment_id: str
    body: str
    public: bool
    edited_at: datetime
    edited_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ticket's history: who did what, when it happened and when it was noticed.

    `batch_id` joins what one bulk change did, so that it can be undone together.
    """

    entry_id: str
    ticket_id: str
    at: datetime
    observed_at: datetime
    kind: str
    actor: str
    detail: Mapping[str, object]
    batch_id: str | None = None


# `closed` is the end. `new` is where a ticket begins and is never returned to; `unknown` is only ever another desk's word.
_REACHABLE = frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SOLVED, Status.CLOSED})


def may_become(status: Status, wanted: Status) -> bool:
    """Whether a person may move a ticket so. A remote desk is not asked: what it reports has happened."""
    return wanted is status or (status is not Status.CLOSED and wanted in _REACHABLE)


def is_response(*, public: bool | None, role: AuthorRole, by_requester: bool | None) -> bool:
    """Whether a comment answers the requester: public, by a person, who is not the requester.

    `public` is None where the desk has no private comments. `by_requester` is None where author and requester cannot be
    compared; then only the role agent counts, since an unknown author may be the requester.
    """
    if public is False or role in (AuthorRole.BOT, AuthorRole.REQUESTER) or by_requester:
        return False
    return role is AuthorRole.AGENT or by_requester is False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a remote desk says about a ticket at an instant. None is "nothing said", never "empty"."""

    at: datetime
    subject: str | None = None
    description: str | None = None
    vendor_status: str | None = None
    external_key: str | None = None
    requester_id: str | None = None
    assignee: str | None = None
    tags: tuple[str, ...] | None = None


_REPORTED = ("subject", "description", "vendor_status", "external_key", "requester_id", "assignee", "tags")


def informed(ticket: Ticket, report: Report) -> Ticket:
    """The ticket with what the report says, field by field, except where something newer is known."""
    told_at = dict(ticket.told_at)
    news: dict[str, Any] = {}
    for name in _REPORTED:
        value = getattr(report, name)
        if value is None or (name in told_at and told_at[name] > report.at):
            continue
        told_at[name] = report.at
        news[name] = value
    return replace(ticket, told_at=told_at, **news)
