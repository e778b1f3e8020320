"""Clocks across tickets: `breaching` is the timer's way, `watermarks` what it waits for, `watching` what people look at,
`climbing` what escalates."""

from services.tickets.adapters.repository.clocks.breaching import BreachingClocks
from services.tickets.adapters.repository.clocks.climbing import ClimbingClocks
from services.tickets.adapters.repository.clocks.watermarks import Watermarks
from services.tickets.adapters.repository.policies import PolicyRepository
from shared.database import UnitOfWork

__all__ = ["ClockRepository"]


class ClockRepository(BreachingClocks, Watermarks, ClimbingClocks):
    """`ports.Clocks`."""

    def __init__(self, work: UnitOfWork, policies: PolicyRepository) -> None:
        self._work = work
        self._session = work.session
        self._policies = policies
