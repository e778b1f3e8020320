"""Simulated helpdesks by name. `ALL` is what the contract tests of the sync run against."""

from tests.support.helpdesks.desk import SimulatedDesk
from tests.support.helpdesks.faults import DeskTransport, Faults, Refusal
from tests.support.helpdesks.freshdesk import Freshdesk
from tests.support.helpdesks.freshservice import Freshservice
from tests.support.helpdesks.github import GitHub
from tests.support.helpdesks.records import RemoteComment, RemoteState, SentWebhook
from tests.support.helpdesks.rt import RequestTracker
from tests.support.helpdesks.zammad import Zammad
from tests.support.helpdesks.zendesk import Zendesk

ALL: dict[str, type[SimulatedDesk]] = {
    "freshdesk": Freshdesk,
    "freshservice": Freshservice,
    "rt": RequestTracker,
    "github": GitHub,
    "zammad": Zammad,
    "zendesk": Zendesk,
}

__all__ = ["ALL", "DeskTransport", "Faults", "Refusal", "RemoteComment", "RemoteState", "SentWebhook", "SimulatedDesk"]
