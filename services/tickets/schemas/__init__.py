"""What goes over the wire. Requests forbid what they do not know; instants are RFC 3339 in UTC."""

from services.tickets.schemas.answers import (
    ClockOut,
    CommentOut,
    EntryOut,
    PolicyOut,
    TicketOut,
    clocks_out,
    comment_out,
    entry_out,
    ticket_out,
)
from services.tickets.schemas.requests import STORABLE, CommentIn, PolicyIn, RequesterIn, TicketIn, TicketPatch

__all__ = [
    "STORABLE",
    "ClockOut",
    "CommentIn",
    "CommentOut",
    "EntryOut",
    "PolicyIn",
    "PolicyOut",
    "RequesterIn",
    "TicketIn",
    "TicketOut",
    "TicketPatch",
    "clocks_out",
    "comment_out",
    "entry_out",
    "ticket_out",
]
