"""What is changed here is to be told there: written down in the transaction of the change, told by a worker later."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.sync import FIELDS, RemoteLink, RemoteWrite, WriteKind, changed_here, value_of
from services.tickets.domain.ticket import Comment
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.folder import Folder
from shared.clock import instant_of, new_id

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""Due whatever the clock says: orders are due by real time, and a change only knows its own."""


async def intend_remote(
    unit: TicketsUnit, folders: Mapping[str, Folder], dossiers: Sequence[Dossier], now: datetime
) -> None:
    """Write down what the helpdesks of these tickets are to be told of what became of them."""
    links = await _links(unit, folders, dossiers, now)
    if not links:
        return
    writes: list[RemoteWrite] = []
    changed: list[RemoteLink] = []
    differing: list[RemoteLink] = []
    for dossier in dossiers:
        ticket_id = dossier.ticket.ticket_id
        folder, link = folders[ticket_id], links.get(ticket_id)
        if link is None or link.gone_at is not None:
            continue
        told_here = folder.told_by != link.connector
        if told_here:
            stamped = _stamped(link, folder, dossier, now)
            if stamped is not link:
                changed.append(stamped)
                link = stamped
            actor = folder.entries[-1].actor if folder.entries else ""
            writes += [
                new_write(link, WriteKind.COMMENT, actor, comment_id=comment.comment_id)
                for comment in folder.comments
                if _is_to_be_told(comment)
            ]
        ticket = dossier.ticket
        if ticket.merged_into is None and ticket.deleted_at is None and changed_here(link, ticket):
            differing.append(link)
    waiting = (
        await unit.remote_writes.with_waiting_change([link.ticket_id for link in differing]) if differing else set()
    )
    for link in differing:
        if link.ticket_id not in waiting:
            entries = folders[link.ticket_id].entries
            # After what was written with it: who answers and solves wants the answer to be read first.
            writes.append(new_write(link, WriteKind.CHANGE, entries[-1].actor if entries else ""))
    await unit.remote_links.save(changed)
    await unit.remote_writes.record(writes)


async def _links(
    unit: TicketsUnit, folders: Mapping[str, Folder], dossiers: Sequence[Dossier], now: datetime
) -> dict[str, RemoteLink]:
    links = {folder.link.ticket_id: folder.link for folder in folders.values() if folder.link is not None}
    asked = [
        each.ticket.ticket_id
        for each in dossiers
        if each.ticket.ticket_id not in links and not folders[each.ticket.ticket_id].new
    ]
    if asked:
        links |= await unit.remote_links.load(asked)
    opened = [each for each in dossiers if folders[each.ticket.ticket_id].new and each.ticket.source is None]
    if opened:
        links |= await _exported(unit, opened, folders, now)
    return links


async def _exported(
    unit: TicketsUnit, opened: Sequence[Dossier], folders: Mapping[str, Folder], now: datetime
) -> dict[str, RemoteLink]:
    """New tickets of teams that a helpdesk is to have as well."""
    made: dict[str, RemoteLink] = {}
    by_team: dict[str | None, str | None] = {}
    writes = []
    for dossier in opened:
        ticket = dossier.ticket
        if ticket.team not in by_team:
            by_team[ticket.team] = await unit.connectors.exporting(ticket.team)
        connector = by_team[ticket.team]
        if connector is not None:
            link = RemoteLink(ticket_id=ticket.ticket_id, connector=connector, linked_at=now)
            made[ticket.ticket_id] = link
            entries = folders[ticket.ticket_id].entries
            writes.append(new_write(link, WriteKind.CREATE, entries[0].actor if entries else ""))
    await unit.remote_links.save(list(made.values()))
    await unit.remote_writes.record(writes)
    return made


def new_write(link: RemoteLink, kind: WriteKind, by: str, *, comment_id: str | None = None) -> RemoteWrite:
    """An order that is due at once. Its id says when it was recorded, and in which order."""
    write_id = new_id()
    return RemoteWrite(
        write_id=write_id,
        connector=link.connector,
        ticket_id=link.ticket_id,
        kind=kind,
        comment_id=comment_id,
        recorded_at=instant_of(write_id),
        recorded_by=by,
        try_at=AT_ONCE,
    )


def _stamped(link: RemoteLink, folder: Folder, dossier: Dossier, now: datetime) -> RemoteLink:
    """With the time of what was changed here."""
    if folder.new:
        return link
    at = folder.here_and_now(now)
    times = {name: at for name in FIELDS if value_of(dossier.ticket, name) != value_of(folder.found.ticket, name)}
    return replace(link, ours_at={**link.ours_at, **times}) if times else link


def _is_to_be_told(comment: Comment) -> bool:
    return comment.external_id is None and comment.retracted_at is None and bool(comment.body.strip())
