"""Templates, filled: autoescaped, strict about names, with times and numbers said the same everywhere."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse

from services.gateway.console.assets import Assets
from services.gateway.console.sessions import SignedIn
from services.gateway.permissions import PERMISSIONS
from shared.clock import parse_instant, render_instant

TEMPLATES = Path(__file__).parent / "templates"
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Pages:
    """Renders a template as an answer. `now` is business time; what it differs from real time by is shown in a demo."""

    def __init__(
        self, assets: Assets, *, business_now: Callable[[], datetime], real_now: Callable[[], datetime]
    ) -> None:
        self._business_now = business_now
        self._real_now = real_now
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.globals |= {"count": say_count, "when": when}
        self._environment.filters |= {"when": when, "number": say_number, "clip": clip, "exact": exact}

    def offer(self, **filters: Callable[..., Any]) -> None:
        """Filters for the templates of some pages."""
        self._environment.filters |= filters

    def now(self) -> datetime:
        """Business time."""
        return self._business_now()

    def real_now(self) -> datetime:
        """Real time, by which outside systems are waited for even in a demo."""
        return self._real_now()

    def fill(self, template: str, *, who: SignedIn | None, status: int = 200, **values: Any) -> HTMLResponse:
        """`values` go to the template, beside `who`, `now`, `zone` and what the navigation may offer."""
        html = self.render(template, who=who, status=status, **values)
        return HTMLResponse(html, status_code=status, headers=PAGE_HEADERS)

    def render(self, template: str, *, who: SignedIn | None, **values: Any) -> str:
        now, real_now = self.now(), self.real_now()
        ahead = now - real_now
        given = {"zone": "UTC", "here": "", "topic": "", "said": "", "problem": ""} | values
        return self._environment.get_template(template).render(
            who=who,
            now=now,
            real_now=real_now,
            clock_is_bent=abs(ahead.total_seconds()) > 1.0,
            sees_deliveries=who is not None and may(who, "GET /v1/deliveries"),
            **given,
        )


def may(who: SignedIn, row: str) -> bool:
    """Whether the gateway's own permission table lets somebody do this: what is refused is not offered."""
    allowed = PERMISSIONS[row]
    return isinstance(allowed, frozenset) and bool(who.identity.roles & allowed)


@pass_context
def when(
    context: Context, at: str | datetime | None, form: str = "full", *, live: bool = False, zone: str | None = None
) -> Markup:
    """`<time>` with the absolute time in `zone`, else in the page's zone; with `live`, a script adds how long that is from now.

    `form`: `full` (Mon 2 Mar 2026, 09:00), `short` (2 Mar, 09:00), `stamp` (Mon 2 Mar, 09:00), `log` (2 Mar, 09:00:12).
    """
    instant = as_instant(at)
    if instant is None:
        return Markup("")
    there = zone_of(zone or str(context.get("zone") or "UTC"))
    said = say_time(instant, there, form)
    hint = f"{say_time(instant, there, 'exact')} {there.key}"
    mark = Markup(" data-live") if live else Markup("")
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(render_instant(instant), hint, mark, said)


@pass_context
def exact(context: Context, at: str | datetime | None) -> str:
    """To the second, with the page's zone: what a shorter time says when it is pointed at."""
    instant, there = as_instant(at), zone_of(str(context.get("zone") or "UTC"))
    return "" if instant is None else f"{say_time(instant, there, 'exact')} {there.key}"


def say_time(instant: datetime, zone: ZoneInfo, form: str = "full") -> str:
    """See `when`."""
    local = instant.astimezone(zone)
    forms = {
        "full": f"{local:%a} {local.day} {local:%b %Y, %H:%M}",
        "short": f"{local.day} {local:%b, %H:%M}",
        "stamp": f"{local:%a} {local.day} {local:%b, %H:%M}",
        "log": f"{local.day} {local:%b, %H:%M:%S}",
        "exact": f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S}",
    }
    return forms[form]


def as_instant(at: str | datetime | None) -> datetime | None:
    """An RFC 3339 text or an instant as an instant; None for nothing or for what is no time."""
    if at is None or isinstance(at, datetime):
        return at
    try:
        return parse_instant(at)
    except ValueError:
        return None


def zone_of(name: str) -> ZoneInfo:
    """The zone, or UTC if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def say_number(value: float) -> str:
    """`1,500`, `2.5`."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def say_count(number: int, noun: str, several: str | None = None) -> str:
    """`1 person`, `3 people`."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def clip(text: str, most: int = 200) -> str:
    """The text, at most `most` characters of it."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
