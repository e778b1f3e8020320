"""Which event a consumer has handled: claimed in the transaction of the effect, so a second delivery does nothing."""

from collections.abc import Iterable
from datetime import datetime

from shared.database import UnitOfWork, insert_for
from shared.outbox import Plumbing


async def claim(
    work: UnitOfWork, plumbing: Plumbing, consumer: str, event_ids: Iterable[str], now: datetime
) -> frozenset[str]:
    """The ids that this consumer has not handled yet; they count as handled once the transaction commits."""
    # Sorted, so that two replicas that claim overlapping batches wait for each other in one order.
    rows = [{"consumer": consumer, "event_id": event_id, "handled_at": now} for event_id in sorted(set(event_ids))]
    if not rows:
        return frozenset()
    statement = insert_for(work.dialect, plumbing.inbox).values(rows).on_conflict_do_nothing()
    result = await work.session.execute(statement.returning(plumbing.inbox.c.event_id))
    return frozenset(result.scalars())
