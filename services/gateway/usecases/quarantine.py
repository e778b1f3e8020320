"""What was refused or not understood, and its second chance."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.gateway.domain.delivery import (
    Accepted,
    Arrival,
    Held,
    Refused,
    Stage,
    content_hash,
    dedupe_key,
    fingerprint_of,
    kept_headers,
    readable,
)
from services.gateway.domain.intake import Untrusted
from services.gateway.domain.source import Source
from services.gateway.errors import BodyExpired, StillRefused
from services.gateway.ports import GatewayUnit, VendorIntake, Vendors
from services.gateway.usecases.deliveries import accept_deliveries, fits_event, replay_delivery
from shared.clock import new_id, parse_instant, render_instant
from shared.errors import NotFound
from shared.vault import Vault

MAX_SEALED_HEADER_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Released:
    """A quarantined delivery that was handed on; `duplicate` if the sender had sent it again meanwhile."""

    delivery_id: str
    duplicate: bool


def accepted_of(source: Source, intake: VendorIntake, arrival: Arrival) -> Accepted:
    """A verified arrival as the row and event it becomes."""
    hashed = content_hash(arrival.body)
    return Accepted(
        id=new_id(),
        source_id=source.id,
        source=source.name,
        vendor=source.vendor,
        kind=source.kind,
        dedupe_key=dedupe_key(intake.delivery_id(arrival), hashed),
        dedupe_until=arrival.received_at + intake.horizon,
        content_hash=hashed,
        content_type=readable(arrival.content_type)[:255],
        headers=kept_headers(arrival.headers, intake.kept_headers),
        body=arrival.body,
        received_at=arrival.received_at,
    )


def refused_of(source: Source, arrival: Arrival, *, stage: Stage, reason: str, vault: Vault) -> Refused:
    """A refused arrival as it is kept: headers and body sealed, because the headers may bear a credential."""
    row_id = new_id()
    return Refused(
        id=row_id,
        source_id=source.id,
        source=source.name,
        vendor=source.vendor,
        stage=stage,
        reason=readable(reason)[:2000],
        fingerprint=fingerprint_of(stage, arrival),
        sealed=vault.seal(_pack(arrival), owner=row_id),
        size=len(arrival.body),
        received_at=arrival.received_at,
    )


async def get_held(unit: GatewayUnit, held_id: str) -> Held:
    """`NotFound` if there is none."""
    held = await unit.quarantine.find(held_id)
    if held is None:
        raise NotFound(f"Nothing in the quarantine has the id {readable(held_id)[:80]}.")
    return held


async def release_delivery(
    unit: GatewayUnit, held_id: str, *, vendors: Vendors, vault: Vault, now: datetime
) -> Released:
    """Verify a refused delivery again with the secrets of now, or hand one that was not understood on once more.

    Freshness is judged as of its arrival: it is not the sender's fault that it lay here. `StillRefused` with the reason.
    """
    held = await get_held(unit, held_id)
    if held.delivery_id is not None:
        await replay_delivery(unit, held.delivery_id)
        return Released(held.delivery_id, False)
    if held.sealed is None:
        raise BodyExpired("Its body is no longer kept; ask the sender to send it again.")
    source = await unit.sources.find(held.source)
    if source is None or source.id != held.source_id:
        raise StillRefused(f"The source {held.source} is not configured any more.")
    arrival = _unpack(vault.open(held.sealed, owner=held.id))
    intake = vendors.intake_of(source.vendor_file)
    secrets = await open_secrets(unit, source.id, vault)
    judged = await intake.judge(arrival, secrets, arrival.received_at)
    if isinstance(judged, Untrusted):
        raise StillRefused(f"Verified again: {judged.reason}.")
    fault = intake.find_fault(arrival)
    if fault is not None:
        raise StillRefused(f"The signature is right now, but the body cannot be read: {fault}.")
    accepted = accepted_of(source, intake, arrival)
    if not fits_event(accepted.body, accepted.headers):
        raise StillRefused("The body is too large to be handed on.")
    inserted = await accept_deliveries(unit, [accepted])
    known = None if inserted else await unit.deliveries.find_by_key(source.id, accepted.dedupe_key)
    delivery_id = known or accepted.id
    await unit.quarantine.release(held_id, delivery_id=delivery_id, at=now)
    return Released(delivery_id, known is not None)


async def open_secrets(unit: GatewayUnit, source_id: str, vault: Vault) -> Sequence[str]:
    """The live secrets of a source in the clear, newest first."""
    return [vault.open(sealed, owner=row_id).decode() for row_id, sealed in await unit.sources.secrets_of(source_id)]


def read_held(held: Held, vault: Vault) -> Arrival | None:
    """What a refused delivery looked like, for people who mend; None once it is not kept any more."""
    return None if held.sealed is None else _unpack(vault.open(held.sealed, owner=held.id))


def _pack(arrival: Arrival) -> bytes:
    head = {
        "method": arrival.method,
        "path": arrival.path,
        "address": arrival.address,
        "content_type": readable(arrival.content_type),
        "headers": _bounded({name: readable(value) for name, value in arrival.headers.items()}),
        "received_at": render_instant(arrival.received_at),
    }
    return json.dumps(head).encode() + b"\n" + arrival.body


def _unpack(packed: bytes) -> Arrival:
    line, _, body = packed.partition(b"\n")
    head = json.loads(line)
    return Arrival(
        method=head["method"],
        path=head["path"],
        address=head["address"],
        body=body,
        content_type=head["content_type"],
        headers=head["headers"],
        received_at=parse_instant(head["received_at"]),
    )


def _bounded(headers: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    size = 0
    for name, value in headers.items():
        size += len(name) + len(value)
        if size > MAX_SEALED_HEADER_BYTES:
            break
        kept[name] = value
    return kept
