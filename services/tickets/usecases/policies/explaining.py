"""Why a ticket's clocks read as they do."""

from datetime import datetime

from services.tickets.domain.dossier import labels_of, opening_of
from services.tickets.domain.explain import Explanation, explain
from services.tickets.domain.moment import MomentKind, Opening
from services.tickets.ports import TicketsUnit


async def explain_ticket(unit: TicketsUnit, ticket_id: str, now: datetime) -> Explanation:
    """By its id or number; compared with the policies that were in force when it came. Raises `TicketNotFound`."""
    ticket = (await unit.tickets.get(ticket_id)).ticket
    [dossier] = await unit.tickets.read([ticket.ticket_id])
    book = await unit.policies.book(labels_of(dossier))
    openings = [moment for moment in dossier.moments if moment.kind is MomentKind.OPENED]
    # A ticket that was synced is older than its coming, and it was when it came that its policy was chosen.
    came_at = min((moment.observed_at for moment in openings), default=now)
    offered = await unit.policies.in_force(came_at)
    otherwise = opening_of(dossier.ticket)
    given = {Opening.of(moment, otherwise).policy for moment in openings}
    if not given & {policy.label for policy in offered}:
        offered = []
    return explain(ticket.ticket_id, dossier.moments, book, now, otherwise, offered=offered)
