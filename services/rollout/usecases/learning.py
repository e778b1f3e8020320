"""What learning systems say: understand it, keep it as facts, and let the facts count."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.rollout.domain.completion import Fact
from services.rollout.domain.person import fold_identity
from services.rollout.ports.learning import IdentityKey, LearningUnit, SourceVersion, StoredFact
from services.rollout.usecases.people import settle_names
from shared.clock import BusinessClock
from shared.errors import TemporaryFailure
from shared.events.envelope import Envelope
from shared.events.facts import Identity, Ignored, LearningFact, dump_facts
from shared.events.gateway import LmsDelivered, SourceChanged
from shared.events.rollout import DeliveryUnderstood
from shared.mapping import (
    NotUnderstood,
    RawDelivery,
    Understanding,
    VendorFile,
    VendorFileError,
    parse_vendor,
    understand,
)

MAX_REASON = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How many facts were new, and how many of all named nobody we know or nobody at all."""

    new: int
    unknown: int
    nameless: int


class LearningDesk:
    """Handles deliveries. Keeps parsed vendor files, for parsing one takes longer than using it."""

    def __init__(self, business: BusinessClock | None = None) -> None:
        self._business = business
        self._vendors: dict[SourceVersion, VendorFile] = {}

    async def learn_source(self, unit: LearningUnit, envelope: Envelope[SourceChanged], now: datetime) -> None:
        """A source was set up or changed at the gateway."""
        if envelope.data.kind == "lms":
            await unit.people.learning.save_source(envelope)

    async def take_delivery(self, unit: LearningUnit, envelope: Envelope[LmsDelivered], now: datetime) -> None:
        """Understand a delivery, apply its facts, and tell the gateway's log what it meant. Nothing of it ever blocks others."""
        delivery = envelope.data
        source = await unit.people.learning.find_source(delivery.source)
        if source is None:
            raise TemporaryFailure(f"the source {delivery.source} is not known here yet")
        try:
            meaning = understand(await self._vendor(unit, source), _raw(delivery))
        except (NotUnderstood, VendorFileError) as error:
            self._tell(unit, delivery.delivery_id, "quarantined", (), str(error))
            return
        facts = [fact for fact in meaning.facts if isinstance(fact, LearningFact)]
        # The gateway receives by real time; a fact without a time of its own counts in business time.
        received_at = delivery.received_at + (self._business.offset if self._business else timedelta(0))
        applied = await apply_facts(
            unit, delivery.source, facts, received_at=received_at, delivery_id=delivery.delivery_id, now=now
        )
        reason = _reason(meaning, applied)
        self._tell(unit, delivery.delivery_id, "applied" if facts else "ignored", meaning.facts, reason)

    async def _vendor(self, unit: LearningUnit, source: SourceVersion) -> VendorFile:
        if source not in self._vendors:
            document = await unit.people.learning.get_vendor_file(source.source_id)
            others = {held: file for held, file in self._vendors.items() if held.source_id != source.source_id}
            self._vendors = {**others, source: parse_vendor(document)}
        return self._vendors[source]

    @staticmethod
    def _tell(unit: LearningUnit, delivery_id: str, outcome: Any, facts: Sequence[Any], reason: str | None) -> None:
        unit.record(
            DeliveryUnderstood(
                delivery_id=delivery_id,
                outcome=outcome,
                facts=dump_facts(list(facts)),
                reason=reason[:MAX_REASON] if reason else None,
            )
        )


async def apply_facts(
    unit: LearningUnit,
    source: str,
    facts: Sequence[LearningFact],
    *,
    received_at: datetime,
    delivery_id: str | None,
    now: datetime,
) -> Applied:
    """Keep what is new and let it count. Facts of people we do not know wait, listed by name, to be linked."""
    stored = [_stored(source, fact, received_at, delivery_id) for fact in facts]
    named = {item.identity: item.shown or "" for item in stored if item.identity is not None}
    directory = unit.people.directory
    owners = await directory.find_owners(list(named))
    unknown = {key: shown for key, shown in named.items() if key not in owners}
    await directory.note_unknown(unknown, now)
    new, touched = await unit.people.learning.add_facts(stored, owners)
    if unknown:
        # Somebody may have been imported between the look and the note.
        await settle_names(unit, await directory.find_owners(list(unknown)), by="import", now=now)
    for rollout, wave in sorted(await unit.people.learning.refold(touched, now)):
        await unit.rollouts.want_look(rollout, wave, now)
    return Applied(
        new=new,
        unknown=sum(item.identity in unknown for item in stored),
        nameless=sum(item.identity is None and item.fact.voids is None for item in stored),
    )


def _stored(source: str, fact: LearningFact, received_at: datetime, delivery_id: str | None) -> StoredFact:
    person: Identity | None = fact.person
    key = fact.dedupe_key
    if key is None:
        raise ValueError("a fact reaches the store only with a key")
    return StoredFact(
        source=source,
        fact=Fact(
            key=key,
            type=fact.type,
            level=fact.level.value if fact.level else None,
            module=fact.module,
            state=fact.state.value,
            score=fact.score,
            voids=fact.voids,
            occurred_at=fact.occurred_at,
            received_at=received_at,
        ),
        course_id=fact.course.id if fact.course else None,
        identity=_identity(source, person) if person else None,
        shown=person.value if person else None,
        delivery_id=delivery_id,
        vendor_state=fact.vendor_state,
        vendor_event=fact.vendor_event,
    )


def _identity(source: str, person: Identity) -> IdentityKey:
    scheme = person.scheme.value
    return IdentityKey(source=source, scheme=scheme, value=fold_identity(scheme, person.value))


def _raw(delivery: LmsDelivered) -> RawDelivery:
    if delivery.encoding == "base64":
        try:
            body = base64.b64decode(delivery.body, validate=True)
        except binascii.Error as error:
            raise NotUnderstood("the body is not the base64 that it is said to be") from error
    else:
        body = delivery.body.encode()
    return RawDelivery(
        body=body,
        content_type=delivery.content_type,
        headers=delivery.headers,
        received_at=delivery.received_at,
        source=delivery.source,
    )


def _reason(meaning: Understanding, applied: Applied) -> str | None:
    parts = [f"item {problem.item}: {problem.detail} ({problem.expression})" for problem in meaning.problems]
    if applied.unknown:
        parts.append(f"{applied.unknown} of {len(meaning.facts)} facts wait: their person is not known here")
    if applied.nameless:
        parts.append(f"{applied.nameless} of {len(meaning.facts)} facts name no person and count for nobody")
    if not any(isinstance(fact, LearningFact) for fact in meaning.facts):
        parts += [fact.reason for fact in meaning.facts if isinstance(fact, Ignored)][:3]
    return "; ".join(parts) or None
