"""Keep what cycles came to, in the transaction that changed them."""

from collections.abc import Iterable
from datetime import timedelta

from services.tickets.domain.clock import Clock
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.report import Result, Standing
from services.tickets.domain.ticket import Ticket
from services.tickets.ports import TicketsUnit

SECOND = timedelta(seconds=1)


async def note_results(unit: TicketsUnit, changed: Iterable[tuple[Dossier, Dossier]]) -> None:
    """Keep the results of tickets (as they were found, as they are now). Most changes decide nothing and ask nothing."""
    results: list[Result] = []
    undecided: list[str] = []
    for found, dossier in changed:
        moved = found.ticket.attribution != dossier.ticket.attribution
        for key, clock in dossier.clocks.items():
            known = found.clocks.get(key)
            if decided(clock):
                if moved or clock != known:
                    results.append(result_of(clock, dossier.ticket))
            elif known is not None and decided(known):
                undecided.append(clock.clock_id)
        undecided += [
            clock.clock_id for key, clock in found.clocks.items() if key not in dossier.clocks and decided(clock)
        ]
    if results or undecided:
        await unit.reports.note(results, undecided=undecided)


def decided(clock: Clock) -> bool:
    """Whether it came to anything: a breach, or an end."""
    return clock.breached_at is not None or clock.settled_at is not None


def result_of(clock: Clock, ticket: Ticket) -> Result:
    """What a decided clock comes to, on the ticket as it is now."""
    policy, _, version = clock.policy.rpartition("@")
    attribution = ticket.attribution
    elapsed = None if clock.settled_at is None else clock.elapsed(clock.settled_at) / SECOND
    return Result(
        clock_id=clock.clock_id,
        ticket_id=clock.ticket_id,
        standing=Standing(
            policy=policy or ticket.policy_name,
            policy_version=int(version) if policy else ticket.policy_version,
            rule=clock.rule,
            team=clock.team or ticket.team or "",
            agent=(ticket.assignee or "").casefold(),
            priority=ticket.priority.value,
            target=clock.target.value,
            rollout=attribution.rollout if attribution else "",
            wave=attribution.wave if attribution else "",
            source=ticket.source or "",
        ),
        target_seconds=0.0 if clock.target_for is None else clock.target_for / SECOND,
        breached_at=clock.breached_at,
        finished_at=clock.settled_at,
        elapsed_seconds=elapsed,
        cancelled_because=clock.cancelled_because,
    )
