"""One transaction as the use cases see it."""

from typing import Any, Protocol

from services.tickets.ports.contacts import Contacts
from services.tickets.ports.directory import Directory, Sources
from services.tickets.ports.policies import Policies
from services.tickets.ports.tickets import Tickets
from shared.events.envelope import Envelope, Event


class TicketsUnit(Protocol):
    """One transaction as the use cases see it."""

    @property
    def tickets(self) -> Tickets: ...

    @property
    def contacts(self) -> Contacts: ...

    @property
    def policies(self) -> Policies: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def sources(self) -> Sources: ...

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]: ...
