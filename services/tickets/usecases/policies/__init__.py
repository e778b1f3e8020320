"""Policies and calendars: published, signed, compared, chosen and explained; open tickets moved from one version to another."""

from services.tickets.usecases.policies.asking import Asked, ask_policies, ask_policy
from services.tickets.usecases.policies.calendars import CalendarEdit, edit_calendar
from services.tickets.usecases.policies.checking import Finding, Review
from services.tickets.usecases.policies.closing import Closed, Closing, Difference, close_days, next_change, upcoming
from services.tickets.usecases.policies.comparing import Change, compare_policies
from services.tickets.usecases.policies.explaining import explain_ticket
from services.tickets.usecases.policies.migrating import apply_migration, start_migration, undo_migration
from services.tickets.usecases.policies.publishing import Published, check_document, publish_policy
from services.tickets.usecases.policies.running import MigrationRunner
from services.tickets.usecases.policies.signing import enforce_policy, sign_policy

__all__ = [
    "Asked",
    "CalendarEdit",
    "Change",
    "Closed",
    "Closing",
    "Difference",
    "Finding",
    "MigrationRunner",
    "Published",
    "Review",
    "apply_migration",
    "ask_policies",
    "ask_policy",
    "check_document",
    "close_days",
    "compare_policies",
    "edit_calendar",
    "enforce_policy",
    "explain_ticket",
    "next_change",
    "publish_policy",
    "sign_policy",
    "start_migration",
    "undo_migration",
    "upcoming",
]
