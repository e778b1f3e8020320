"""The gateway's composition root."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry.metrics import Meter

from services.gateway.adapters.judging import Judging, fetch_key_set
from services.gateway.adapters.jwks import KeySets
from services.gateway.adapters.mail import SmtpMailer
from services.gateway.adapters.repository import ChangeBoard, GatewayTransaction
from services.gateway.adapters.tables import plumbing
from services.gateway.adapters.upstreams import HttpUpstream, InProcessUpstream
from services.gateway.adapters.vendors import VendorShelf
from services.gateway.api import Parts, gateway_routers
from services.gateway.console import Console, build_console
from services.gateway.consumers import subscriptions
from services.gateway.domain.bucket import Allowance
from services.gateway.domain.delivery import Accepted, Refused
from services.gateway.domain.mail import Mailbox
from services.gateway.forward.callers import Callers
from services.gateway.forward.doors import INSIDE, Doors, is_for_a_door
from services.gateway.forward.hooks import HookDoor
from services.gateway.forward.limits import Limiter
from services.gateway.forward.mail import make_mail_door
from services.gateway.forward.services import Mint, ServiceDoor
from services.gateway.forward.sources import SourceBoard
from services.gateway.forward.writer import GroupCommit, Item
from services.gateway.permissions import PERMISSIONS
from services.gateway.ports import ASGIApp, GatewayUnit, Receive, Scope, Send, Upstream
from services.gateway.settings import GatewaySettings
from services.gateway.timers import NoticeRound, Tidying
from services.gateway.usecases.deliveries import accept_deliveries, keep_refused
from services.gateway.usecases.keys import ensure_bootstrap_key
from services.gateway.usecases.notices import PostOffice
from services.gateway.usecases.quiet import ask_quiet
from shared.app import build_app
from shared.clock import Clock, monotonic
from shared.database import UnitOfWork
from shared.runtime import Runtime
from shared.telemetry import Telemetry
from shared.vault import Vault

MIGRATIONS = Path(__file__).parent / "migrations"
ROOM_LOOKED_AT_EVERY_SECONDS = 1.0
REFUSALS = Allowance(burst=300, rate_per_second=5.0)
GatewayRuntime = Runtime[GatewayUnit]


def make_runtime(
    settings: GatewaySettings, *, clock: Clock | None = None, board: ChangeBoard | None = None
) -> GatewayRuntime:
    """The gateway's process without its app: enough to migrate, to make a key or a login link."""

    def make_unit(work: UnitOfWork) -> GatewayUnit:
        return GatewayTransaction(work, board)

    return Runtime(
        settings, service="gateway", plumbing=plumbing, make_unit=make_unit, migrations=MIGRATIONS, clock=clock
    )


def create_app(
    settings: GatewaySettings | None = None,
    *,
    upstreams: Mapping[str, Upstream] | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """The gateway. `upstreams` (rollout, tickets, survey) None: over HTTP to the URLs of the settings."""
    settings = settings or GatewaySettings()
    board = ChangeBoard()
    runtime = make_runtime(settings, clock=clock, board=board)
    telemetry = runtime.telemetry
    runtime.telemetry = DoorTelemetry(telemetry.tracer_provider, telemetry.meter_provider, telemetry.registry)
    behind = dict(upstreams) if upstreams is not None else http_upstreams(settings)
    vendors, vault = VendorShelf(Judging(KeySets(fetch_key_set))), Vault(settings.credentials_key)
    mint = Mint(runtime.identities, runtime.clock)
    parts = Parts(settings=settings, vendors=vendors, vault=vault, ask_quiet=lambda: ask_quiet(behind, mint.token))
    app = build_app(runtime, routers=gateway_routers(parts), permissions=PERMISSIONS, title="Glidepath gateway")
    timeout = settings.upstream_timeout_seconds
    behind["gateway"] = InProcessUpstream(_inside(app), name="gateway", timeout_seconds=timeout)

    callers = Callers(runtime.database, pepper=settings.key_pepper, clock=runtime.clock)
    board.listen("keys", callers.forget)
    writer = _make_writer(runtime, settings)
    office = _add_loops(runtime, settings, board)
    count = _counter(runtime.telemetry.meter())
    mail = make_mail_door(settings, writer=writer, clock=runtime.clock, room=Room(runtime, settings), count=count)

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        await _prepare(runtime, settings, office)
        writer.start()
        try:
            if mail is not None:
                await mail.start()
            yield
        finally:
            if mail is not None:
                await mail.stop()
            await writer.stop()
            await callers.drain()
            for upstream in behind.values():
                await upstream.aclose()

    _within_lifespan(app, opened)
    console = _make_console(runtime, settings, behind, mint)
    app.state.upstreams, app.state.mint, app.state.console, app.state.mail = behind, mint, console, mail
    # The doors stand outside of the framework's own stack: that is what makes them fast.
    app.middleware_stack = Doors(
        inside=app.build_middleware_stack(),
        hooks=_make_hook_door(runtime, settings, board, writer, vendors, vault),
        services=_make_service_door(settings, behind, callers, mint),
        callers=callers,
        pages=console,
        base_url=settings.public_url.rstrip("/"),
    )
    return app


def _make_hook_door(
    runtime: GatewayRuntime,
    settings: GatewaySettings,
    board: ChangeBoard,
    writer: GroupCommit,
    vendors: VendorShelf,
    vault: Vault,
) -> HookDoor:
    sources = SourceBoard(runtime.database, vendors, vault)
    board.listen("sources", sources.forget)
    return HookDoor(
        sources=sources,
        writer=writer,
        vault=vault,
        clock=runtime.clock,
        room=Room(runtime, settings),
        refusals=Limiter(REFUSALS),
        base_url=settings.public_url.rstrip("/"),
        read_seconds=settings.hook_read_seconds,
        count=_counter(runtime.telemetry.meter()),
    )


def _make_service_door(
    settings: GatewaySettings, behind: Mapping[str, Upstream], callers: Callers, mint: Mint
) -> ServiceDoor:
    return ServiceDoor(
        upstreams=behind,
        callers=callers,
        mint=mint,
        limits=Limiter(Allowance(burst=settings.rate_burst, rate_per_second=settings.rate_per_second)),
        public_limits=Limiter(Allowance(burst=settings.public_burst, rate_per_second=settings.public_per_second)),
        form_limits=Limiter(Allowance(burst=settings.form_burst, rate_per_second=settings.form_per_minute / 60)),
        base_url=settings.public_url.rstrip("/"),
        body_most=settings.api_body_most,
        read_seconds=settings.upstream_timeout_seconds,
    )


def _make_console(
    runtime: GatewayRuntime, settings: GatewaySettings, behind: Mapping[str, Upstream], mint: Mint
) -> Console:
    return build_console(
        database=runtime.database,
        clock=runtime.clock,
        business_now=runtime.business.now,
        bus=runtime.bus,
        upstreams=behind,
        mint=mint.token,
        public_url=settings.public_url,
    )


def http_upstreams(settings: GatewaySettings) -> dict[str, Upstream]:
    """The services at the URLs of the settings."""
    urls = {"rollout": settings.rollout_url, "tickets": settings.tickets_url, "survey": settings.survey_url}
    timeout = settings.upstream_timeout_seconds
    return {name: HttpUpstream(url, name=name, timeout_seconds=timeout) for name, url in urls.items()}


class DoorTelemetry(Telemetry):
    """The doors are outside of FastAPI's per-request telemetry, which costs more than they do; they count for themselves.

    What goes on to the gateway's own API is measured there, and a forwarded request by the service that answers it.
    """

    def fastapi(self) -> TelemetryConfig:
        return {**super().fastapi(), "exclude": is_for_a_door}


class Room:
    """Whether webhooks can be taken in: the outbox and the disk are looked at once a second at most."""

    def __init__(self, runtime: GatewayRuntime, settings: GatewaySettings) -> None:
        self._runtime = runtime
        self._settings = settings
        self._looked_at: float | None = None
        self._reason: str | None = None

    async def __call__(self) -> str | None:
        """Why not, or None."""
        if self._looked_at is None or monotonic() - self._looked_at > ROOM_LOOKED_AT_EVERY_SECONDS:
            self._looked_at = monotonic()
            self._reason = await self._look()
        return self._reason

    async def _look(self) -> str | None:
        unsent = await self._runtime.relay.unsent_count()
        if unsent > self._settings.outbox_most:
            return f"{unsent} events wait to be handed on; deliveries are taken again when there are fewer."
        file = self._runtime.database.url.database
        if self._runtime.database.dialect == "sqlite" and file:
            free = shutil.disk_usage(Path(file).parent).free
            if free < self._settings.disk_floor_bytes:
                return "The disk is nearly full; deliveries are taken again when there is room."
        return None


def _make_writer(runtime: GatewayRuntime, settings: GatewaySettings) -> GroupCommit:
    async def commit(items: Sequence[Item]) -> None:
        async with runtime.database.unit() as unit:
            accepted = [item for item in items if isinstance(item, Accepted)]
            if accepted:
                await accept_deliveries(unit, accepted)
            refused = [item for item in items if isinstance(item, Refused)]
            if refused:
                await keep_refused(unit, refused, settings.quarantine_most)

    return GroupCommit(commit, most_waiting=settings.hook_waiting_most, most_batch=settings.hook_batch_most)


def _add_loops(runtime: GatewayRuntime, settings: GatewaySettings, board: ChangeBoard) -> PostOffice:
    for owner, handlers in subscriptions(runtime.clock).items():
        runtime.consume(f"gateway-hears-{owner}", stream=owner, handlers=handlers)
    office = PostOffice(
        database=runtime.database,
        mailer=SmtpMailer(settings) if settings.smtp_host else None,
        sign=runtime.links.mint,
        clock=runtime.clock,
        public_url=settings.public_url,
        mail_host=urlsplit(settings.public_url).hostname or "glidepath.invalid",
        mailbox=Mailbox(settings.mail_address) if settings.mail_listen and settings.mail_address else None,
        sign_thread=runtime.links.thread_token,
    )
    round_ = NoticeRound(office=office)
    board.listen("notices", round_.notice_kept)
    runtime.worker("notices", step=round_.step)
    tidying = Tidying(
        database=runtime.database, clock=runtime.clock, keep_for=timedelta(days=settings.keep_bodies_days)
    )
    runtime.worker("tidying", step=tidying.step)
    return office


async def _prepare(runtime: GatewayRuntime, settings: GatewaySettings, office: PostOffice) -> None:
    if settings.bootstrap_api_key is not None:
        async with runtime.database.unit() as unit:
            now: datetime = runtime.clock.now()
            await ensure_bootstrap_key(unit, settings.bootstrap_api_key, pepper=settings.key_pepper, now=now)
    await office.wake_undeliverable()


def _inside(app: FastAPI) -> ASGIApp:
    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, INSIDE: True}, receive, send)

    return inside


def _within_lifespan(app: FastAPI, opened: Callable[[], AbstractAsyncContextManager[None]]) -> None:
    """Run `opened` inside the app's own lifespan: after its database is reached, before its loops end."""
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def both(running: FastAPI) -> AsyncIterator[None]:
        async with outer(running), opened():
            yield

    app.router.lifespan_context = both


def _counter(meter: Meter) -> Callable[[str, str], None]:
    counter = meter.create_counter(
        "webhook_requests", description="Requests at /hooks, by source and what became of them."
    )

    def count(source: str, result: str) -> None:
        counter.add(1, {"source": source, "result": result})

    return count
