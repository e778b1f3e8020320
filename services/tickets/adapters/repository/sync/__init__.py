"""Outside helpdesks: connectors, links, orders, and what is told of them."""

from services.tickets.adapters.repository.sync.connectors import ConnectorRepository
from services.tickets.adapters.repository.sync.links import RemoteLinkRepository
from services.tickets.adapters.repository.sync.records import SyncRecordRepository
from services.tickets.adapters.repository.sync.writes import RemoteWriteRepository

__all__ = ["ConnectorRepository", "RemoteLinkRepository", "RemoteWriteRepository", "SyncRecordRepository"]
