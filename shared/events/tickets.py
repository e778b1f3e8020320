"""Events that the tickets service owns."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.events.envelope import Event, Kind
from shared.events.facts import Priority, TicketStatus
from shared.events.messages import DeliveryUnderstoodPayload, NotificationRequestedPayload

Target = Literal[
    "first_response", "next_response", "periodic_update", "resolution", "agent_work", "requester_wait", "ola"
]


class Attribution(BaseModel):
    """The wave a ticket counts for, and the rule that said so: `tag`, `course`, `system` or `hand`."""

    model_config = ConfigDict(frozen=True)
    rollout: str
    wave: str
    rule: Literal["tag", "course", "system", "hand"]


class ClockView(BaseModel):
    """A clock as it stands. `due_at` is None while paused (it moves)."""

    model_config = ConfigDict(frozen=True)
    clock_id: str
    target: Target
    cycle: int
    state: Literal["running", "paused", "settled", "cancelled"]
    due_at: datetime | None
    breached_at: datetime | None = None
    settled_at: datetime | None = None


class TicketChanged(Event, name="tickets.ticket.changed", kind=Kind.STATE, key="ticket_id"):
    ticket_id: str
    number: int
    subject: str
    status: TicketStatus
    priority: Priority
    attribution: Attribution | None
    opened_at: datetime
    solved_at: datetime | None
    requester_person_id: str | None = None
    source: str | None = None
    external_id: str | None = None
    external_key: str | None = None
    clocks: list[ClockView] = []


class TicketOpened(Event, name="tickets.ticket.opened", key="ticket_id"):
    ticket_id: str
    priority: Priority
    attribution: Attribution | None
    opened_at: datetime


class TicketResolved(Event, name="tickets.ticket.resolved", key="ticket_id"):
    ticket_id: str
    priority: Priority
    attribution: Attribution | None
    resolved_at: datetime


class TicketReopened(Event, name="tickets.ticket.reopened", key="ticket_id"):
    ticket_id: str
    priority: Priority
    attribution: Attribution | None
    reopened_at: datetime


class _ClockEvent(Event):
    clock_id: str
    ticket_id: str
    ticket_number: int
    ticket_subject: str
    target: Target
    cycle: int
    priority: Priority
    policy: str
    """Name and version, e.g. `standard@1`."""
    attribution: Attribution | None


class ClockBreached(_ClockEvent, name="tickets.clock.breached", key="clock_id"):
    """A target was missed. `breached_at` is exact, however late the timer noticed (`detected_at`, business time)."""

    due_at: datetime
    breached_at: datetime
    detected_at: datetime
    cause: Literal["elapsed", "retarget", "retracted", "merged"] = "elapsed"
    confirmed: bool = True
    """False while the ticket's source has not been read up to `breached_at`: an earlier fact may still withdraw it."""


class ClockBreachConfirmed(_ClockEvent, name="tickets.clock.breach_confirmed", key="clock_id"):
    """The source has been read past the instant of an unconfirmed breach: no earlier fact came."""

    breached_at: datetime
    confirmed_at: datetime


class ClockBreachWithdrawn(_ClockEvent, name="tickets.clock.breach_withdrawn", key="clock_id"):
    """A fact that came late shows that the target was met after all; audited."""

    breached_at: datetime
    withdrawn_at: datetime
    reason: str


class ClockSettled(_ClockEvent, name="tickets.clock.settled", key="clock_id"):
    """The clock stopped for good in this cycle: answered, solved, or cancelled with a reason."""

    settled_at: datetime
    outcome: Literal["met", "breached", "cancelled"]
    elapsed_seconds: float


class BaselineMeasured(Event, name="tickets.baseline.measured", kind=Kind.STATE, key="wave_id"):
    """How often the people of a wave asked for help before it opened: in `[since, opened_at)`, about anything at all."""

    wave_id: str
    """`<rollout>:<wave>`"""
    rollout: str
    wave: str
    opened_at: datetime
    since: datetime
    people: int
    tickets: int
    per_100_per_week: float | None
    """Null where the wave has no people."""
    measured_at: datetime


class NotificationRequested(NotificationRequestedPayload, name="tickets.notification.requested", key="notification_id"):
    pass


class DeliveryUnderstood(DeliveryUnderstoodPayload, name="tickets.delivery.understood", key="delivery_id"):
    pass
