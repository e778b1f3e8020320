"""Connectors, orders and links as they are told: with what is so now, and what would be told if it were told now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.sync import (
    FIELDS,
    Backlog,
    Conflict,
    Connector,
    Field,
    Owner,
    RemoteLink,
    RemoteWrite,
    State,
    WriteKind,
    WriteState,
    changed_here,
    say_standing,
    say_write,
    state_of,
    value_of,
)
from services.tickets.domain.ticket import Comment
from services.tickets.errors import TicketNotLinked
from services.tickets.ports import TicketsUnit, Watermark
from services.tickets.ports.sync import CONFLICTS_FOR, Figures
from services.tickets.usecases.syncing.rounds import next_look
from services.tickets.usecases.syncing.vendors import Vendors
from shared.errors import PermanentFailure
from shared.mapping import VendorFile
from shared.rest import PagingRequest

LONGEST_BODY = 1_000
LAST = PagingRequest(20, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A connector and how it stands. `vendor` is None where its file cannot be used."""

    connector: Connector
    vendor: VendorFile | None
    state: State
    says: str
    figures: Figures
    watermark: Watermark | None
    next_look_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWrite:
    """`payload` of a change that waits is what would be told now; `says` is that in words."""

    write: RemoteWrite
    number: int
    subject: str
    payload: Mapping[str, str]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """`agreed`: nothing was changed here since both sides said the same."""

    name: Field
    ours: str
    theirs: str | None
    owner: Owner
    agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A ticket at a helpdesk."""

    link: RemoteLink
    fields: Sequence[ShownField]
    writes: Sequence[ShownWrite]
    conflicts: Sequence[tuple[Conflict, int]]


async def show_connectors(
    unit: TicketsUnit, vendors: Vendors, connectors: Sequence[Connector], *, now: datetime, real_now: datetime
) -> list[Standing]:
    """How connectors stand. Their calls go by real time, conflicts and watermarks by business time."""
    figures = await unit.sync_records.figures(now - CONFLICTS_FOR)
    watermarks = await unit.clocks.watermarks({each.name for each in connectors})
    return [
        await _standing(unit, vendors, each, figures.get(each.name, Figures()), watermarks.get(each.name), real_now)
        for each in connectors
    ]


async def _standing(
    unit: TicketsUnit,
    vendors: Vendors,
    connector: Connector,
    figures: Figures,
    watermark: Watermark | None,
    real_now: datetime,
) -> Standing:
    backlog = Backlog(
        waiting=figures.waiting, uncertain=figures.uncertain, refused=figures.refused, problems=figures.problems
    )
    return Standing(
        connector=connector,
        vendor=await _vendor(unit, vendors, connector),
        state=state_of(connector, real_now),
        says=say_standing(connector, backlog, real_now),
        figures=figures,
        watermark=watermark,
        next_look_at=next_look(connector, real_now),
    )


async def show_writes(
    unit: TicketsUnit, vendors: Vendors, writes: Sequence[RemoteWrite], *, internal_too: bool
) -> list[ShownWrite]:
    """Orders in words. `internal_too`: whoever asks may read what is for the desk only."""
    dossiers = {each.ticket.ticket_id: each for each in await unit.tickets.read({each.ticket_id for each in writes})}
    links = await unit.remote_links.load(set(dossiers))
    comments = await unit.tickets.comments({each.comment_id for each in writes if each.comment_id is not None})
    takes = {name: await _takes(unit, vendors, name) for name in {each.connector for each in writes}}
    shown = []
    payload: Mapping[str, str]
    for write in writes:
        dossier, link = dossiers[write.ticket_id], links.get(write.ticket_id)
        comment = comments.get(write.comment_id or "")
        if write.kind is WriteKind.COMMENT:
            payload = _comment_payload(comment, internal_too=internal_too)
        elif write.state is WriteState.WAITING:
            payload = _would_tell(write, dossier, link, takes[write.connector])
        else:
            payload = write.payload
        shown.append(
            ShownWrite(
                write=write,
                number=dossier.ticket.number,
                subject=dossier.ticket.subject,
                payload=payload,
                says=say_write(write, payload),
            )
        )
    return shown


async def show_conflicts(unit: TicketsUnit, conflicts: Sequence[Conflict]) -> list[tuple[Conflict, int]]:
    """With the numbers of their tickets."""
    numbers = {
        each.ticket.ticket_id: each.ticket.number
        for each in await unit.tickets.read({conflict.ticket_id for conflict in conflicts})
    }
    return [(each, numbers[each.ticket_id]) for each in conflicts]


async def show_remote(unit: TicketsUnit, vendors: Vendors, ticket_id: str, *, internal_too: bool) -> Remote:
    """A ticket field by field, ours and theirs. Raises `TicketNotFound`, `TicketNotLinked`."""
    ticket = (await unit.tickets.get(ticket_id)).ticket
    link = (await unit.remote_links.load({ticket.ticket_id})).get(ticket.ticket_id)
    if link is None:
        raise TicketNotLinked(f"Ticket {ticket.number} is at no helpdesk.")
    connector = await unit.connectors.get(link.connector)
    writes, _ = await unit.remote_writes.page(LAST, ticket_id=ticket.ticket_id)
    conflicts, _ = await unit.remote_links.page_conflicts(LAST, ticket_id=ticket.ticket_id)
    changed = changed_here(link, ticket)
    return Remote(
        link=link,
        fields=[
            ShownField(
                name=name,
                ours=value_of(ticket, name),
                theirs=link.theirs.get(name),
                owner=connector.owner_of(name, link.ownership),
                agreed=name in link.ours and name not in changed,
            )
            for name in FIELDS
        ],
        writes=await show_writes(unit, vendors, writes, internal_too=internal_too),
        conflicts=[(each, ticket.number) for each in conflicts],
    )


def _comment_payload(comment: Comment | None, *, internal_too: bool) -> dict[str, str]:
    if comment is None or comment.retracted_at is not None:
        return {}
    readable = {"body": comment.body[:LONGEST_BODY]} if comment.public or internal_too else {}
    return {**readable, "public": "true" if comment.public else "false"}


def _would_tell(
    write: RemoteWrite, dossier: Dossier, link: RemoteLink | None, takes: Collection[str]
) -> Mapping[str, str]:
    ticket = dossier.ticket
    if write.kind is WriteKind.CREATE:
        return {"subject": ticket.subject, "priority": ticket.priority.value}
    if link is None:
        return {}
    return {str(name): word for name, word in changed_here(link, ticket).items() if name in takes}


async def _takes(unit: TicketsUnit, vendors: Vendors, name: str) -> Collection[str]:
    connector = await unit.connectors.find(name)
    vendor = None if connector is None else await _vendor(unit, vendors, connector)
    return FIELDS if vendor is None or vendor.calls is None else vendor.calls.takes


async def _vendor(unit: TicketsUnit, vendors: Vendors, connector: Connector) -> VendorFile | None:
    try:
        return await vendors.of(unit, connector)
    except PermanentFailure:
        return None
