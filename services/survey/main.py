"""The composition root: one process with API, relay, consumer and timers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import SystemRandom

from fastapi import FastAPI

from services.survey.adapters.instrument_files import FileLibrary
from services.survey.adapters.repository import RepositoryUnit
from services.survey.adapters.tables import plumbing
from services.survey.api import make_page_router, make_rest_router
from services.survey.consumers import make_handlers
from services.survey.permissions import PERMISSIONS
from services.survey.ports import InstrumentLibrary
from services.survey.settings import SurveySettings
from services.survey.timers import CampaignTimers
from services.survey.usecases import publish_instruments
from shared.app import build_app
from shared.clock import Clock
from shared.runtime import Runtime


class SurveyRuntime(Runtime[RepositoryUnit]):
    """Publishes the instruments of this release before anything else runs; a changed version keeps it from starting."""

    library: InstrumentLibrary

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self.database.unit() as unit:
            await publish_instruments(unit, self.library, self.clock.now())
        async with super().running():
            yield


def create_app(settings: SurveySettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """The survey service. Settings come from the environment unless given."""
    settings = settings or SurveySettings()
    runtime = SurveyRuntime(
        settings,
        service="survey",
        plumbing=plumbing,
        make_unit=RepositoryUnit,
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
    )
    runtime.library = FileLibrary(settings.survey_instruments)
    runtime.consume("survey-rollout", stream="rollout", handlers=make_handlers(runtime.library))
    timers = CampaignTimers(runtime.business, SystemRandom())
    runtime.timer("launch campaigns", next_due=timers.launch_due_at, fire=timers.fire_launch)
    runtime.timer("release answers", next_due=timers.release_due_at, fire=timers.fire_release)
    runtime.timer("close campaigns", next_due=timers.close_due_at, fire=timers.fire_close)
    return build_app(
        runtime, routers=[make_rest_router(), make_page_router()], permissions=PERMISSIONS, title="Glidepath survey"
    )
