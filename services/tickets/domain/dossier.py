"""A ticket with what happened to it and its clocks: what one change loads, decides on and saves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.tickets.domain.clock import Clock, ClockKey, News, news_of, run_clocks
from services.tickets.domain.condition import Features
from services.tickets.domain.moment import (
    Moment,
    MomentKind,
    Opening,
    in_order,
    latest_priority,
    latest_status,
    policies_named,
    solved_since,
)
from services.tickets.domain.policy import Policy, Status
from services.tickets.domain.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """`clocks` are as last told to others; `reckon` brings them up to date."""

    ticket: Ticket
    moments: tuple[Moment, ...] = ()
    clocks: Mapping[ClockKey, Clock] = field(default_factory=dict)


def reckon(dossier: Dossier, book: Mapping[str, Policy], now: datetime) -> tuple[Dossier, list[News]]:
    """Ticket and clocks as the moments say they stand at `now`, and what is news compared with what was told before.

    `book` holds at least `labels_of(dossier)`.
    """
    # Another replica's clock may be a little ahead: what it told is not taken back for that.
    until = max([now, *(clock.breached_at for clock in dossier.clocks.values() if clock.breached_at is not None)])
    clocks = run_clocks(dossier.ticket.ticket_id, dossier.moments, book, until, opening_of(dossier.ticket))
    ticket = _as_told(dossier.ticket, dossier.moments)
    return replace(dossier, ticket=ticket, clocks=clocks), news_of(dossier.clocks, clocks)


def labels_of(dossier: Dossier) -> set[str]:
    """The versions of policies that its clocks need."""
    return policies_named(dossier.moments, opening_of(dossier.ticket))


def opening_of(ticket: Ticket) -> Opening:
    """What the ticket was opened as, as far as the ticket itself still says so: for openings that do not say it."""
    return Opening(policy=f"{ticket.policy_name}@{ticket.policy_version}", features=features_of(ticket))


def features_of(ticket: Ticket) -> Features:
    """What rules look at, as it is now."""
    attribution = ticket.attribution
    return Features(
        priority=ticket.priority,
        kind=ticket.kind,
        team=ticket.team,
        tags=ticket.tags,
        source=ticket.source,
        system=ticket.system,
        course=ticket.course,
        rollout=attribution.rollout if attribution else None,
        wave=attribution.wave if attribution else None,
    )


def _as_told(ticket: Ticket, moments: tuple[Moment, ...]) -> Ticket:
    standing = in_order(moments)
    deleted_at = _first(standing, MomentKind.DELETED)
    gone = deleted_at is not None or _first(standing, MomentKind.MERGED) is not None
    policy_name, _, policy_version = _pin(standing, ticket).rpartition("@")
    return replace(
        ticket,
        status=Status.CLOSED if gone else latest_status(moments),
        priority=latest_priority(moments, ticket.priority),
        opened_at=_first(standing, MomentKind.OPENED) or ticket.opened_at,
        solved_at=solved_since(moments),
        deleted_at=deleted_at,
        policy_name=policy_name,
        policy_version=int(policy_version),
    )


def _pin(standing: list[Moment], ticket: Ticket) -> str:
    """The version that the ticket is under: the last it was moved to, else the one that it was opened under."""
    moved = [moment.value for moment in standing if moment.kind is MomentKind.POLICY]
    if moved:
        return moved[-1]
    openings = [moment for moment in standing if moment.kind is MomentKind.OPENED]
    otherwise = opening_of(ticket)
    return Opening.of(openings[0], otherwise).policy if openings else otherwise.policy


def _first(moments: Iterable[Moment], kind: MomentKind) -> datetime | None:
    return min((moment.at for moment in moments if moment.kind is kind), default=None)


def last_at(moments: Iterable[Moment]) -> datetime | None:
    """When the last thing happened. What is done here and now never counts as earlier than that."""
    return max((moment.at for moment in moments), default=None)
