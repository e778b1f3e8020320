"""Forgive a breach, by name and with a reason, or take that back."""

from dataclasses import replace
from datetime import datetime

from services.tickets.domain.exemption import Exemption, is_own
from services.tickets.domain.report import CountsAs
from services.tickets.errors import AlreadyExempted, ClockNotBreached, ExemptionRevoked, OwnBreach
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.filing import Folder, close_folders
from shared.auth import Identity
from shared.clock import new_id
from shared.errors import NotFound


async def exempt_breach(unit: TicketsUnit, clock_id: str, reason: str, caller: Identity, now: datetime) -> Exemption:
    """The breach counts as forgiven in the adjusted figures from now on; nothing else changes.

    Raises `TicketNotFound`, `NotFound`, `ClockNotBreached`, `OwnBreach`, `AlreadyExempted`.
    """
    ticket_id = clock_id.partition(":")[0]
    folder = Folder.of(await unit.tickets.get_to_change(ticket_id))
    clock = next((each for each in folder.found.clocks.values() if each.clock_id == clock_id), None)
    if clock is None:
        raise NotFound(f"The ticket has no clock {clock_id}; see GET /v1/tickets/{ticket_id}/clocks.")
    exemption_id = new_id()
    about = {"target": clock.target.value, "cycle": clock.cycle, "reason": reason, "exemption_id": exemption_id}
    folder.note("exempted", now, now, caller.name, **about)
    # The ticket is brought up to date: the timer need not have been there yet.
    await close_folders(unit, [folder], now)
    result = await unit.reports.find(clock_id)
    if result is None or result.counts_as is not CountsAs.BREACHED or result.breached_at is None:
        raise ClockNotBreached(f"The clock {clock_id} has no breach that counts; there is nothing to exempt.")
    # A display name can be anybody's; where it happens to be the assignee's, refusing costs only a second opinion.
    names = [name for name in (caller.email, caller.subject, caller.name) if name]
    if is_own(names, [folder.ticket.assignee, result.standing.agent]):
        raise OwnBreach("The ticket is, or was at its breach, assigned to you; ask another lead to exempt it.")
    exemption = Exemption(
        exemption_id=exemption_id,
        clock_id=clock_id,
        ticket_id=ticket_id,
        target=clock.target.value,
        breached_at=result.breached_at,
        reason=reason,
        given_at=now,
        given_by=caller.name,
        given_by_subject=caller.subject,
    )
    if not await unit.exemptions.add(exemption):
        raise AlreadyExempted(f"The breach of {clock_id} is exempted already; see GET /v1/exemptions.")
    await unit.reports.note([result])
    return exemption


async def revoke_exemption(
    unit: TicketsUnit, exemption_id: str, reason: str, caller: Identity, now: datetime
) -> Exemption:
    """The breach counts in full again. Raises `ExemptionNotFound`, `ExemptionRevoked`."""
    exemption = await unit.exemptions.get_to_change(exemption_id)
    if not exemption.stands:
        raise ExemptionRevoked(f"{exemption.revoked_by} revoked it already.")
    folder = Folder.of(await unit.tickets.get_to_change(exemption.ticket_id))
    await unit.exemptions.revoke(exemption_id, now, caller.name, reason)
    folder.note("exemption_revoked", now, now, caller.name, exemption_id=exemption_id, reason=reason)
    await close_folders(unit, [folder], now)
    result = await unit.reports.find(exemption.clock_id)
    if result is not None:
        await unit.reports.note([result])
    return replace(exemption, revoked_at=now, revoked_by=caller.name, revoked_reason=reason)
