"""Deliveries: accept, note what they meant, replay."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.gateway.domain.delivery import Accepted, Logged, Refused, as_text, readable
from services.gateway.domain.mail import slimmed
from services.gateway.errors import BodyExpired
from services.gateway.ports import GatewayUnit
from shared.clock import new_id
from shared.errors import NotFound
from shared.events.envelope import MAX_EVENT_BYTES
from shared.events.gateway import HelpdeskDelivered, LmsDelivered, MailReceived
from shared.events.messages import DeliveryUnderstoodPayload

# What the envelope and the other fields of the event take at most, kept headers aside.
_ENVELOPE_BYTES = 4096
MOST_MAIL_BYTES = 640 * 1024
"""Of a mail in an event: in base64 it grows by a third, and stays under what an event may be."""


def fits_event(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the delivery can travel as an event; JSON in JSON grows by its quotes and line ends."""
    if len(body) * 6 < MAX_EVENT_BYTES - _ENVELOPE_BYTES - 16_384:
        return True  # even if every byte grew to six
    text, _ = as_text(body)
    sized = len(json.dumps(text, ensure_ascii=False).encode()) + len(json.dumps(dict(headers)).encode())
    return sized + _ENVELOPE_BYTES <= MAX_EVENT_BYTES


async def accept_deliveries(unit: GatewayUnit, batch: Sequence[Accepted]) -> set[str]:
    """Keep what is new and promise to hand it on, in this one transaction; the ids that were new.

    A duplicate, within the batch or of an earlier delivery, changes nothing.
    """
    first: dict[tuple[str, str], Accepted] = {}
    for delivery in batch:
        first.setdefault((delivery.source_id, delivery.dedupe_key), delivery)
    # One order for all writers: two transactions that insert the same keys then wait for each other instead of locking up.
    rows = [first[key] for key in sorted(first)]
    inserted = await unit.deliveries.insert_new(rows)
    for row in sorted((row for row in rows if row.id in inserted), key=lambda row: row.id):
        unit.record(delivered_event(row))
    return inserted


async def keep_refused(unit: GatewayUnit, refused: Sequence[Refused], most: int) -> None:
    """Hold refused deliveries, at most `most` per source."""
    for item in refused:
        await unit.quarantine.keep(item)
    for source_id in sorted({item.source_id for item in refused}):
        await unit.quarantine.trim(source_id, most)


def delivered_event(row: Accepted | Logged) -> LmsDelivered | HelpdeskDelivered | MailReceived:
    """The event that hands a delivery to the service that understands it. The body must still be there."""
    assert row.body is not None
    if row.kind == "mail":
        return _mail_event(row, row.body)
    body, encoding = as_text(row.body)
    kind = LmsDelivered if row.kind == "lms" else HelpdeskDelivered
    return kind(
        delivery_id=row.id,
        source=row.source,
        vendor=row.vendor,
        content_type=row.content_type,
        headers=dict(row.headers),
        body=body,
        encoding=encoding,
        received_at=row.received_at,
    )


def _mail_event(row: Accepted | Logged, raw: bytes) -> MailReceived:
    handed_on = raw if fits_event(raw, row.headers) else slimmed(raw, MOST_MAIL_BYTES)
    body, encoding = as_text(handed_on)
    if encoding == "utf-8" and not fits_event(handed_on, row.headers):
        # Text that is all quotes and control characters: base64 has a known size.
        body, encoding = base64.b64encode(handed_on).decode(), "base64"
    return MailReceived(
        delivery_id=row.id,
        mailbox=row.headers["mailbox"],
        mail_from=row.headers["mail-from"],
        recipients=row.headers["rcpt-to"].split(),
        body=body,
        encoding=encoding,
        whole=handed_on is raw,
        size=len(raw),
        received_at=row.received_at,
    )


async def get_delivery(unit: GatewayUnit, delivery_id: str) -> Logged:
    """`NotFound` if there is none."""
    delivery = await unit.deliveries.find(delivery_id)
    if delivery is None:
        raise NotFound(f"There is no delivery {readable(delivery_id)[:80]}.")
    return delivery


async def replay_delivery(unit: GatewayUnit, delivery_id: str) -> Logged:
    """Hand a delivery on once more: its facts count once however often it is understood. `BodyExpired` after retention."""
    delivery = await get_delivery(unit, delivery_id)
    if delivery.body is None:
        raise BodyExpired("Its body was removed after the retention time; ask the sender to send it again.")
    unit.record(delivered_event(delivery))
    await unit.deliveries.count_replay(delivery_id)
    return delivery


async def note_meaning(unit: GatewayUnit, told: DeliveryUnderstoodPayload, now: datetime) -> None:
    """A service says what a delivery meant. What it could not understand appears in the quarantine until it can."""
    delivery = await unit.deliveries.note_meaning(
        told.delivery_id,
        outcome=told.outcome,
        facts=_storable(told.facts),
        reason=readable(told.reason) if told.reason is not None else None,
        at=now,
    )
    if delivery is None:
        return
    if told.outcome == "quarantined":
        reason = readable(told.reason or "not understood")
        await unit.quarantine.keep_not_understood(delivery, row_id=new_id(), reason=reason, at=now)
    else:
        await unit.quarantine.release_of_delivery(told.delivery_id, now)


def _storable(value: Any) -> Any:
    """JSON values whose texts every database can store and every answer can carry."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {readable(str(key)): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value
