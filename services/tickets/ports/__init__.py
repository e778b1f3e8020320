"""What the use cases need of the world, as Protocols. The adapters keep them."""

from services.tickets.ports.contacts import Contact, Contacts, Identification
from services.tickets.ports.directory import Directory, Sources
from services.tickets.ports.policies import Policies
from services.tickets.ports.tickets import Filing, TicketFilter, Tickets
from services.tickets.ports.unit import TicketsUnit

__all__ = [
    "Contact",
    "Contacts",
    "Directory",
    "Filing",
    "Identification",
    "Policies",
    "Sources",
    "TicketFilter",
    "Tickets",
    "TicketsUnit",
]
