"""Take in what outside helpdesks deliver: each fact once, each at its own time, whatever the order of arrival."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.tickets.domain.sync import Connector, RemoteLink, usual_gap
from services.tickets.domain.ticket import Comment
from services.tickets.ports import Contact, Identification, TicketsUnit
from services.tickets.usecases.applying import Arrival, apply_fact, named_in, opened_by
from services.tickets.usecases.attributing import attribute_folders, evidence_of
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.syncing.sifting import Sifted, admitted, note_recognised, sift
from services.tickets.usecases.syncing.weighing import Weighing
from shared.events.facts import HelpdeskFact, Ignored, LearningFact, dump_facts
from shared.events.gateway import HelpdeskDelivered
from shared.events.tickets import DeliveryUnderstood
from shared.mapping import NotUnderstood, RawDelivery, Understanding, VendorFile, understand

MOST_FACTS_TOLD = 100
MOST_BODY_TOLD = 1_000
LONGEST_KEY = 200

Fact = HelpdeskFact | LearningFact | Ignored


async def take_delivery(
    unit: TicketsUnit,
    delivery: HelpdeskDelivered,
    raw: RawDelivery,
    vendor: VendorFile,
    now: datetime,
    *,
    real_now: datetime | None = None,
) -> None:
    """Understand a verified delivery, apply its facts, and tell the gateway what it meant or why it is quarantined.

    `real_now` is when it was received by real time.
    """
    try:
        understanding = understand(vendor, raw)
    except NotUnderstood as problem:
        reason = str(problem)[:MOST_BODY_TOLD]
        unit.record(
            DeliveryUnderstood(delivery_id=delivery.delivery_id, outcome="quarantined", facts=[], reason=reason)
        )
        return
    facts = [fact for fact in understanding.facts if isinstance(fact, HelpdeskFact)]
    arrival = Arrival(
        source=delivery.source,
        delivery_id=delivery.delivery_id,
        received_at=delivery.received_at,
        says=vendor.calls.says if vendor.calls is not None else {},
    )
    await apply_facts(unit, arrival, facts, now, real_now=real_now)
    unit.record(
        DeliveryUnderstood(
            delivery_id=delivery.delivery_id,
            outcome="applied" if facts else "ignored",
            facts=_facts_told(understanding.facts),
            reason=_reason(understanding),
        )
    )


async def apply_facts(
    unit: TicketsUnit,
    arrival: Arrival,
    facts: Sequence[HelpdeskFact],
    now: datetime,
    *,
    real_now: datetime | None = None,
) -> int:
    """Apply the facts that have not been applied before; their tickets come to be where there are none.

    How many changed what was known of their tickets. `real_now` is when they came by real time, for webhooks.
    """
    await unit.directory.hold_still()
    connector = await unit.connectors.find(arrival.source, lock=True)
    if connector is None or not connector.enabled:
        await _apply(unit, arrival, facts, None, Sifted(), now)
        return 0
    sifted = await sift(unit, connector, facts, now)
    news = await _apply(unit, arrival, sifted.facts, connector, sifted, now)
    await note_recognised(unit, sifted, now)
    await unit.remote_links.want_reads(connector.name, sifted.asked_for)
    noted = _heard(connector, real_now) if real_now is not None else {"found": connector.found + news} if news else {}
    if sifted.poll_wanted and not arrival.whole:
        noted["poll_wanted"] = True
    if noted:
        await unit.connectors.note(connector.name, **noted)
    return news


async def _apply(
    unit: TicketsUnit,
    arrival: Arrival,
    facts: Sequence[HelpdeskFact],
    connector: Connector | None,
    sifted: Sifted,
    now: datetime,
) -> int:
    if connector is not None:
        known = set(await unit.remote_links.of_external(connector.name, {fact.ticket.id for fact in facts}))
        known |= await unit.tickets.known_external(arrival.source, {fact.ticket.id for fact in facts} - known)
        facts, told_too_little = admitted(connector, facts, known, whole=arrival.whole)
        sifted.poll_wanted = sifted.poll_wanted or told_too_little
    fresh = await _fresh(unit, arrival, facts, now)
    if not fresh:
        return 0
    facts = [fact for fact, _ in fresh]
    contacts = await unit.contacts.identify(named_in(arrival.source, facts))
    folders = await _folders(unit, arrival, facts, contacts, now)
    asking = await unit.contacts.load({folder.ticket.requester_id for folder in folders.values()})
    contacts |= {contact.identification: contact for contact in asking.values()}
    known_comments = await _known_comments(unit, folders, facts)
    scales = {} if connector is None else await _scales(unit, arrival, connector, folders, sifted, now)
    news = sum(folder.new for folder in folders.values())
    for fact, unheard in fresh:
        key, comments = fact.ticket.id, known_comments.get(fact.ticket.id, {})
        folder = folders[key]
        if key in scales and fact.type != "deleted":
            fact = _named_as_known(fact, arrival, asking.get(folder.ticket.requester_id))
            fact = scales[key].weigh(folder, fact, whole=arrival.whole, now=now)
            seen_at = max(filter(None, (scales[key].link.seen_at, fact.occurred_at)), default=None)
            scales[key].link = replace(scales[key].link, seen_at=seen_at)
        news += fact.comment is not None and unheard
        apply_fact(folder, arrival, fact, contacts, comments, now, unheard=unheard)
    await attribute_folders(unit, [each for each in folders.values() if _says_something_new(each)], now)
    for key, scale in scales.items():
        folders[key].link = replace(
            scale.link, read_wanted=(scale.link.read_wanted or scale.asks) and not arrival.whole
        )
        folders[key].told_by = arrival.source
        news += scale.took
    # The tickets first: a link points to one.
    await close_folders(unit, list(folders.values()), now)
    await unit.remote_links.save([folder.link for folder in folders.values() if folder.link is not None])
    await unit.remote_links.add_conflicts([each for scale in scales.values() for each in scale.conflicts])
    return news


async def _scales(
    unit: TicketsUnit,
    arrival: Arrival,
    connector: Connector,
    folders: Mapping[str, Folder],
    sifted: Sifted,
    now: datetime,
) -> dict[str, Weighing]:
    """What each ticket's facts are weighed with, by external id; a ticket that is first heard of gets its link."""
    links = await unit.remote_links.load({folder.ticket.ticket_id for folder in folders.values() if not folder.new})
    return {
        key: Weighing(
            connector=connector,
            link=links.get(folder.ticket.ticket_id)
            or RemoteLink(ticket_id=folder.ticket.ticket_id, connector=connector.name, external_id=key, linked_at=now),
            says=arrival.says,
            telling=sifted.telling.get(key, {}),
        )
        for key, folder in folders.items()
    }


def _named_as_known(fact: HelpdeskFact, arrival: Arrival, requester: Contact | None) -> HelpdeskFact:
    """Webhooks of some vendors name by number whom REST names by address: the address, which joins systems, stays."""
    named = fact.requester
    if arrival.whole or named is None or named.scheme == "email" or requester is None or requester.email is None:
        return fact
    return fact.model_copy(update={"requester": None})


def _heard(connector: Connector, real_now: datetime) -> dict[str, Any]:
    """A webhook came: when, and how long it usually takes until one does."""
    last = connector.delivered_at
    if last is None or real_now <= last:
        return {"delivered_at": max(filter(None, (last, real_now)))}
    return {
        "delivered_at": real_now,
        "usual_gap_seconds": usual_gap(connector.usual_gap_for, real_now - last).total_seconds(),
    }


async def _known_comments(
    unit: TicketsUnit, folders: Mapping[str, Folder], facts: Sequence[HelpdeskFact]
) -> dict[str, dict[str, Comment]]:
    """The comments that the facts speak of and that are there already: by the ids of their tickets, then by their own."""
    named = {fact.comment.id for fact in facts if fact.comment is not None and fact.comment.id is not None}
    known: dict[str, dict[str, Comment]] = {}
    keys = {folder.ticket.ticket_id: key for key, folder in folders.items() if not folder.new}
    if named and keys:
        for (ticket_id, comment_id), comment in (await unit.tickets.comments_of_source(keys, named)).items():
            known.setdefault(keys[ticket_id], {})[comment_id] = comment
    return known


async def _folders(
    unit: TicketsUnit,
    arrival: Arrival,
    facts: Sequence[HelpdeskFact],
    contacts: Mapping[Identification, Contact],
    now: datetime,
) -> dict[str, Folder]:
    """The tickets that the facts speak of, by their external ids."""
    first = {fact.ticket.id: fact for fact in reversed(facts)}
    found = await unit.tickets.load_external(arrival.source, first)
    missing = sorted(set(first) - set(found))
    if missing:
        numbers = iter(await unit.tickets.next_numbers(len(missing)))
        # The counter is held from here on: what another replica has opened meanwhile is seen, and not opened twice.
        found |= await unit.tickets.load_external(arrival.source, missing)
    folders = {key: Folder.of(dossier) for key, dossier in found.items()}
    for key in missing:
        if key not in folders:
            folders[key] = opened_by(first[key], arrival, contacts, next(numbers), now)
    return folders


def _says_something_new(folder: Folder) -> bool:
    """Whether a rule may say something else than before. Who asks counts as well as what is said."""
    ticket, before = folder.ticket, folder.found.ticket
    if folder.new or ticket.requester_id != before.requester_id:
        return True
    return evidence_of(ticket) != evidence_of(before)


async def _fresh(
    unit: TicketsUnit, arrival: Arrival, facts: Sequence[HelpdeskFact], now: datetime
) -> list[tuple[HelpdeskFact, bool]]:
    """Without those that were applied before; with each, whether its comment was never told of, also not as deleted."""
    keys = [_fact_key(arrival, fact) for fact in facts]
    comments = [_comment_key(fact) for fact in facts]
    claimed = await unit.tickets.claim_facts(arrival.source, {*keys, *filter(None, comments)}, now)
    fresh = []
    for fact, key, comment in zip(facts, keys, comments, strict=True):
        if key not in claimed:
            continue
        claimed.discard(key)
        fresh.append((fact, comment is None or comment in claimed))
        claimed.discard(comment or "")
    return fresh


def _fact_key(arrival: Arrival, fact: HelpdeskFact) -> str:
    if arrival.whole:
        # Two states within one second have one time, and a page is read again: only what it says tells it apart.
        return _short(f"read:{fact.model_dump_json(exclude={'dedupe_key'})}")
    if fact.dedupe_key is not None:
        return _short(f"{fact.type}:{fact.dedupe_key}")
    # Without a key the content is the key; without a time of its own, that of one delivery.
    when = "" if fact.occurred_at is not None else arrival.delivery_id
    return _short(f"content:{when}:{fact.model_dump_json()}")


def _comment_key(fact: HelpdeskFact) -> str | None:
    if fact.comment is None or fact.comment.id is None:
        return None
    return _short(f"comment:{fact.ticket.id}:{fact.comment.id}")


def _short(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _facts_told(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """As the gateway's log shows them: no more and no longer than an event may be."""
    told = dump_facts(list(facts[:MOST_FACTS_TOLD]))
    for fact in told:
        comment = fact.get("comment")
        if comment is not None and comment["body"] is not None:
            comment["body"] = comment["body"][:MOST_BODY_TOLD]
    return told


def _reason(understanding: Understanding) -> str | None:
    reasons = [fact.reason for fact in understanding.facts if isinstance(fact, Ignored)]
    if any(isinstance(fact, LearningFact) for fact in understanding.facts):
        reasons.append("facts of a learning system mean nothing to a helpdesk's source")
    reasons += [f"item {each.item}: {each.detail} ({each.expression})" for each in understanding.problems]
    if len(understanding.facts) > MOST_FACTS_TOLD:
        reasons.append(f"{len(understanding.facts)} facts, of which the first {MOST_FACTS_TOLD} are shown")
    return "; ".join(dict.fromkeys(reasons))[:MOST_BODY_TOLD] or None
