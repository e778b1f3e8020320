"""Webhooks and what is on its way to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import col

from services.tickets.adapters.tables import OutgoingRow, WebhookRow
from services.tickets.ports.clocks import Outgoing, Webhook
from shared.database import UnitOfWork, insert_for

MOST = 1_000


class WebhookRepository:
    """`ports.Webhooks`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def find(self, name: str) -> Webhook | None:
        row = await self._session.get(WebhookRow, name)
        return None if row is None else _webhook(row)

    async def list_all(self) -> Sequence[Webhook]:
        statement = select(WebhookRow).order_by(col(WebhookRow.name)).limit(MOST)
        return [_webhook(row) for row in (await self._session.execute(statement)).scalars()]

    async def put(self, webhook: Webhook) -> None:
        values = {
            "name": webhook.name,
            "url": webhook.url,
            "secret": webhook.secret,
            "changed_at": webhook.changed_at,
            "changed_by": webhook.changed_by,
        }
        statement = insert_for(self._work.dialect, WebhookRow).values(values)
        moving = {name: statement.excluded[name] for name in values if name != "name"}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moving))

    async def remove(self, name: str) -> bool:
        statement = delete(WebhookRow).where(col(WebhookRow.name) == name).returning(col(WebhookRow.name))
        return (await self._session.execute(statement)).first() is not None

    async def send(self, messages: Sequence[Outgoing]) -> None:
        if messages:
            await self._session.execute(insert(OutgoingRow), [_values(each) for each in messages])

    async def due(self, now: datetime, limit: int) -> list[tuple[Outgoing, Webhook | None]]:
        statement = (
            select(OutgoingRow, WebhookRow)
            .outerjoin(WebhookRow, col(WebhookRow.name) == col(OutgoingRow.webhook))
            .where(col(OutgoingRow.sent_at).is_(None), col(OutgoingRow.gave_up_at).is_(None))
            .where(col(OutgoingRow.try_at) <= now)
            .order_by(col(OutgoingRow.try_at))
            .limit(limit)
        )
        found: Any = (await self._session.execute(statement)).all()
        return [(_outgoing(row), None if webhook is None else _webhook(webhook)) for row, webhook in found]

    async def note_sent(self, message_id: str, at: datetime) -> None:
        await self._note(message_id, sent_at=at, problem=None)

    async def note_failed(self, message_id: str, problem: str, *, at: datetime, try_at: datetime | None) -> None:
        again = {"gave_up_at": at} if try_at is None else {"try_at": try_at}
        await self._note(message_id, problem=problem, **again)

    async def _note(self, message_id: str, **values: Any) -> None:
        statement = update(OutgoingRow).where(col(OutgoingRow.message_id) == message_id)
        await self._session.execute(statement.values(attempts=col(OutgoingRow.attempts) + 1, **values))


def _values(message: Outgoing) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "webhook": message.webhook,
        "body": message.body,
        "recorded_at": message.recorded_at,
        "try_at": message.try_at,
        "attempts": message.attempts,
    }


def _outgoing(row: OutgoingRow) -> Outgoing:
    return Outgoing(
        message_id=row.message_id,
        webhook=row.webhook,
        body=row.body,
        recorded_at=row.recorded_at,
        try_at=row.try_at,
        attempts=row.attempts,
    )


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(name=row.name, url=row.url, secret=row.secret, changed_at=row.changed_at, changed_by=row.changed_by)
