"""Tickets with their moments and clocks.

`loading` finds them, `listing` pages and counts them, `texts` reads what was said, `writing` writes, `search` indexes.
"""

from services.tickets.adapters.repository.tickets.listing import ListingTickets
from services.tickets.adapters.repository.tickets.texts import TicketTexts
from services.tickets.adapters.repository.tickets.writing import WritingTickets

__all__ = ["TicketRepository"]


class TicketRepository(WritingTickets, ListingTickets, TicketTexts):
    """`ports.Tickets`."""
