"""Tickets, comments and history: rows to domain values and back."""

from typing import Any

from services.tickets.adapters.tables import CommentEditRow, CommentRow, EntryRow, TicketRow
from services.tickets.domain.attribution import Attribution, Rule
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import AuthorRole, Comment, CommentEdit, Entry, Kind, Ticket
from shared.clock import parse_instant, render_instant


def ticket_of(row: TicketRow) -> Ticket:
    attribution = None
    if row.rollout is not None and row.wave is not None and row.rule is not None:
        attribution = Attribution(rollout=row.rollout, wave=row.wave, rule=Rule(row.rule))
    return Ticket(
        ticket_id=row.ticket_id,
        number=row.number,
        subject=row.subject,
        description=row.description,
        status=Status(row.status),
        vendor_status=row.vendor_status,
        priority=Priority(row.priority),
        kind=Kind(row.kind),
        requester_id=row.requester_id,
        assignee=row.assignee,
        tags=tuple(row.tags),
        course=row.course,
        system=row.system,
        team=row.team,
        impact=row.impact,
        cause=row.cause,
        minutes_lost=row.minutes_lost,
        major=row.major,
        parent_id=row.parent_id,
        waits_for=row.waits_for,
        solved_with=row.solved_with,
        merged_into=row.merged_into,
        attribution=attribution,
        by_hand=row.by_hand,
        source=row.source,
        external_id=row.external_id,
        external_key=row.external_key,
        policy_name=row.policy_name,
        policy_version=row.policy_version,
        opened_at=row.opened_at,
        solved_at=row.solved_at,
        deleted_at=row.deleted_at,
        updated_at=row.updated_at,
        version=row.version,
        told_at={name: parse_instant(at) for name, at in row.told_at.items()},
    )


def ticket_values(ticket: Ticket) -> dict[str, Any]:
    attribution = ticket.attribution
    return {
        "ticket_id": ticket.ticket_id,
        "number": ticket.number,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status.value,
        "vendor_status": ticket.vendor_status,
        "priority": ticket.priority.value,
        "kind": ticket.kind.value,
        "requester_id": ticket.requester_id,
        "assignee": ticket.assignee,
        "tags": list(ticket.tags),
        "course": ticket.course,
        "system": ticket.system,
        "team": ticket.team,
        "impact": ticket.impact,
        "cause": ticket.cause,
        "minutes_lost": ticket.minutes_lost,
        "major": ticket.major,
        "parent_id": ticket.parent_id,
        "waits_for": ticket.waits_for,
        "solved_with": ticket.solved_with,
        "merged_into": ticket.merged_into,
        "rollout": attribution.rollout if attribution else None,
        "wave": attribution.wave if attribution else None,
        "rule": attribution.rule.value if attribution else None,
        "by_hand": ticket.by_hand,
        "source": ticket.source,
        "external_id": ticket.external_id,
        "external_key": ticket.external_key,
        "policy_name": ticket.policy_name,
        "policy_version": ticket.policy_version,
        "opened_at": ticket.opened_at,
        "solved_at": ticket.solved_at,
        "deleted_at": ticket.deleted_at,
        "updated_at": ticket.updated_at or ticket.opened_at,
        "version": ticket.version,
        "told_at": {name: render_instant(at) for name, at in ticket.told_at.items()},
    }


def comment_of(row: CommentRow) -> Comment:
    return Comment(
        comment_id=row.comment_id,
        ticket_id=row.ticket_id,
        at=row.at,
        said_at=row.said_at,
        observed_at=row.observed_at,
        author_id=row.author_id,
        author_name=row.author_name,
        author_role=AuthorRole(row.author_role),
        public=row.public,
        body=row.body,
        external_id=row.external_id,
        moment_id=row.moment_id,
        edited_at=row.edited_at,
        retracted_at=row.retracted_at,
        retracted_by=row.retracted_by,
    )


def comment_values(comment: Comment) -> dict[str, Any]:
    return {
        "comment_id": comment.comment_id,
        "ticket_id": comment.ticket_id,
        "at": comment.at,
        "said_at": comment.said_at,
        "observed_at": comment.observed_at,
        "author_id": comment.author_id,
        "author_name": comment.author_name,
        "author_role": comment.author_role.value,
        "public": comment.public,
        "body": comment.body,
        "external_id": comment.external_id,
        "moment_id": comment.moment_id,
        "edited_at": comment.edited_at,
        "retracted_at": comment.retracted_at,
        "retracted_by": comment.retracted_by,
    }


def edit_of(row: CommentEditRow) -> CommentEdit:
    return CommentEdit(
        edit_id=row.edit_id,
        comment_id=row.comment_id,
        body=row.body,
        public=row.public,
        edited_at=row.edited_at,
        edited_by=row.edited_by,
    )


def edit_values(edit: CommentEdit) -> dict[str, Any]:
    return {
        "edit_id": edit.edit_id,
        "comment_id": edit.comment_id,
        "body": edit.body,
        "public": edit.public,
        "edited_at": edit.edited_at,
        "edited_by": edit.edited_by,
    }


def entry_of(row: EntryRow) -> Entry:
    return Entry(
        entry_id=row.entry_id,
        ticket_id=row.ticket_id,
        at=row.at,
        observed_at=row.observed_at,
        kind=row.kind,
        actor=row.actor,
        detail=row.detail,
        batch_id=row.batch_id,
    )


def entry_values(entry: Entry) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "ticket_id": entry.ticket_id,
        "at": entry.at,
        "observed_at": entry.observed_at,
        "kind": entry.kind,
        "actor": entry.actor,
        "detail": dict(entry.detail),
        "batch_id": entry.batch_id,
    }
