"""What a change of a major incident means for its children, as an intent: `incidents` carries it out."""

from datetime import datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.link import Cascade, CascadeKind
from services.tickets.domain.ticket import Ticket
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.folder import Folder
from services.tickets.usecases.telling import CLOCKWORK, reopened_at
from shared.clock import new_id


async def intend_for_children(unit: TicketsUnit, folder: Folder, dossier: Dossier, now: datetime) -> None:
    """Recorded in the transaction of the parent's change; nothing for tickets that are and were no major incident."""
    kind = _meaning(folder.found.ticket, dossier.ticket)
    if kind is None or folder.new or not await unit.links.has_children(dossier.ticket.ticket_id):
        return
    at = {CascadeKind.SOLVE: dossier.ticket.solved_at, CascadeKind.REOPEN: reopened_at(dossier, now)}.get(kind) or now
    actors = [entry.actor for entry in folder.entries if entry.actor != CLOCKWORK]
    cascade = Cascade(
        cascade_id=new_id(),
        parent_id=dossier.ticket.ticket_id,
        kind=kind,
        at=at,
        actor=actors[-1] if actors else CLOCKWORK,
    )
    await unit.links.intend(cascade, now)


def _meaning(before: Ticket, after: Ticket) -> CascadeKind | None:
    if after.major and before.status.done is not after.status.done:
        return CascadeKind.SOLVE if after.status.done else CascadeKind.REOPEN
    if before.major is after.major or after.status.done:
        return None
    return CascadeKind.WAIT if after.major else CascadeKind.RELEASE
