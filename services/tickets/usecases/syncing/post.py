"""What the pieces of a connector's work share: where things are kept, what time it is, and what a ticket looks like outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tickets.domain.dossier import Dossier
from services.tickets.domain.sync import Connector, RemoteLink, RemoteWrite, marker_of
from services.tickets.ports import Contact, TicketsUnit, Units
from services.tickets.ports.sync import OutgoingTicket
from services.tickets.usecases.applying import Arrival
from services.tickets.usecases.syncing.weighing import Says
from shared.clock import BusinessClock, Clock
from shared.mapping import VendorFile
from shared.mapping.calls import Calls

BY = "sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a helpdesk has to be called for: orders whose answer was lost, orders to tell, a dry run, tickets to read, and a page
    of its list of changes."""

    unclear: bool
    orders: bool
    look: bool
    reads: bool
    page: bool

    @property
    def anything(self) -> bool:
        return self.unclear or self.orders or self.look or self.reads or self.page


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One connector's work in one round."""

    database: Units
    connector: Connector
    vendor: VendorFile
    clock: Clock
    business: BusinessClock
    public_url: str
    reached: Callable[[str], None]

    @property
    def calls(self) -> Calls:
        assert self.vendor.calls is not None
        return self.vendor.calls

    @property
    def says(self) -> Says:
        return {} if self.vendor.calls is None else self.vendor.calls.says

    def arrival(self, now: datetime) -> Arrival:
        """Facts that we read ourselves, now."""
        return Arrival(source=self.connector.name, delivery_id="", received_at=now, whole=True, says=self.says)

    async def what_is_due(self, unit: TicketsUnit) -> Due:
        """What the helpdesk has to be called for, asked of small indexes."""
        now, connector = self.clock.now(), self.connector
        run = await unit.sync_records.open_run(connector.name)
        next_try = await unit.remote_writes.next_try(connector.name)
        unclear = next_try is not None and await unit.remote_writes.due(connector.name, now, 1, uncertain=True)
        return Due(
            unclear=bool(unclear),
            orders=connector.two_way and next_try is not None and next_try <= now,
            look=run is not None and run.dry,
            reads=bool(await unit.remote_links.wanted_reads(connector.name, 1)),
            page=self.poll_is_due(now) or (run is not None and not run.dry),
        )

    def poll_is_due(self, now: datetime) -> bool:
        connector = self.connector
        if self.vendor.calls is None or self.vendor.calls.tickets is None:
            return False
        if connector.poll_wanted or connector.polled_at is None or connector.cursor.get("page") is not None:
            return True
        return connector.polled_at + connector.poll_every_for <= now

    @property
    def settle_for(self) -> timedelta:
        return timedelta(seconds=self.calls.settle_seconds)

    def outgoing(
        self, dossier: Dossier, link: RemoteLink, write: RemoteWrite, requester: Contact | None
    ) -> OutgoingTicket:
        """The ticket as the helpdesk is told of it."""
        ticket = dossier.ticket
        return OutgoingTicket(
            external_id=link.external_id,
            external_key=ticket.external_key,
            number=ticket.number,
            subject=ticket.subject,
            description=ticket.description,
            status=ticket.status.value,
            priority=ticket.priority.value,
            kind=ticket.kind.value,
            tags=ticket.tags,
            requester_email=requester.email if requester else None,
            requester_name=(requester.name if requester else "") or "",
            url=f"{self.public_url.rstrip('/')}/tickets/{ticket.number}",
            marker=marker_of(write.write_id),
            attempt_id=write.write_id,
            attempt_since=write.first_attempted_at or self.clock.now(),
        )
