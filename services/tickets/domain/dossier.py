"""A ticket with what happened to it and its clocks: what one change loads, decides on and saves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.tickets.domain.clock import Clock, ClockKey, News, news_of, run_clocks
from services.tickets.domain.moment import Moment, MomentKind, latest_priority, latest_status, solved_since
from services.tickets.domain.policy import Policy, Status
from services.tickets.domain.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """`clocks` are as last told to others; `reckon` brings them up to date."""

    ticket: Ticket
    moments: tuple[Moment, ...] = ()
    clocks: Mapping[ClockKey, Clock] = field(default_factory=dict)


def reckon(dossier: Dossier, policy: Policy, now: datetime) -> tuple[Dossier, list[News]]:
    """Ticket and clocks as the moments say they stand at `now`, and what is news compared with what was told before."""
    # Another replica's clock may be a little ahead: what it told is not taken back for that.
    until = max([now, *(clock.breached_at for clock in dossier.clocks.values() if clock.breached_at is not None)])
    clocks = run_clocks(dossier.ticket.ticket_id, dossier.moments, policy, until)
    ticket = _as_told(dossier.ticket, dossier.moments)
    return replace(dossier, ticket=ticket, clocks=clocks), news_of(dossier.clocks, clocks)


def _as_told(ticket: Ticket, moments: tuple[Moment, ...]) -> Ticket:
    deleted_at = _first(moments, MomentKind.DELETED)
    return replace(
        ticket,
        status=latest_status(moments) if deleted_at is None else Status.CLOSED,
        priority=latest_priority(moments, ticket.priority),
        opened_at=_first(moments, MomentKind.OPENED) or ticket.opened_at,
        solved_at=solved_since(moments),
        deleted_at=deleted_at,
    )


def _first(moments: Iterable[Moment], kind: MomentKind) -> datetime | None:
    return min((moment.at for moment in moments if moment.kind is kind), default=None)


def last_at(moments: Iterable[Moment]) -> datetime | None:
    """When the last thing happened. What is done here and now never counts as earlier than that."""
    return max((moment.at for moment in moments), default=None)
