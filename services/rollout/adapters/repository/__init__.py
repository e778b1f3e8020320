"""The rollout service's unit of work: its repositories on one session, and `record`."""

from services.rollout.adapters.repository.people import PeopleRepository
from services.rollout.adapters.repository.rollouts import RolloutsRepository
from shared.database import UnitOfWork


class RolloutUnit:
    """What one transaction may touch. There is no commit here: the boundary that opened the unit commits."""

    def __init__(self, work: UnitOfWork) -> None:
        self.rollouts = RolloutsRepository(work)
        self.people = PeopleRepository(work)
        self.record = work.record
