"""The FAQ: made of solved tickets by people who read them over, changed in versions, taken off, searched."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.faq import MOST_RANKED, Entry, find_personal, rank
from services.tickets.errors import NamesPeople, TicketNotSolved, WaveNotFound
from services.tickets.ports import TicketsUnit
from services.tickets.ports.channel import FaqFilter, Suggestion
from shared.clock import new_id
from shared.errors import FieldProblem, InvalidRequest
from shared.rest import PagingRequest, require_match

Scope = Literal["wave", "rollout", "everywhere"]
ASKED_WITHIN = timedelta(days=90)
MOST_NAMED = 20
MOST_FOUND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be published. `reviewed`: whoever publishes it has looked at what points at people."""

    ticket_id: str
    question: str
    answer: str
    scope: Scope | None
    reviewed: bool


async def publish_entry(unit: TicketsUnit, draft: Draft, *, by: str, now: datetime) -> Entry:
    """Raises `TicketNotFound`, `TicketNotSolved`, `NamesPeople`, `InvalidRequest` for a scope the ticket does not have."""
    dossier = await unit.tickets.get(draft.ticket_id)
    ticket = dossier.ticket
    if ticket.solved_at is None or ticket.deleted_at is not None:
        raise TicketNotSolved(f"Ticket {ticket.number} is not solved: nobody knows yet whether the answer helps.")
    if not draft.reviewed:
        await _point_out_people(unit, dossier, draft.question, draft.answer)
    attribution = ticket.attribution
    scope = draft.scope or ("everywhere" if attribution is None else "wave")
    if scope != "everywhere" and attribution is None:
        detail = "the ticket counts for no wave; publish it everywhere"
        raise InvalidRequest(f"/scope: {detail}.", errors=[FieldProblem("/scope", detail)])
    entry = Entry(
        entry_id=new_id(),
        ticket_id=ticket.ticket_id,
        rollout=attribution.rollout if attribution is not None and scope != "everywhere" else None,
        wave=attribution.wave if attribution is not None and scope == "wave" else None,
        question=draft.question,
        answer=draft.answer,
        created_at=now,
        created_by=by,
        updated_at=now,
    )
    await unit.faq.put(entry, by=by)
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """None stays. `rollout` and `wave` move together; ("", "") is everywhere."""

    question: str | None = None
    answer: str | None = None
    published: bool | None = None
    place: tuple[str, str] | None = None
    reviewed: bool = False


async def revise_entry(
    unit: TicketsUnit, entry_id: str, change: Change, *, if_match: int, by: str, now: datetime
) -> Entry:
    """A new version; what the entry said before is kept. Raises `FaqEntryNotFound`, `NamesPeople`, `WaveNotFound`."""
    entry = await unit.faq.get_to_change(entry_id)
    require_match(entry.version, if_match)
    wanted = replace(
        entry,
        question=entry.question if change.question is None else change.question,
        answer=entry.answer if change.answer is None else change.answer,
        published=entry.published if change.published is None else change.published,
    )
    if change.place is not None:
        wanted = await _moved(unit, wanted, *change.place)
    if wanted == entry:
        return entry
    said = (wanted.question, wanted.answer) != (entry.question, entry.answer)
    if wanted.published and not change.reviewed and (said or not entry.published):
        await _point_out_people(unit, await unit.tickets.get(entry.ticket_id), wanted.question, wanted.answer)
    changed = replace(wanted, version=entry.version + 1, updated_at=now)
    await unit.faq.put(changed, by=by)
    return changed


async def unpublish_entry(unit: TicketsUnit, entry_id: str, *, by: str, now: datetime) -> Entry:
    """Nobody is shown it any more; it stays with its versions. Doing it twice does nothing. Raises `FaqEntryNotFound`."""
    entry = await unit.faq.get_to_change(entry_id)
    if not entry.published:
        return entry
    taken = replace(entry, published=False, version=entry.version + 1, updated_at=now)
    await unit.faq.put(taken, by=by)
    return taken


async def search_faq(unit: TicketsUnit, text: str, cut: FaqFilter) -> list[tuple[Entry, float]]:
    """What fits, best first, among the `MOST_RANKED` most helpful entries."""
    return rank(text, await unit.faq.candidates(cut, MOST_RANKED), MOST_FOUND)


async def suggest_entries(
    unit: TicketsUnit, *, rollout: str | None, wave: str | None, most: int, now: datetime
) -> list[Suggestion]:
    """Solved tickets of the last quarter that are alike and have an answer, by how many they are."""
    return await unit.faq.suggestions(rollout=rollout, wave=wave, since=now - ASKED_WITHIN, most=most)


async def _moved(unit: TicketsUnit, entry: Entry, rollout: str, wave: str) -> Entry:
    if rollout and wave and await unit.support.find_wave(rollout, wave) is None:
        raise WaveNotFound(f"There is no wave {wave!r} in the rollout {rollout!r}.")
    return replace(entry, rollout=rollout or None, wave=wave or None if rollout else None)


async def _point_out_people(unit: TicketsUnit, dossier: Dossier, question: str, answer: str) -> None:
    """`NamesPeople` if the text may name somebody: better asked once too often than published once."""
    names = await _names(unit, dossier)
    problems = [
        FieldProblem(pointer, f"{found.kind}: {found.text}")
        for pointer, text in (("/question", question), ("/answer", answer))
        for found in find_personal(text, names)
    ]
    if problems:
        raise NamesPeople(
            "The text may name people. Take that out, or send it again with `reviewed` true if it may be public.",
            errors=problems[:MOST_NAMED],
        )


async def _names(unit: TicketsUnit, dossier: Dossier) -> Collection[str]:
    requester = (await unit.contacts.load({dossier.ticket.requester_id})).get(dossier.ticket.requester_id)
    paging = PagingRequest(limit=200, cursor=None)
    comments, _ = await unit.tickets.page_comments(dossier.ticket.ticket_id, paging, internal_too=True)
    names = {comment.author_name for comment in comments} | {dossier.ticket.assignee or ""}
    return names | ({requester.name} if requester is not None else set())
