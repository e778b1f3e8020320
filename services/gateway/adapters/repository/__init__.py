"""The gateway's repositories over one transaction."""

from services.gateway.adapters.repository.accounts import StoredClocks, StoredKeys, StoredLogins
from services.gateway.adapters.repository.deliveries import StoredDeliveries, StoredQuarantine
from services.gateway.adapters.repository.notices import StoredNotices
from services.gateway.adapters.repository.sources import StoredSources
from services.gateway.adapters.repository.watch import ChangeBoard
from shared.database import UnitOfWork

__all__ = ["ChangeBoard", "GatewayTransaction"]


class GatewayTransaction:
    """One transaction with the repositories; fulfils `ports.GatewayUnit`."""

    def __init__(self, work: UnitOfWork, board: ChangeBoard | None = None) -> None:
        board = board or ChangeBoard()
        self.record = work.record
        self.sources = StoredSources(work, board)
        self.deliveries = StoredDeliveries(work)
        self.quarantine = StoredQuarantine(work)
        self.keys = StoredKeys(work, board)
        self.notices = StoredNotices(work, board)
        self.logins = StoredLogins(work)
        self.clocks = StoredClocks(work)
