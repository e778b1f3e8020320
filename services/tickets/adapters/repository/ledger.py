"""The ledger of breaches as changes of tickets write it; the timer's own way is in `clocks`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, update
from sqlmodel import col

from services.tickets.adapters.tables import BreachRow
from services.tickets.domain.clock import Breached, Withdrawn
from services.tickets.ports import Filing, is_confirmed
from shared.clock import new_id
from shared.database import UnitOfWork


async def write_ledger(work: UnitOfWork, filings: Sequence[Filing], now: datetime) -> None:
    """Withdraw first: a breach that moved is withdrawn at the old instant and written at the new one."""
    withdrawn: dict[str, list[str]] = {}
    for filing in filings:
        for news in filing.news:
            if isinstance(news, Withdrawn):
                withdrawn.setdefault(filing.reason, []).append(news.clock.clock_id)
    for reason, clock_ids in withdrawn.items():
        await work.session.execute(
            update(BreachRow)
            .where(col(BreachRow.clock_id).in_(clock_ids), col(BreachRow.withdrawn_at).is_(None))
            .values(withdrawn_at=now, withdrawn_reason=reason)
        )
    breached = [
        {
            "breach_id": new_id(),
            "clock_id": news.clock.clock_id,
            "ticket_id": filing.dossier.ticket.ticket_id,
            "priority": filing.dossier.ticket.priority.value,
            "policy": news.clock.policy,
            "cause": news.clock.cause.value,
            "breached_at": news.at,
            "detected_at": now,
            "source": filing.dossier.ticket.source,
            "confirmed_at": now if is_confirmed(news.at, filing.watermark) else None,
        }
        for filing in filings
        for news in filing.news
        if isinstance(news, Breached)
    ]
    if breached:
        await work.session.execute(insert(BreachRow), breached)
