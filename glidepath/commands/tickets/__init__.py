"""`tickets ...`: the queue, one ticket, the live board of clocks, why a clock reads what it reads, and the desk's own acts."""

from glidepath.commands.tickets.acting import comment_on, merge_tickets, open_one, set_fields
from glidepath.commands.tickets.board import show_board
from glidepath.commands.tickets.explaining import explain_ticket
from glidepath.commands.tickets.listing import list_tickets
from glidepath.commands.tickets.showing import show_ticket

COMMANDS: dict[str, object] = {
    "list": list_tickets,
    "show": show_ticket,
    "sla": show_board,
    "explain": explain_ticket,
    "open": open_one,
    "comment": comment_on,
    "set": set_fields,
    "merge": merge_tickets,
}
