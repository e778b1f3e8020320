"""What a helpdesk's facts mean to a connector before they are applied: which are our own words coming back, which tickets are
none of ours, and which cannot be told apart yet and are asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.tickets.domain.sync import Connector, Field, RemoteWrite, WriteKind, WriteState, marker_of, same_words
from services.tickets.ports import TicketsUnit
from services.tickets.ports.sync import UnderWay
from shared.events.facts import HelpdeskFact


@dataclass(slots=True, kw_only=True)
class Sifted:
    """`facts` are those to apply. `asked_for` are tickets to be read, since something about them could not be told."""

    facts: list[HelpdeskFact] = field(default_factory=list)
    telling: dict[str, Mapping[Field, str]] = field(default_factory=dict)
    """By external id: what an order under way makes the helpdesk say."""
    asked_for: set[str] = field(default_factory=set)
    poll_wanted: bool = False
    recognised: list[tuple[RemoteWrite, str, datetime | None]] = field(default_factory=list)
    """Orders for comments that have taken effect, with the comment's id there."""


async def sift(unit: TicketsUnit, connector: Connector, facts: Sequence[HelpdeskFact], now: datetime) -> Sifted:
    """Take out what is under way. Comments that we are just writing are recognised by marker or words."""
    sifted = Sifted()
    under_way = await unit.remote_writes.under_way(connector.name) if connector.credential is not None else []
    comments: dict[str, list[UnderWay]] = {}
    creates: list[UnderWay] = []
    for each in under_way:
        if each.write.kind is WriteKind.CREATE:
            creates.append(each)
        elif each.external_id is not None and each.write.kind is WriteKind.COMMENT:
            comments.setdefault(each.external_id, []).append(each)
        elif each.external_id is not None:
            fields: dict[str, Field] = {"status": "status", "priority": "priority", "subject": "subject"}
            told = {fields[name]: word for name, word in each.write.payload.items() if name in fields}
            sifted.telling[each.external_id] = told
    ours = await _comments_of_ours(unit, connector, facts)
    for fact in facts:
        if _is_ours(fact, ours):
            continue
        if fact.type == "comment" and _is_under_way(sifted, fact, comments.get(fact.ticket.id, [])):
            continue
        if creates and await _may_be_made(unit, connector, fact, creates):
            sifted.poll_wanted = True
            continue
        sifted.facts.append(fact)
    return sifted


async def note_recognised(unit: TicketsUnit, sifted: Sifted, now: datetime) -> None:
    """Orders whose comment came back before their answer did are done."""
    for write, external_id, at in sifted.recognised:
        await unit.tickets.name_comment(write.ticket_id, write.comment_id or "", external_id, at)
    await unit.remote_writes.save(
        [
            replace(write, state=WriteState.DONE, done_at=write.attempted_at, external_id=external_id, problem=None)
            for write, external_id, _ in sifted.recognised
        ]
    )


def admitted(
    connector: Connector, facts: Iterable[HelpdeskFact], known: set[str], *, whole: bool
) -> tuple[list[HelpdeskFact], bool]:
    """The facts of tickets that are known or let in by the filters, and whether some told too little to know.

    What was asked for (`whole`) was asked for by the filters; what is not said of it is so.
    """
    verdicts: dict[str, bool | None] = {}
    given = list(facts)
    for fact in given:
        if fact.ticket.id in known or verdicts.get(fact.ticket.id) is not None:
            continue
        created_at = fact.created_at or (fact.occurred_at if fact.type != "ticket" else None)
        verdicts[fact.ticket.id] = connector.filters.admit(created_at=created_at, queue=fact.queue, tags=fact.tags)
    kept = [
        fact
        for fact in given
        if fact.ticket.id in known or verdicts[fact.ticket.id] or (verdicts[fact.ticket.id] is None and whole)
    ]
    return kept, not whole and None in verdicts.values()


async def _comments_of_ours(
    unit: TicketsUnit, connector: Connector, facts: Sequence[HelpdeskFact]
) -> set[tuple[str, str]]:
    """(ticket there, comment there) of comments that were written by us."""
    named = {fact.ticket.id: fact for fact in facts if fact.comment is not None and fact.comment.id is not None}
    if not named or connector.credential is None:
        return set()
    links = await unit.remote_links.of_external(connector.name, named)
    tickets = {link.ticket_id: external_id for external_id, link in links.items()}
    ids = {fact.comment.id for fact in facts if fact.comment is not None and fact.comment.id is not None}
    done = await unit.remote_writes.done_here(tickets, ids)
    return {(tickets[ticket_id], comment_id) for ticket_id, comment_id in done}


def _is_ours(fact: HelpdeskFact, ours: set[tuple[str, str]]) -> bool:
    return (
        fact.type == "comment"
        and fact.comment is not None
        and fact.comment.id is not None
        and (fact.ticket.id, fact.comment.id) in ours
    )


def _is_under_way(sifted: Sifted, fact: HelpdeskFact, waiting: list[UnderWay]) -> bool:
    """Whether the comment is, or may be, one that we are just writing. The requester's never is."""
    said = fact.comment
    if not waiting or said is None or said.author_role == "requester":
        return False
    for each in waiting:
        body = said.body or ""
        if marker_of(each.write.write_id) in body or same_words(each.body or "", body):
            if said.id is not None:
                sifted.recognised.append((each.write, said.id, fact.occurred_at))
                waiting.remove(each)
            return True
    # Their wording of ours may be another: it is looked at again once the order is answered.
    sifted.asked_for.add(fact.ticket.id)
    return True


async def _may_be_made(
    unit: TicketsUnit, connector: Connector, fact: HelpdeskFact, creates: Sequence[UnderWay]
) -> bool:
    """Whether a ticket that is new here may be the one that we are just making there."""
    subject = (fact.subject or "").strip().casefold()
    tags = set(fact.tags or ())
    alike = any(
        marker_of(each.write.write_id) in tags or not subject or subject == each.subject.strip().casefold()
        for each in creates
    )
    if not alike:
        return False
    return fact.ticket.id not in await unit.remote_links.of_external(connector.name, {fact.ticket.id})
