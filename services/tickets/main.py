"""The composition root: API, relay, consumers and timer in one process."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.tickets.adapters.helpdesk import OutsideHelpdesks
from services.tickets.adapters.repository import DatabaseUnit, PolicyShelf
from services.tickets.adapters.tables import plumbing
from services.tickets.adapters.webhook_post import WebhookPost
from services.tickets.api import ROUTERS
from services.tickets.consumers import gateway_handlers, mail_handlers, rollout_handlers
from services.tickets.permissions import PERMISSIONS
from services.tickets.settings import TicketsSettings
from services.tickets.timers import (
    Ladders,
    breach_due_clocks,
    confirm_breaches,
    next_confirmable,
    next_due,
    next_wake,
)
from services.tickets.usecases.clockwork.posting import PostRound
from services.tickets.usecases.incidents import IncidentRunner
from services.tickets.usecases.mailing import MailRules
from services.tickets.usecases.policies import MigrationRunner
from services.tickets.usecases.reporting.folding import CounterFolding
from services.tickets.usecases.reporting.replaying import Replayer
from services.tickets.usecases.syncing.configuring import keep_renewed
from services.tickets.usecases.syncing.rounds import HelpdeskRounds
from services.tickets.usecases.syncing.vendors import Vendors
from shared.app import build_app
from shared.clock import Clock
from shared.runtime import Runtime
from shared.vault import Vault


def create_app(settings: TicketsSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """The tickets service. Settings come from the environment unless given."""
    settings = settings or TicketsSettings()
    runtime = Runtime(
        settings,
        service="tickets",
        plumbing=plumbing,
        make_unit=partial(DatabaseUnit, shelf=PolicyShelf()),
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
    )
    runtime.consume("tickets-deliveries", stream="gateway", handlers=gateway_handlers(runtime.business))
    rules = MailRules(runtime.links.read_thread, reopens=settings.mail_reopens)
    runtime.consume("tickets-mail", stream="gateway", handlers=mail_handlers(runtime.business, rules))
    runtime.consume("tickets-directory", stream="rollout", handlers=rollout_handlers())
    migrations = MigrationRunner(runtime.database, business=runtime.business, reached=runtime.crash.reach)
    runtime.worker("policy migrations", step=migrations.step)
    runtime.worker("what-if", step=Replayer(runtime.database, runtime.business).step)
    runtime.worker("fold counters", step=CounterFolding(runtime.database).step)
    vault = None if settings.credentials_key is None else Vault(settings.credentials_key)
    post = WebhookPost(allow_private=settings.webhooks_to_private_addresses)
    posts = PostRound(database=runtime.database, post=post, vault=vault, clock=runtime.clock)
    runtime.worker("webhooks", step=posts.step)
    runtime.worker("major incidents", step=IncidentRunner(runtime.database, business=runtime.business).step)

    async def keep_credential(name: str, sealed: str) -> None:
        async with runtime.database.unit() as unit:
            await keep_renewed(unit, name, sealed)

    vendors = Vendors()
    helpdesks = HelpdeskRounds(
        database=runtime.database,
        helpdesks=OutsideHelpdesks(vault, keep_credential, clock=runtime.clock),
        vendors=vendors,
        clock=runtime.clock,
        business=runtime.business,
        public_url=settings.public_url,
        reached=runtime.crash.reach,
    )
    runtime.worker("helpdesks", step=helpdesks.step)
    runtime.timer("sla clocks", next_due=next_due, fire=breach_due_clocks, after_backlog=True)
    ladders = Ladders(clock=runtime.clock, public_url=settings.public_url)
    runtime.timer("escalations", next_due=next_wake, fire=ladders.fire, after_backlog=True)
    runtime.timer("confirmations", next_due=next_confirmable, fire=confirm_breaches, after_backlog=True)
    app = build_app(runtime, routers=ROUTERS, permissions=PERMISSIONS, title="Glidepath tickets")
    app.state.vault, app.state.vendors = vault, vendors
    return app
