"""The repositories of this service over one transaction."""

from typing import Any

from services.tickets.adapters.repository.baselines import BaselineRepository
from services.tickets.adapters.repository.calendars import CalendarRepository
from services.tickets.adapters.repository.channel import ChannelRepository
from services.tickets.adapters.repository.clocks import ClockRepository
from services.tickets.adapters.repository.contacts import ContactRepository
from services.tickets.adapters.repository.directory import DirectoryRepository
from services.tickets.adapters.repository.faq import FaqRepository
from services.tickets.adapters.repository.links import LinkRepository
from services.tickets.adapters.repository.migrations import MigrationRepository
from services.tickets.adapters.repository.policies import PolicyRepository, PolicyShelf
from services.tickets.adapters.repository.reports import (
    ExemptionRepository,
    RecognitionRepository,
    ReportRepository,
    ReviewRepository,
    WhatIfRepository,
)
from services.tickets.adapters.repository.sources import SourceRepository
from services.tickets.adapters.repository.support import SupportRepository
from services.tickets.adapters.repository.sync import (
    ConnectorRepository,
    RemoteLinkRepository,
    RemoteWriteRepository,
    SyncRecordRepository,
)
from services.tickets.adapters.repository.teams import TeamRepository, ViewRepository
from services.tickets.adapters.repository.tickets import TicketRepository
from services.tickets.adapters.repository.webhooks import WebhookRepository
from shared.database import UnitOfWork
from shared.events.envelope import Envelope, Event

__all__ = ["DatabaseUnit", "PolicyShelf"]


class DatabaseUnit:
    """`ports.TicketsUnit` over a unit of work; `shelf` is of the database that it belongs to."""

    def __init__(self, work: UnitOfWork, shelf: PolicyShelf) -> None:
        self._work = work
        self.links = LinkRepository(work)
        self.baselines = BaselineRepository(work)
        self.teams = TeamRepository(work)
        self.views = ViewRepository(work)
        self.contacts = ContactRepository(work)
        self.calendars = CalendarRepository(work)
        self.policies = PolicyRepository(work, self.calendars, shelf)
        self.webhooks = WebhookRepository(work)
        self.clocks = ClockRepository(work, self.policies)
        self.tickets = TicketRepository(work, self.policies)
        self.migrations = MigrationRepository(work)
        self.directory = DirectoryRepository(work, self.contacts)
        self.sources = SourceRepository(work)
        self.reports = ReportRepository(work)
        self.exemptions = ExemptionRepository(work)
        self.what_ifs = WhatIfRepository(work)
        self.reviews = ReviewRepository(work)
        self.recognitions = RecognitionRepository(work)
        self.channel = ChannelRepository(work)
        self.faq = FaqRepository(work)
        self.support = SupportRepository(work)
        self.connectors = ConnectorRepository(work)
        self.remote_links = RemoteLinkRepository(work)
        self.remote_writes = RemoteWriteRepository(work)
        self.sync_records = SyncRecordRepository(work)

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]:
        return self._work.record(payload, aggregate_version=aggregate_version)
