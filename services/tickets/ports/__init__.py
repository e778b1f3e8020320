"""What the use cases need of the world, as Protocols. The adapters keep them."""

from services.tickets.ports.contacts import Contact, Contacts, Identification
from services.tickets.ports.directory import Directory, Sources
from services.tickets.ports.policies import (
    Calendars,
    CalendarVersion,
    Migration,
    Migrations,
    Moved,
    Phase,
    Policies,
    PolicyVersion,
    Side,
    Signature,
)
from services.tickets.ports.tickets import Filing, TicketFilter, Tickets
from services.tickets.ports.unit import TicketsUnit

__all__ = [
    "CalendarVersion",
    "Calendars",
    "Contact",
    "Contacts",
    "Directory",
    "Filing",
    "Identification",
    "Migration",
    "Migrations",
    "Moved",
    "Phase",
    "Policies",
    "PolicyVersion",
    "Side",
    "Signature",
    "Sources",
    "TicketFilter",
    "Tickets",
    "TicketsUnit",
]
