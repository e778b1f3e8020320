"""What is said when a step of an escalation ladder is fired."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.tickets.domain.ladder import Step, StepTime
from services.tickets.ports import Escalation, Watched
from shared.clock import render_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The words, and what a machine is told instead."""

    subject: str
    body: str
    facts: dict[str, Any]
    rollout: str | None
    wave: str | None


def message_of(watched: Watched, step: Step, escalation: Escalation, public_url: str) -> Message:
    """For people who do not know what a clock is: which ticket, what is promised, when, and where to look."""
    clock, attribution = watched.clock, watched.attribution
    promise = clock.target.value.replace("_", " ") if clock.target.value != "ola" else f"OLA of {clock.team}"
    standing = _standing(watched, escalation.fires_at)
    again = f" This is reminder {escalation.occurrence}." if escalation.occurrence > 1 else ""
    lines = [
        f"Ticket #{watched.number}, “{watched.subject}” ({watched.priority.value}): the {promise} {standing}.{again}",
        "",
        f"Why you are told: the policy {clock.policy}, rule {clock.rule}, says so {_when(step)}.",
        f"Assigned to: {watched.assignee or 'nobody'}. Team: {watched.team or 'none'}.",
        "",
        f"{public_url.rstrip('/')}/tickets/{clock.ticket_id}",
        "",
    ]
    return Message(
        subject=f"#{watched.number} {watched.priority.value}: {promise} {_in_short(watched, escalation.fires_at)}",
        body="\n".join(lines),
        facts={
            "ticket_number": watched.number,
            "ticket_subject": watched.subject,
            "priority": watched.priority.value,
            "team": watched.team,
            "assignee": watched.assignee,
            "target": clock.target.value,
            "cycle": clock.cycle,
            "policy": clock.policy,
            "rule": clock.rule,
            "due_at": None if clock.due_at is None else render_instant(clock.due_at),
            "breached_at": None if clock.breached_at is None else render_instant(clock.breached_at),
        },
        rollout=attribution.rollout if attribution else None,
        wave=attribution.wave if attribution else None,
    )


def webhook_data(escalation: Escalation, message: Message) -> dict[str, Any]:
    return {
        "escalation_id": escalation.escalation_id,
        "clock_id": escalation.clock_id,
        "ticket_id": escalation.ticket_id,
        "threshold": escalation.threshold,
        "occurrence": escalation.occurrence,
        "fires_at": render_instant(escalation.fires_at),
        "text": message.subject,
        **message.facts,
    }


def _standing(watched: Watched, at: datetime) -> str:
    breached_at, due_at = _missed_at(watched, at), watched.clock.due_at
    if breached_at is not None:
        return f"was missed at {_said(breached_at)}"
    return f"is due at {_said(due_at)}" if due_at is not None else "is running"


def _in_short(watched: Watched, at: datetime) -> str:
    breached_at, due_at = _missed_at(watched, at), watched.clock.due_at
    if breached_at is not None:
        return "missed"
    return f"due {_said(due_at)}" if due_at is not None else "running"


def _missed_at(watched: Watched, at: datetime) -> datetime | None:
    """The breach may be written a moment later than the step at the same instant is fired."""
    clock = watched.clock
    return clock.breached_at or (clock.due_at if clock.due_at is not None and clock.due_at <= at else None)


def _when(step: Step) -> str:
    if step.percent is not None:
        return f"when {step.percent:g}% of the time is used up"
    assert step.offset_for is not None
    time = "business time" if step.time is StepTime.BUSINESS else "time"
    if not step.offset_for:
        return "when it is missed"
    before = step.offset_for < timedelta(0)
    return f"{_length(abs(step.offset_for))} of {time} {'before' if before else 'after'} it is missed"


def _length(span: timedelta) -> str:
    minutes = int(span / timedelta(minutes=1))
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
