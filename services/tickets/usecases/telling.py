"""What a change is told as: lines of the history for people, events for other services."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from services.tickets.domain.clock import Breached, Clock, News, Settled, Withdrawn
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import MomentKind, in_order
from services.tickets.domain.ticket import Ticket
from services.tickets.ports import Contact, TicketsUnit, Watermark, is_confirmed
from services.tickets.usecases.folder import Folder
from shared.clock import render_instant
from shared.events import tickets as told
from shared.events.facts import Priority, TicketStatus

CLOCKWORK = "glidepath"
"""Who did it, where nobody did: a clock ran out."""


def note_news(folder: Folder, news: News, watermark: Watermark | None, reason: str, now: datetime) -> None:
    clock = news.clock
    if isinstance(news, Breached):
        detail = {} if is_confirmed(news.at, watermark) else {"unconfirmed": True}
        about = {"target": clock.target, "cycle": clock.cycle, "cause": clock.cause}
        folder.note("breached", news.at, now, CLOCKWORK, **about, **detail)
    elif isinstance(news, Withdrawn):
        breached_at = render_instant(news.at)
        about = {"target": clock.target, "cycle": clock.cycle, "breached_at": breached_at, "reason": reason}
        folder.note("breach_withdrawn", now, now, CLOCKWORK, **about)
    elif clock.settled_at is not None:
        folder.note("settled", clock.settled_at, now, CLOCKWORK, target=clock.target, outcome=clock.outcome)


def tell_ticket(unit: TicketsUnit, folder: Folder, dossier: Dossier, requester: Contact | None, now: datetime) -> None:
    ticket, before = dossier.ticket, folder.found.ticket
    about: dict[str, Any] = {
        "ticket_id": ticket.ticket_id,
        "priority": Priority(ticket.priority),
        "attribution": attribution_told(ticket),
    }
    if folder.new:
        unit.record(told.TicketOpened(**about, opened_at=ticket.opened_at))
    was_solved = not folder.new and before.solved_at is not None
    if ticket.solved_at is not None and not was_solved:
        unit.record(told.TicketResolved(**about, resolved_at=ticket.solved_at))
    elif ticket.solved_at is None and was_solved:
        unit.record(told.TicketReopened(**about, reopened_at=reopened_at(dossier, now)))
    unit.record(
        told.TicketChanged(
            ticket_id=ticket.ticket_id,
            number=ticket.number,
            subject=ticket.subject,
            status=TicketStatus(ticket.status),
            priority=Priority(ticket.priority),
            attribution=attribution_told(ticket),
            opened_at=ticket.opened_at,
            solved_at=ticket.solved_at,
            requester_person_id=requester.person_id if requester else None,
            source=ticket.source,
            external_id=ticket.external_id,
            external_key=ticket.external_key,
            clocks=[clock_told(clock) for clock in dossier.clocks.values()],
        ),
        aggregate_version=ticket.version,
    )


def tell_news(
    unit: TicketsUnit,
    ticket: Ticket,
    news: News,
    watermark: Watermark | None,
    reason: str,
    now: datetime,
) -> None:
    clock = news.clock
    about: dict[str, Any] = {
        "clock_id": clock.clock_id,
        "ticket_id": ticket.ticket_id,
        "ticket_number": ticket.number,
        "ticket_subject": ticket.subject,
        "target": clock.target.value,
        "cycle": clock.cycle,
        "priority": Priority(ticket.priority),
        "policy": clock.policy,
        "attribution": attribution_told(ticket),
    }
    if isinstance(news, Breached):
        due_at = clock.due_at or news.at
        unit.record(
            told.ClockBreached(
                **about,
                due_at=due_at,
                breached_at=news.at,
                detected_at=now,
                cause=clock.cause.value,
                confirmed=is_confirmed(news.at, watermark),
            )
        )
    elif isinstance(news, Withdrawn):
        unit.record(told.ClockBreachWithdrawn(**about, breached_at=news.at, withdrawn_at=now, reason=reason))
    elif isinstance(news, Settled):
        settled_at, outcome = clock.settled_at, clock.outcome
        assert settled_at is not None
        elapsed = clock.elapsed(settled_at).total_seconds()
        unit.record(told.ClockSettled(**about, settled_at=settled_at, outcome=outcome, elapsed_seconds=elapsed))


def reopened_at(dossier: Dossier, now: datetime) -> datetime:
    """When it last left solved; now where the solving itself was taken back."""
    statuses = [moment for moment in in_order(dossier.moments) if moment.kind is MomentKind.STATUS]
    left = [then.at for before, then in pairwise(statuses) if before.status.done and not then.status.done]
    return left[-1] if left else now


def attribution_told(ticket: Ticket) -> told.Attribution | None:
    attribution = ticket.attribution
    if attribution is None:
        return None
    return told.Attribution(rollout=attribution.rollout, wave=attribution.wave, rule=attribution.rule.value)


def clock_told(clock: Clock) -> told.ClockView:
    return told.ClockView(
        clock_id=clock.clock_id,
        target=clock.target.value,
        cycle=clock.cycle,
        state=clock.state.value,
        due_at=clock.due_at,
        breached_at=clock.breached_at,
        settled_at=clock.settled_at,
    )
