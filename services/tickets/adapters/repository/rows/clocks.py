"""Moments and clocks: rows to domain values and back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.tickets.adapters.tables import ClockRow, MomentRow
from services.tickets.domain.calendar import Calendar, Hours
from services.tickets.domain.calendar.hours import BEGINNING
from services.tickets.domain.clock import CancelledBecause, Cause, Clock, ClockState, Stop, StopKind
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Target
from shared.clock import parse_instant, render_instant


def moment_of(row: MomentRow) -> Moment:
    return Moment(
        moment_id=row.moment_id,
        kind=MomentKind(row.kind),
        at=row.at,
        observed_at=row.observed_at,
        value=row.value,
        detail=row.detail,
        taken_back_at=row.taken_back_at,
    )


def moment_values(ticket_id: str, moment: Moment) -> dict[str, Any]:
    return {
        "moment_id": moment.moment_id,
        "ticket_id": ticket_id,
        "kind": moment.kind.value,
        "at": moment.at,
        "observed_at": moment.observed_at,
        "value": moment.value,
        "detail": dict(moment.detail),
        "taken_back_at": moment.taken_back_at,
    }


def clock_of(row: ClockRow, calendars: Mapping[str, Calendar]) -> Clock:
    """`calendars` holds those that the row names, by label."""
    return Clock(
        ticket_id=row.ticket_id,
        target=Target(row.target),
        cycle=row.cycle,
        started_at=row.started_at,
        # A promise is longer than nothing: the column says so with 0 where there is none.
        target_for=timedelta(seconds=row.target_seconds) if row.target_seconds else None,
        hours=Hours(
            pieces=tuple(
                (BEGINNING if since is None else parse_instant(since), calendars[str(label)])
                for since, label in row.hours
            )
        ),
        team=row.team,
        rule=row.rule,
        policy=row.policy,
        state=ClockState(row.state),
        stops=tuple(
            Stop(
                kind=StopKind(stop["kind"]),
                began_at=parse_instant(stop["began_at"]),
                ended_at=_instant(stop["ended_at"]),
            )
            for stop in row.stops
        ),
        due_at=row.due_at,
        breached_at=row.breached_at,
        cause=Cause(row.cause),
        settled_at=row.settled_at,
        answered=row.answered,
        cancelled_because=None if row.cancelled_because is None else CancelledBecause(row.cancelled_because),
        would_not_have_breached=row.would_not_have_breached,
    )


def clock_values(clock: Clock) -> dict[str, Any]:
    """All but `wakes_at`, which the escalation ladder keeps."""
    return {
        "clock_id": clock.clock_id,
        "ticket_id": clock.ticket_id,
        "target": clock.target.value,
        "cycle": clock.cycle,
        "started_at": clock.started_at,
        "target_seconds": 0.0 if clock.target_for is None else clock.target_for.total_seconds(),
        "hours": [
            [None if since == BEGINNING else render_instant(since), calendar.label]
            for since, calendar in clock.hours.pieces
        ],
        "team": clock.team,
        "rule": clock.rule,
        "policy": clock.policy,
        "state": clock.state.value,
        "stops": [
            {
                "kind": stop.kind.value,
                "began_at": render_instant(stop.began_at),
                "ended_at": None if stop.ended_at is None else render_instant(stop.ended_at),
            }
            for stop in clock.stops
        ],
        "due_at": clock.due_at,
        "breached_at": clock.breached_at,
        "cause": clock.cause.value,
        "settled_at": clock.settled_at,
        "answered": clock.answered,
        "cancelled_because": None if clock.cancelled_because is None else clock.cancelled_because.value,
        "would_not_have_breached": clock.would_not_have_breached,
    }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
