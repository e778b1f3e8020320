"""The four services in this process, made with settings that are passed, not read from the environment one by one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from glidepath.commands.database import migrate_one
from glidepath.embedded.folder import SERVICES, DataFolder, Secrets
from services.gateway.adapters.upstreams import InProcessUpstream
from services.gateway.main import create_app as create_gateway
from services.gateway.settings import GatewaySettings
from services.rollout.main import create_app as create_rollout
from services.rollout.settings import RolloutSettings
from services.survey.main import create_app as create_survey
from services.survey.settings import SurveySettings
from services.tickets.main import create_app as create_tickets
from services.tickets.settings import TicketsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The gateway's app, to be served, and the others, which it reaches in process."""

    gateway: FastAPI
    others: dict[str, FastAPI]

    @asynccontextmanager
    async def others_running(self) -> AsyncIterator[None]:
        """Run the lifespans of the services behind the gateway (a server runs the gateway's own)."""
        async with AsyncExitStack() as stack:
            for app in self.others.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    async def unready_because(self) -> list[str]:
        """Which service is not ready and why; empty when all are."""
        apps = {"gateway": self.gateway, **self.others}
        reasons = {name: await app.state.runtime.unready_because() for name, app in apps.items()}
        return [f"{name}: {reason}" for name, reason in reasons.items() if reason is not None]


def migrate_all(folder: DataFolder) -> None:
    """Bring every database of the folder to this release's schema. Blocking; one after the other."""
    for service in SERVICES:
        migrate_one(service, folder.database_url(service))


def build_stack(folder: DataFolder, secrets: Secrets, *, nats_url: str, public_url: str) -> Stack:
    """Settings that are not named here (demo, mail, limits) come from GLIDEPATH_* as in any other deployment."""

    def settings(service: str, **own: Any) -> dict[str, Any]:
        return {
            "database_url": folder.database_url(service),
            "nats_url": nats_url,
            "identity_key": secrets.identity_key,
            "link_key": secrets.link_key,
            "public_url": public_url,
            **own,
        }

    others = {
        "rollout": create_rollout(RolloutSettings(**settings("rollout", credentials_key=secrets.credentials_key))),
        "tickets": create_tickets(TicketsSettings(**settings("tickets", credentials_key=secrets.credentials_key))),
        "survey": create_survey(SurveySettings(**settings("survey"))),
    }
    gateway = create_gateway(
        GatewaySettings(
            **settings(
                "gateway",
                credentials_key=secrets.credentials_key,
                key_pepper=secrets.key_pepper,
                bootstrap_api_key=secrets.admin_api_key,
            )
        ),
        upstreams={name: InProcessUpstream(app, name=name, timeout_seconds=30.0) for name, app in others.items()},
    )
    return Stack(gateway=gateway, others=others)
