"""Breaches of tickets that are synced from outside wait for the sync.

A ticket's answer may be given in time and read late. While the watermark of its source has not reached the instant of a breach,
the breach is told as unconfirmed; an earlier fact then withdraws it (the replay of the ticket does), and a watermark that
passes the instant without one confirms it. Sources that tell no watermark are not waited for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.tickets.domain.moment import Moment, in_order
from services.tickets.errors import WatermarkInTheFuture, WatermarkNotFound
from services.tickets.ports import TicketsUnit, Watermark
from services.tickets.usecases.clockwork.breaching import about
from shared.clock import render_instant
from shared.events.tickets import ClockBreachConfirmed

AT_ONCE = 500
MOST_AHEAD = timedelta(minutes=1)
"""Of our clock: a connector's may go a little fast."""


async def advance_watermark(
    unit: TicketsUnit, source: str, synced_until: datetime, *, by: str, now: datetime
) -> Watermark:
    """A source has been read in full up to `synced_until`; an earlier one than is known changes nothing. The one known then."""
    if synced_until > now + MOST_AHEAD:
        raise WatermarkInTheFuture(
            f"It is {now.isoformat()} now: nothing can have been read up to {synced_until.isoformat()}. "
            "Send the time up to which the source was asked."
        )
    return await unit.clocks.advance_watermark(
        Watermark(source=source, synced_until=min(synced_until, now), told_at=now, told_by=by)
    )


async def forget_watermark(unit: TicketsUnit, source: str) -> None:
    """The source is synced no more: its breaches wait for nothing. Raises `WatermarkNotFound`."""
    if not await unit.clocks.remove_watermark(source):
        raise WatermarkNotFound(f"The source {source!r} has told no watermark.")


def reason_to_withdraw(learned: Sequence[Moment], now: datetime) -> str:
    """What the ledger, the history and the event say of a breach that was none: what was learned, and of when it is."""
    late = [moment for moment in in_order(learned) if moment.at < now]
    if not late:
        return "What is known now shows that the target was not used up then."
    facts = ", ".join(f"{moment.kind.value} at {render_instant(moment.at)}" for moment in late[:5])
    return f"Learned at {render_instant(now)}: {facts}. The target was not used up then."


async def next_confirmable(unit: TicketsUnit) -> datetime | None:
    """The earliest breach that waits for nothing any more."""
    return await unit.clocks.next_confirmable()


async def confirm_breaches(unit: TicketsUnit, now: datetime) -> int:
    """Confirm what waits for nothing any more, at most a batch; how many."""
    confirmed = await unit.clocks.confirm_breaches(now, AT_ONCE)
    for clock in confirmed:
        unit.record(ClockBreachConfirmed(**about(clock), breached_at=clock.breached_at, confirmed_at=now))
    return len(confirmed)
