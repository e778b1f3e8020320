"""Tickets that may still be written to: a merged one names the ticket that goes on, a closed one is the end."""

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Status
from services.tickets.domain.ticket import Ticket
from services.tickets.errors import TicketAlreadyClosed, TicketMerged
from services.tickets.ports import TicketsUnit
from shared.rest import require_match


async def load_writable(unit: TicketsUnit, ticket_id: str, *, if_match: int | None = None) -> Dossier:
    """Locked. Raises `TicketNotFound`, `TicketMerged`, `TicketAlreadyClosed`, and `PreconditionFailed` for an older version."""
    dossier = await unit.tickets.get_to_change(ticket_id)
    await refuse_merged(unit, dossier.ticket)
    if if_match is not None:
        require_match(dossier.ticket.version, if_match)
    refuse_closed(dossier.ticket)
    return dossier


async def refuse_merged(unit: TicketsUnit, ticket: Ticket) -> None:
    """Raises `TicketMerged`, which names the survivor."""
    if ticket.merged_into is None:
        return
    survivors = await unit.links.survivors([ticket.ticket_id])
    survivor = (await unit.tickets.get(survivors.get(ticket.ticket_id, ticket.merged_into))).ticket
    raise TicketMerged(
        f"Ticket {ticket.number} was merged into ticket {survivor.number} ({survivor.ticket_id}); write there, or undo the"
        " merge first."
    )


def refuse_closed(ticket: Ticket) -> None:
    """Raises `TicketAlreadyClosed`."""
    if ticket.status is Status.CLOSED:
        raise TicketAlreadyClosed(
            f"Ticket {ticket.number} is closed and cannot be changed; open a new one that names it."
        )
