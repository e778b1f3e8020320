"""What happens because time passes: clocks run out."""

from datetime import datetime

from services.tickets.ports import TicketsUnit
from services.tickets.usecases.filing import Folder, close_folders

AT_ONCE = 200
"""Tickets in one transaction: the writer's lock is given back in between."""


async def next_due(unit: TicketsUnit) -> datetime | None:
    """The earliest instant at which a clock runs out."""
    return await unit.tickets.next_due()


async def breach_due_clocks(unit: TicketsUnit, now: datetime) -> int:
    """Breach what is due by `now`, at most a batch; how many tickets. Once each: a breached clock is no longer due."""
    folders = [Folder.of(dossier) for dossier in await unit.tickets.load_due(now, AT_ONCE)]
    await close_folders(unit, folders, now)
    return len(folders)
