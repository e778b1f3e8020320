"""All SQL of the service, one module per matter; `SurveyUnit` is the whole of it over one transaction."""

from typing import Any

from services.survey.adapters.repository.answers import AnswerArchive, StagedAnswers, TallyBook
from services.survey.adapters.repository.campaigns import CampaignRepository, InvitationRepository, VerdictBook
from services.survey.adapters.repository.directory import PeopleDirectory
from services.survey.adapters.repository.instruments import InstrumentRepository
from shared.database import UnitOfWork
from shared.events.envelope import Envelope, Event

__all__ = ["RepositoryUnit"]


class RepositoryUnit:
    """The `SurveyUnit` of ports, on a database."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self.instruments = InstrumentRepository(work)
        self.campaigns = CampaignRepository(work)
        self.invitations = InvitationRepository(work)
        self.staging = StagedAnswers(work)
        self.archive = AnswerArchive(work)
        self.tallies = TallyBook(work)
        self.verdicts = VerdictBook(work)
        self.directory = PeopleDirectory(work)

    def record(self, payload: Event, *, aggregate_version: int | None = None) -> Envelope[Any]:
        return self._work.record(payload, aggregate_version=aggregate_version)
