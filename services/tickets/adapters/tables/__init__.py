"""The tables of this service, a module per subject."""

from services.tickets.adapters.tables.clocks import (
    BreachRow,
    ClockRow,
    EscalationRow,
    MomentRow,
    OutgoingRow,
    WatermarkRow,
    WebhookRow,
)
from services.tickets.adapters.tables.directory import (
    AppliedFactRow,
    EnrolmentRow,
    PersonIdentityRow,
    PersonRow,
    PlanRow,
    SourceRow,
    WaveRow,
)
from services.tickets.adapters.tables.policies import PolicyRow
from services.tickets.adapters.tables.record import Record, metadata, plumbing
from services.tickets.adapters.tables.tickets import CommentRow, ContactRow, CounterRow, EntryRow, TicketRow

__all__ = [
    "AppliedFactRow",
    "BreachRow",
    "ClockRow",
    "CommentRow",
    "ContactRow",
    "CounterRow",
    "EnrolmentRow",
    "EntryRow",
    "EscalationRow",
    "MomentRow",
    "OutgoingRow",
    "PersonIdentityRow",
    "PersonRow",
    "PlanRow",
    "PolicyRow",
    "Record",
    "SourceRow",
    "TicketRow",
    "WatermarkRow",
    "WaveRow",
    "WebhookRow",
    "metadata",
    "plumbing",
]
