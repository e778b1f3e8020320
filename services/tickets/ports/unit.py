"""One transaction as the use cases see it."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from services.tickets.ports.baselines import Baselines
from services.tickets.ports.channel import Channel, Faq, Support
from services.tickets.ports.clocks import Clocks, Webhooks
from services.tickets.ports.contacts import Contacts
from services.tickets.ports.directory import Directory, Sources
from services.tickets.ports.exemptions import Exemptions
from services.tickets.ports.links import Links
from services.tickets.ports.policies import Calendars, Migrations, Policies
from services.tickets.ports.recognitions import Recognitions
from services.tickets.ports.reports import Reports
from services.tickets.ports.reviews import Reviews
from services.tickets.ports.sync import Connectors, RemoteLinks, RemoteWrites, SyncRecords
from services.tickets.ports.teams import Teams, Views
from services.tickets.ports.tickets import Tickets
from services.tickets.ports.what_ifs import WhatIfs
from shared.events.envelope import Envelope, Event


class TicketsUnit(Protocol):
    """One transaction as the use cases see it."""

    @property
    def tickets(self) -> Tickets: ...

    @property
    def links(self) -> Links: ...

    @property
    def baselines(self) -> Baselines: ...

    @property
    def teams(self) -> Teams: ...

    @property
    def views(self) -> Views: ...

    @property
    def clocks(self) -> Clocks: ...

    @property
    def contacts(self) -> Contacts: ...

    @property
    def policies(self) -> Policies: ...

    @property
    def calendars(self) -> Calendars: ...

    @property
    def migrations(self) -> Migrations: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def reports(self) -> Reports: ...

    @property
    def exemptions(self) -> Exemptions: ...

    @property
    def what_ifs(self) -> WhatIfs: ...

    @property
    def reviews(self) -> Reviews: ...

    @property
    def recognitions(self) -> Recognitions: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def faq(self) -> Faq: ...

    @property
    def support(self) -> Support: ...

    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def connectors(self) -> Connectors: ...

    @property
    def remote_links(self) -> RemoteLinks: ...

    @property
    def remote_writes(self) -> RemoteWrites: ...

    @property
    def sync_records(self) -> SyncRecords: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]: ...


class Units(Protocol):
    """Opens transactions, for workers that do a piece of work between two of them."""

    def unit(self) -> AbstractAsyncContextManager[TicketsUnit]: ...

    def read(self) -> AbstractAsyncContextManager[TicketsUnit]: ...
