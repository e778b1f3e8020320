"""What the use cases need of the world, as Protocols. The adapters keep them."""

from services.tickets.ports.clocks import (
    ClockCounts,
    ClockFilter,
    Clocks,
    Missed,
    Population,
    Watched,
    WatchState,
    Watermark,
    is_confirmed,
)
from services.tickets.ports.contacts import Contact, Contacts, Identification
from services.tickets.ports.directory import Directory, Sources
from services.tickets.ports.exemptions import Exemptions
from services.tickets.ports.links import LinkedTicket, Links
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
from services.tickets.ports.reports import Cut, Group, Percentiles, Reports
from services.tickets.ports.teams import Team, Teams, View, Views
from services.tickets.ports.tickets import Counts, Filing, Sla, Sort, TicketFilter, Tickets
from services.tickets.ports.unit import TicketsUnit, Units

__all__ = [
    "CalendarVersion",
    "Calendars",
    "ClockCounts",
    "ClockFilter",
    "Clocks",
    "Contact",
    "Contacts",
    "Counts",
    "Cut",
    "Directory",
    "Exemptions",
    "Filing",
    "Group",
    "Identification",
    "LinkedTicket",
    "Links",
    "Migration",
    "Migrations",
    "Missed",
    "Moved",
    "Percentiles",
    "Phase",
    "Policies",
    "PolicyVersion",
    "Population",
    "Reports",
    "Side",
    "Signature",
    "Sla",
    "Sort",
    "Sources",
    "Team",
    "Teams",
    "TicketFilter",
    "Tickets",
    "TicketsUnit",
    "Units",
    "View",
    "Views",
    "WatchState",
    "Watched",
    "Watermark",
    "is_confirmed",
]
