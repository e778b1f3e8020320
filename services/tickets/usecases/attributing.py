"""Find the waves that tickets count for, a whole batch with two questions to the directory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.tickets.domain.attribution import Attribution, Evidence, attribute
from services.tickets.domain.ticket import Ticket
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.filing import CLOCKWORK, Folder, close_folders

AT_ONCE = 200


async def attribute_folders(unit: TicketsUnit, folders: Sequence[Folder], now: datetime) -> None:
    """By the rules, except where the desk has decided."""
    folders = [folder for folder in folders if not folder.ticket.by_hand]
    if not folders:
        return
    requesters = await unit.contacts.load({folder.ticket.requester_id for folder in folders})
    people = {contact.person_id for contact in requesters.values() if contact.person_id is not None}
    memberships = await unit.directory.memberships(people) if people else {}
    subjects = await unit.directory.subjects()
    for folder in folders:
        person_id = requesters[folder.ticket.requester_id].person_id
        attribution = attribute(evidence_of(folder.ticket), subjects, memberships.get(person_id or "", ()))
        if attribution != folder.ticket.attribution:
            before = folder.ticket.attribution
            folder.ticket = replace(folder.ticket, attribution=attribution)
            note_attribution(folder, before, now, now, CLOCKWORK)


async def attribute_again(unit: TicketsUnit, ticket_ids: Sequence[str], now: datetime) -> None:
    """Something new is known of people, plans or waves: look at these tickets again."""
    for start in range(0, len(ticket_ids), AT_ONCE):
        dossiers = await unit.tickets.load(ticket_ids[start : start + AT_ONCE])
        folders = [Folder.of(dossier) for dossier in dossiers]
        await attribute_folders(unit, folders, now)
        await close_folders(unit, [folder for folder in folders if folder.entries], now)


def evidence_of(ticket: Ticket) -> Evidence:
    return Evidence(
        tags=ticket.tags,
        text=f"{ticket.subject}\n{ticket.description}",
        course=ticket.course,
        system=ticket.system,
        opened_at=ticket.opened_at,
    )


def note_attribution(folder: Folder, before: Attribution | None, at: datetime, now: datetime, actor: str) -> None:
    """A line of the history: which wave it counted for, which it counts for now, and by which rule."""
    after = attribution_noted(folder.ticket.attribution)
    folder.note("attributed", at, now, actor, before=attribution_noted(before), after=after)


def attribution_noted(attribution: Attribution | None) -> dict[str, object]:
    """As the history shows it; empty when the ticket counts for no wave."""
    if attribution is None:
        return {}
    return {"rollout": attribution.rollout, "wave": attribution.wave, "rule": attribution.rule.value}
