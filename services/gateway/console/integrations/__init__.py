"""`/integrations`: what every outside system sends and is told, how it stands, and how to set it up.

A source is the gateway's (what comes in by webhooks), a connector the tickets service's (what is read and written there); under
one name they are one integration. Everything works by links and forms alone. Its times are real, even in a demo.
"""

from collections.abc import Iterator
from datetime import datetime

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.routing import Route

from services.gateway.console.behind import Behind
from services.gateway.console.desk.asking import Desk
from services.gateway.console.integrations.acts import Acts
from services.gateway.console.integrations.asking import Outside
from services.gateway.console.integrations.overview import OverviewPages
from services.gateway.console.integrations.page import IntegrationPages
from services.gateway.console.integrations.setup import SetupPages
from services.gateway.console.integrations.words import say_ago
from services.gateway.console.rendering import Pages, as_instant, say_time, zone_of
from services.gateway.console.sessions import SessionDesk
from shared.clock import render_instant

__all__ = ["integration_routes"]


def integration_routes(behind: Behind, sessions: SessionDesk, pages: Pages, *, public_url: str) -> list[Route]:
    """`public_url` is where outside systems find the gateway."""
    pages.offer(ago=_ago)
    outside = Outside(Desk(behind, sessions, pages), public_url.rstrip("/"))
    return list(_routes(outside))


def _routes(outside: Outside) -> Iterator[Route]:
    overview, pages, setup = OverviewPages(outside), IntegrationPages(outside), SetupPages(outside)
    acts = Acts(outside, pages)
    yield Route("/integrations", overview.index)
    yield Route("/integrations/connect", overview.choose)
    yield Route("/integrations/connect/{vendor}", setup.new)
    yield Route("/integrations/connect/{vendor}", setup.make, methods=["POST"])
    at = "/integrations/{name}"
    yield Route(at, pages.show)
    for path, show, act in (
        ("edit", setup.edit, setup.save),
        ("credential", setup.ask_credential, setup.set_credential),
        ("steps", setup.steps, setup.set_secret),
        ("mode", acts.ask_mode, acts.set_mode),
        ("remove", setup.ask_removal, setup.remove),
    ):
        yield Route(f"{at}/{path}", show)
        yield Route(f"{at}/{path}", act, methods=["POST"])
    yield Route(f"{at}/credential/forget", setup.forget_credential, methods=["POST"])
    yield Route(f"{at}/switch", acts.switch, methods=["POST"])
    yield Route(f"{at}/runs", acts.run, methods=["POST"])
    yield Route(f"{at}/runs/{{id}}", acts.show_run)
    yield Route(f"{at}/all/{{act}}", acts.on_all, methods=["POST"])
    yield Route(f"{at}/quarantine/{{id}}/replay", acts.release, methods=["POST"])
    yield Route(f"{at}/rows/{{id}}/{{act}}", acts.on_one, methods=["POST"])
    yield Route(f"{at}/{{what}}", pages.listed)


@pass_context
def _ago(context: Context, at: str | datetime | None, *, business: bool = False) -> Markup:
    """`<time>` that says how long ago something was in real time, or in business time; a script counts on."""
    instant = as_instant(at)
    if instant is None:
        return Markup("")
    there = zone_of(str(context.get("zone") or "UTC"))
    hint = f"{say_time(instant, there, 'exact')} {there.key}"
    said = say_ago(instant, context["now" if business else "real_now"])
    clock = "business" if business else "real"
    return Markup('<time datetime="{}" title="{}" data-ago="{}">{}</time>').format(
        render_instant(instant), hint, clock, said
    )
