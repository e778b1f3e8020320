"""Put a ticket to a helpdesk by hand, say whose word counts for it, or take it off again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from services.tickets.domain.sync import Connector, Field, Owner, RemoteLink, RemoteWrite, WriteKind, WriteState
from services.tickets.domain.ticket import Comment, Ticket
from services.tickets.errors import ConnectorNotUsable, OrderUnderWay, TicketAlreadyLinked, TicketNotLinked
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.syncing.intending import new_write
from services.tickets.usecases.syncing.vendors import Vendors
from services.tickets.usecases.writable import refuse_closed, refuse_merged
from shared.errors import FieldProblem
from shared.rest import PagingRequest

AT_ONCE = 200


async def link_ticket(
    unit: TicketsUnit,
    vendors: Vendors,
    ticket_id: str,
    name: str,
    ownership: Mapping[Field, Owner],
    *,
    by: str,
    now: datetime,
) -> RemoteLink:
    """Have a ticket at a helpdesk as well: it is made there, then its comments are told in their order. One that is there already
    only gets the ownership. One that was unlinked is joined to the ticket that it was before.

    Raises `TicketNotFound`, `ConnectorNotFound`, `ConnectorNotUsable`, `TicketAlreadyLinked`, `TicketMerged` and
    `TicketAlreadyClosed`.
    """
    await unit.directory.hold_still()
    connector = await unit.connectors.find(name, lock=True) or await unit.connectors.get(name)
    ticket = (await unit.tickets.get_to_change(ticket_id)).ticket
    known = (await unit.remote_links.load({ticket.ticket_id})).get(ticket.ticket_id)
    if known is not None:
        if known.connector != name:
            raise TicketAlreadyLinked(f"Ticket {ticket.number} is at {known.connector} already: unlink it there first.")
        link = replace(known, ownership=dict(ownership))
        await unit.remote_links.save([link])
        return link
    await refuse_merged(unit, ticket)
    refuse_closed(ticket)
    if ticket.source is not None and ticket.source != name:
        raise TicketAlreadyLinked(f"Ticket {ticket.number} came from {ticket.source} and stays with it.")
    was_there = ticket.source == name and ticket.external_id is not None
    link = RemoteLink(
        ticket_id=ticket.ticket_id,
        connector=name,
        external_id=ticket.external_id if was_there else None,
        ownership=dict(ownership),
        read_wanted=was_there,
        linked_at=now,
    )
    writes = [] if was_there else [await _creation(unit, vendors, connector, link, by)]
    writes += [
        new_write(link, WriteKind.COMMENT, by, comment_id=comment.comment_id) for comment in await _untold(unit, ticket)
    ]
    await unit.remote_links.save([link])
    await unit.remote_writes.record(writes)
    return link


async def unlink_ticket(unit: TicketsUnit, ticket_id: str, *, by: str, now: datetime, real_now: datetime) -> None:
    """The ticket stays on both sides, and nothing more is told of it there. Raises `TicketNotLinked`, `OrderUnderWay`.

    It keeps its source and its id there, so that what the helpdesk tells of it later is not taken for another ticket.
    """
    await unit.directory.hold_still()
    named = (await unit.tickets.get(ticket_id)).ticket
    found = (await unit.remote_links.load({named.ticket_id})).get(named.ticket_id)
    connector = None if found is None else await unit.connectors.find(found.connector, lock=True)
    dossier = await unit.tickets.get_to_change(named.ticket_id)
    link = (await unit.remote_links.load({named.ticket_id})).get(named.ticket_id)
    if link is None:
        raise TicketNotLinked(f"Ticket {named.number} is at no helpdesk.")
    if connector is not None and connector.enabled and connector.credential is not None:
        sent, _ = await unit.remote_writes.page(
            PagingRequest(1, None), ticket_id=link.ticket_id, states={WriteState.ATTEMPTED}
        )
        if sent:
            raise OrderUnderWay(
                f"{link.connector} is being told something about ticket {named.number}. Try again in a moment, or switch the"
                " connector off first."
            )
    await unit.remote_writes.give_up(real_now, ticket_id=link.ticket_id)
    await unit.remote_links.remove(link.ticket_id)
    folder = Folder.of(dossier)
    folder.note("unlinked", folder.here_and_now(now), now, by, connector=link.connector, external_id=link.external_id)
    await close_folders(unit, [folder], now)


async def _creation(
    unit: TicketsUnit, vendors: Vendors, connector: Connector, link: RemoteLink, by: str
) -> RemoteWrite:
    vendor = await vendors.of(unit, connector)
    if vendor.calls is None or vendor.calls.create is None:
        told = f"{connector.name} can be told of no new tickets"
        raise ConnectorNotUsable(f"{told}.", errors=[FieldProblem("/connector", told)])
    return new_write(link, WriteKind.CREATE, by)


async def _untold(unit: TicketsUnit, ticket: Ticket) -> list[Comment]:
    """What was said on the ticket itself and is not there, the oldest first."""
    done, cursor = set(), None
    while True:
        writes, cursor = await unit.remote_writes.page(
            PagingRequest(AT_ONCE, cursor), ticket_id=ticket.ticket_id, states={WriteState.DONE}
        )
        done |= {write.comment_id for write in writes}
        if cursor is None:
            break
    found: list[Comment] = []
    while True:
        comments, cursor = await unit.tickets.page_comments(
            ticket.ticket_id, PagingRequest(AT_ONCE, cursor), internal_too=True
        )
        found += [each for each in comments if each.ticket_id == ticket.ticket_id and each.comment_id not in done]
        if cursor is None:
            break
    return [each for each in found if each.external_id is None and each.retracted_at is None and each.body.strip()]
