"""Clocks run out. The timer trusts `due_at`, which every change of a ticket writes anew, and replays nothing.

What it writes is what a replay of the ticket would say: breached at `due_at`, because the time elapsed. A breach alone is no
change of the ticket: its version stays, so that nobody's If-Match fails because time passed, and no `tickets.ticket.changed` is
published. Whoever follows clocks needs `tickets.clock.breached` only: the rollout service's evidence takes the wave, the ticket
and the clock from that event and makes the row that a snapshot would (`services/rollout/usecases/evidence.py`); the next
snapshot of the ticket, whatever causes it, carries `breached_at` too.
"""

from datetime import datetime
from typing import Any

from services.tickets.domain.report import Result, Standing
from services.tickets.ports import Missed, TicketsUnit
from shared.events import tickets as told
from shared.events.facts import Priority

AT_ONCE = 500
"""Clocks in one transaction: the writer's lock is given back in between."""


async def next_due(unit: TicketsUnit) -> datetime | None:
    """The earliest instant at which a clock runs out."""
    return await unit.clocks.next_due()


async def breach_due_clocks(unit: TicketsUnit, now: datetime) -> int:
    """Breach what is due by `now`, at most a batch, the earliest first; how many. Once each: a breached clock is not due."""
    missed = await unit.clocks.breach_due(now, AT_ONCE)
    await unit.reports.note([_result(clock) for clock in missed])
    for clock in missed:
        unit.record(
            told.ClockBreached(
                **about(clock),
                due_at=clock.due_at,
                breached_at=clock.breached_at,
                detected_at=now,
                cause="elapsed",
                confirmed=clock.confirmed,
            )
        )
    return len(missed)


def _result(missed: Missed) -> Result:
    """As it counts in the figures from now on."""
    policy, _, version = missed.policy.rpartition("@")
    attribution = missed.attribution
    standing = Standing(
        policy=policy,
        policy_version=int(version),
        rule=missed.rule,
        team=missed.team or "",
        agent=(missed.assignee or "").casefold(),
        priority=missed.priority.value,
        target=missed.target.value,
        rollout=attribution.rollout if attribution else "",
        wave=attribution.wave if attribution else "",
        source=missed.source or "",
    )
    return Result(
        clock_id=missed.clock_id,
        ticket_id=missed.ticket_id,
        standing=standing,
        target_seconds=missed.target_seconds,
        breached_at=missed.breached_at,
    )


def about(clock: Missed) -> dict[str, Any]:
    """What every event about a clock says."""
    attribution = clock.attribution
    wave = None
    if attribution is not None:
        wave = told.Attribution(rollout=attribution.rollout, wave=attribution.wave, rule=attribution.rule.value)
    return {
        "clock_id": clock.clock_id,
        "ticket_id": clock.ticket_id,
        "ticket_number": clock.number,
        "ticket_subject": clock.subject,
        "target": clock.target.value,
        "cycle": clock.cycle,
        "priority": Priority(clock.priority),
        "policy": clock.policy,
        "attribution": wave,
    }
