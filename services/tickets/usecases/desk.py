"""What people do at the desk: open a ticket, change it. What they write on it is in `commenting`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import MomentKind
from services.tickets.domain.policy import Priority
from services.tickets.domain.ticket import Kind, Ticket
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.attributing import attribute_folders
from services.tickets.usecases.changing import change_folder, need_impact
from services.tickets.usecases.commenting import add_comment
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.people import Person, contact_of
from services.tickets.usecases.writable import load_writable
from shared.clock import new_id

__all__ = ["Opening", "Person", "add_comment", "change_ticket", "open_ticket"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What somebody asks for. `impact` says what a P1 keeps people from doing."""

    subject: str
    description: str
    priority: Priority
    kind: Kind
    requester: Person
    tags: tuple[str, ...]
    course: str | None
    system: str | None
    team: str | None = None
    assignee: str | None = None
    impact: str | None = None
    cause: str | None = None
    minutes_lost: int | None = None


async def open_ticket(unit: TicketsUnit, opening: Opening, actor: str, now: datetime) -> Dossier:
    """A new ticket with its clocks, attributed where a rule applies. Raises `ImpactMissing`."""
    need_impact(opening.priority, opening.impact)
    await unit.directory.hold_still()
    requester = await contact_of(unit, opening.requester)
    ticket = Ticket(
        ticket_id=new_id(),
        number=(await unit.tickets.next_numbers(1))[0],
        subject=opening.subject,
        description=opening.description,
        priority=opening.priority,
        kind=opening.kind,
        requester_id=requester.contact_id,
        assignee=opening.assignee,
        tags=opening.tags,
        course=opening.course,
        system=opening.system,
        team=opening.team,
        impact=opening.impact,
        cause=opening.cause,
        minutes_lost=opening.minutes_lost,
        policy_name="",
        policy_version=0,
        opened_at=now,
    )
    folder = Folder(found=Dossier(ticket=ticket), ticket=ticket, new=True)
    folder.happened(MomentKind.OPENED, now, now, opening.priority)
    folder.note("opened", now, now, actor, priority=opening.priority)
    await attribute_folders(unit, [folder], now)
    return (await close_folders(unit, [folder], now))[0]


async def change_ticket(
    unit: TicketsUnit, ticket_id: str, wanted: Mapping[str, Any], *, if_match: int, actor: str, now: datetime
) -> Dossier:
    """Change fields of a ticket that the caller has read at version `if_match`. What is not in `wanted` stays.

    Raises `TicketNotFound`, `TicketMerged`, `TicketAlreadyClosed`, `StatusNotReachable`, `ImpactMissing`.
    """
    await unit.directory.hold_still()
    dossier = await load_writable(unit, ticket_id, if_match=if_match)
    folder = Folder.of(dossier)
    changed = change_folder(folder, wanted, actor, now)
    if changed and "attribution" not in wanted:
        await attribute_folders(unit, [folder], now)
    return (await close_folders(unit, [folder], now))[0]
