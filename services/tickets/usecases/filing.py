"""The common end of every change: run the clocks, say what is news, write it all down.

A use case opens a `Folder` per ticket, puts in it what happened, and closes them together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.clock import Breached, Clock, News, Settled, Withdrawn
from services.tickets.domain.dossier import Dossier, labels_of, reckon
from services.tickets.domain.moment import Moment, MomentKind, reopened_at
from services.tickets.domain.policy import Policy
from services.tickets.domain.ticket import Comment, Entry, Ticket
from services.tickets.ports import Contact, Filing, TicketsUnit, Watermark, is_confirmed
from services.tickets.usecases.clockwork.confirming import reason_to_withdraw
from services.tickets.usecases.reporting.noting import note_results
from shared.clock import new_id, render_instant
from shared.events import tickets as told
from shared.events.facts import Priority, TicketStatus

CLOCKWORK = "glidepath"
"""Who did it, where nobody did: a clock ran out."""


@dataclass(slots=True, kw_only=True)
class Folder:
    """A ticket on the desk: as it was found, as it is to be, and what happened in between."""

    found: Dossier
    ticket: Ticket
    new: bool = False
    moments: list[Moment] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def of(cls, dossier: Dossier) -> "Folder":
        return cls(found=dossier, ticket=dossier.ticket)

    def happened(self, kind: MomentKind, at: datetime, now: datetime, value: str = "") -> None:
        """Something the clocks care about."""
        self.moments.append(Moment(moment_id=new_id(), kind=kind, at=at, observed_at=now, value=value))

    def note(self, kind: str, at: datetime, now: datetime, actor: str, **detail: Any) -> None:
        """A line of the history that people read."""
        self.entries.append(
            Entry(
                entry_id=new_id(),
                ticket_id=self.ticket.ticket_id,
                at=at,
                observed_at=now,
                kind=kind,
                actor=actor,
                detail=detail,
            )
        )

    @property
    def all_moments(self) -> tuple[Moment, ...]:
        return (*self.found.moments, *self.moments)


async def close_folders(unit: TicketsUnit, folders: Sequence[Folder], now: datetime) -> list[Dossier]:
    """Run the clocks of each ticket up to `now`, record the events and write everything. The dossiers as they are then."""
    if not folders:
        return []
    drafts = [replace(each.found, ticket=each.ticket, moments=each.all_moments) for each in folders]
    book = await unit.policies.book({label for draft in drafts for label in labels_of(draft)})
    requesters = await unit.contacts.load({each.ticket.requester_id for each in folders})
    watermarks = await unit.clocks.watermarks({each.ticket.source for each in folders if each.ticket.source})
    filings = []
    for folder in sorted(folders, key=lambda each: each.ticket.ticket_id):
        filings.append(_filed(unit, folder, book, requesters, watermarks.get(folder.ticket.source or ""), now))
    await unit.tickets.write(filings, now)
    found = {folder.ticket.ticket_id: folder.found for folder in folders}
    await note_results(unit, [(found[each.dossier.ticket.ticket_id], each.dossier) for each in filings])
    return [filing.dossier for filing in filings]


def _filed(
    unit: TicketsUnit,
    folder: Folder,
    book: Mapping[str, Policy],
    requesters: Mapping[str, Contact],
    watermark: Watermark | None,
    now: datetime,
) -> Filing:
    found = folder.found
    draft = replace(found, ticket=folder.ticket, moments=folder.all_moments)
    dossier, news = reckon(draft, book, now)
    reason = reason_to_withdraw(folder.moments, now)
    for item in news:
        _note_news(folder, item, watermark, reason, now)
    if folder.new:
        _tell(unit, folder, dossier, requesters.get(dossier.ticket.requester_id))
    elif _differs(dossier, found):
        dossier = replace(dossier, ticket=replace(dossier.ticket, version=found.ticket.version + 1))
        _tell(unit, folder, dossier, requesters.get(dossier.ticket.requester_id))
    for item in news:
        _tell_news(unit, dossier.ticket, item, watermark, reason, now)
    return Filing(
        dossier=dossier,
        new=folder.new,
        moments=folder.moments,
        comments=folder.comments,
        entries=folder.entries,
        clocks=[clock for key, clock in dossier.clocks.items() if clock != found.clocks.get(key)],
        gone=[clock.clock_id for key, clock in found.clocks.items() if key not in dossier.clocks],
        news=news,
        watermark=watermark,
        reason=reason,
    )


def _differs(dossier: Dossier, found: Dossier) -> bool:
    """In what anybody can see: when a field was last told is our own affair."""
    seen, was_seen = replace(dossier.ticket, told_at={}), replace(found.ticket, told_at={})
    return seen != was_seen or dossier.clocks != found.clocks


def _note_news(folder: Folder, news: News, watermark: Watermark | None, reason: str, now: datetime) -> None:
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


def _tell(unit: TicketsUnit, folder: Folder, dossier: Dossier, requester: Contact | None) -> None:
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
        unit.record(told.TicketReopened(**about, reopened_at=reopened_at(dossier.moments)))
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


def _tell_news(
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
