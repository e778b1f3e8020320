"""The composition root: one process with API, relay, consumers, timer and workers."""

from pathlib import Path

from fastapi import FastAPI

from services.rollout.adapters.moodle import OutsidePlatforms
from services.rollout.adapters.repository import RolloutUnit
from services.rollout.adapters.tables import plumbing
from services.rollout.api.connections import connections_router
from services.rollout.api.freezes import make_freezes_router
from services.rollout.api.people import router as people_router
from services.rollout.api.plans import make_plans_router
from services.rollout.api.rollouts import make_rollouts_router
from services.rollout.api.signoffs import make_signoff_page_router, make_signoffs_router
from services.rollout.consumers.learning import learning_handlers
from services.rollout.consumers.rollouts import survey_handlers, ticket_handlers
from services.rollout.permissions import PERMISSIONS
from services.rollout.settings import RolloutSettings
from services.rollout.timers import look, next_look_at
from services.rollout.usecases.enrolment import EnrolmentPush
from services.rollout.usecases.polling import CompletionPoll
from shared.app import build_app
from shared.clock import Clock
from shared.runtime import Runtime
from shared.vault import Vault


def create_app(settings: RolloutSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """The rollout service. Settings come from the environment unless given."""
    settings = settings or RolloutSettings()
    runtime: Runtime[RolloutUnit] = Runtime(
        settings,
        service="rollout",
        plumbing=plumbing,
        make_unit=RolloutUnit,
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
    )
    vault = Vault(settings.credentials_key)
    platforms = OutsidePlatforms(vault)
    runtime.consume("rollout-learning", stream="gateway", handlers=learning_handlers(runtime.business))
    runtime.consume("rollout-tickets", stream="tickets", handlers=ticket_handlers())
    runtime.consume("rollout-survey", stream="survey", handlers=survey_handlers())
    runtime.timer("look at waves", next_due=next_look_at, fire=look)
    clocks = {"clock": runtime.clock, "business": runtime.business}
    runtime.worker("enrol", step=EnrolmentPush(runtime.database, platforms, **clocks).step)
    runtime.worker("poll completions", step=CompletionPoll(runtime.database, platforms, **clocks).step)
    return build_app(
        runtime,
        routers=[
            make_plans_router(),
            make_rollouts_router(),
            make_signoffs_router(),
            make_signoff_page_router(),
            make_freezes_router(),
            people_router,
            connections_router(vault, platforms.vendors()),
        ],
        permissions=PERMISSIONS,
        title="Glidepath rollout",
    )
