"""The common end of every change: run the clocks, say what is news, write it all down.

A use case opens a `Folder` per ticket, puts in it what happened, and closes them together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.tickets.domain.dossier import Dossier, labels_of, reckon
from services.tickets.domain.moment import MomentKind, in_order
from services.tickets.domain.policy import Policy
from services.tickets.domain.ticket import Ticket
from services.tickets.ports import Contact, Filing, TicketsUnit, Watermark
from services.tickets.usecases.cascading import intend_for_children
from services.tickets.usecases.clockwork.confirming import reason_to_withdraw
from services.tickets.usecases.clockwork.escalating import plan_steps
from services.tickets.usecases.folder import Folder
from services.tickets.usecases.noticing import tell_requesters
from services.tickets.usecases.policy_choice import choose_policies
from services.tickets.usecases.reporting.noting import note_results
from services.tickets.usecases.syncing.intending import intend_remote
from services.tickets.usecases.telling import CLOCKWORK, attribution_told, clock_told, note_news, tell_news, tell_ticket

__all__ = ["CLOCKWORK", "Folder", "attribution_told", "clock_told", "close_folders"]


async def close_folders(unit: TicketsUnit, folders: Sequence[Folder], now: datetime) -> list[Dossier]:
    """Run the clocks of each ticket up to `now`, record the events and write everything. The dossiers as they are then."""
    if not folders:
        return []
    await _pin(unit, [folder for folder in folders if folder.new])
    for folder in folders:
        if not folder.new:
            folder.record_features(now)
    drafts = [replace(each.found, ticket=each.ticket, moments=each.all_moments) for each in folders]
    book = await unit.policies.book({label for draft in drafts for label in labels_of(draft)})
    requesters = await unit.contacts.load({each.ticket.requester_id for each in folders})
    watermarks = await unit.clocks.watermarks({each.ticket.source for each in folders if each.ticket.source})
    filings = []
    for folder in sorted(folders, key=lambda each: each.ticket.ticket_id):
        filings.append(_filed(unit, folder, book, requesters, watermarks.get(folder.ticket.source or ""), now))
    await unit.tickets.write(filings, now)
    await plan_steps(unit, book, [clock for filing in filings for clock in filing.clocks])
    by_id = {folder.ticket.ticket_id: folder for folder in folders}
    for filing in filings:
        await intend_for_children(unit, by_id[filing.dossier.ticket.ticket_id], filing.dossier, now)
    await note_results(unit, [(by_id[each.dossier.ticket.ticket_id].found, each.dossier) for each in filings])
    changed = [(by_id[each.dossier.ticket.ticket_id], each.dossier) for each in filings]
    await tell_requesters(unit, changed, requesters, now)
    await intend_remote(unit, by_id, [filing.dossier for filing in filings], now)
    return [filing.dossier for filing in filings]


async def _pin(unit: TicketsUnit, new: Sequence[Folder]) -> None:
    """Each new ticket to the policy that is for such tickets now, and never to another one without being told."""
    chosen = await choose_policies(unit, [folder.first_features() for folder in new]) if new else []
    for folder, policy in zip(new, chosen, strict=True):
        folder.pin(policy.label)


def _filed(
    unit: TicketsUnit,
    folder: Folder,
    book: Mapping[str, Policy],
    requesters: Mapping[str, Contact],
    watermark: Watermark | None,
    now: datetime,
) -> Filing:
    found = folder.found
    draft = replace(found, ticket=folder.ticket, moments=folder.all_moments)
    dossier, news = reckon(draft, book, now)
    dossier = replace(dossier, ticket=_linked(dossier))
    reason = reason_to_withdraw(folder.moments, now)
    for item in news:
        note_news(folder, item, watermark, reason, now)
    changed = not folder.new and _differs(dossier, found)
    if folder.new or changed or folder.comments or folder.revised:
        dossier = replace(dossier, ticket=replace(dossier.ticket, updated_at=now))
    if changed:
        dossier = replace(dossier, ticket=replace(dossier.ticket, version=found.ticket.version + 1))
    if folder.new or changed:
        tell_ticket(unit, folder, dossier, requesters.get(dossier.ticket.requester_id), now)
    for item in news:
        tell_news(unit, dossier.ticket, item, watermark, reason, now)
    return Filing(
        dossier=dossier,
        new=folder.new,
        moments=folder.moments,
        comments=folder.comments,
        entries=folder.entries,
        clocks=[clock for key, clock in dossier.clocks.items() if clock != found.clocks.get(key)],
        gone=[clock.clock_id for key, clock in found.clocks.items() if key not in dossier.clocks],
        news=news,
        watermark=watermark,
        reason=reason,
        revised=folder.revised,
        edits=folder.edits,
        reworded=folder.reworded,
    )


def _linked(dossier: Dossier) -> Ticket:
    """What it waits for and where it went, as its moments say."""
    waits_for, merged_into = "", ""
    for moment in in_order(dossier.moments):
        if moment.kind is MomentKind.WAITS:
            waits_for = moment.value
        elif moment.kind is MomentKind.MERGED:
            merged_into = moment.value
    return replace(dossier.ticket, waits_for=waits_for or None, merged_into=merged_into or None)


def _differs(dossier: Dossier, found: Dossier) -> bool:
    """In what anybody can see: when a field was last told is our own affair."""
    seen, was_seen = (replace(each.ticket, told_at={}, updated_at=None) for each in (dossier, found))
    return seen != was_seen or dossier.clocks != found.clocks
