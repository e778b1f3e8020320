"""REST: why a ticket's clocks read as they do."""

from services.tickets.api.reading import TicketId, Unit
from services.tickets.schemas.policies import ExplanationOut, explanation_out
from services.tickets.usecases.policies import explain_ticket
from shared.rest import Now, Router

router = Router(tags=["tickets"])


@router.get("/v1/tickets/{ticket_id}/explain")
async def get_explanation(ticket_id: TicketId, unit: Unit, now: Now) -> ExplanationOut:
    """Which policy and rule, why none before them, what is promised, and every counted and uncounted stretch."""
    return explanation_out(await explain_ticket(unit, ticket_id, now))
