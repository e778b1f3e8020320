"""Rows to domain values and back."""

from services.tickets.adapters.repository.rows.clocks import clock_of, clock_values, moment_of, moment_values
from services.tickets.adapters.repository.rows.tickets import (
    comment_of,
    comment_values,
    edit_of,
    edit_values,
    entry_of,
    entry_values,
    ticket_of,
    ticket_values,
)

__all__ = [
    "clock_of",
    "clock_values",
    "comment_of",
    "comment_values",
    "edit_of",
    "edit_values",
    "entry_of",
    "entry_values",
    "moment_of",
    "moment_values",
    "ticket_of",
    "ticket_values",
]
