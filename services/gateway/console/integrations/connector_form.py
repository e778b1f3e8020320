"""The form of a connector's settings: what it shows, what is wrong with it, and what is sent. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final
from urllib.parse import urlsplit

from services.gateway.console.desk.sync_words import FIELDS, OWNERS
from services.gateway.console.desk.words import say_roughly
from services.gateway.console.rendering import as_instant, zone_of
from services.gateway.console.sessions import Fields
from shared.clock import render_instant

Tree = Mapping[str, Any]

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
TAKEN: Final = "connect"
POLLS: Final = (30, 60, 120, 300, 600, 900, 1800, 3600, 21600, 86400)
DEFAULT_POLL: Final = 300
SENT: Final = (
    "vendor",
    "base_url",
    "settings",
    "mode",
    "enabled",
    "filters",
    "ownership",
    "exports",
    "poll_every_seconds",
)


def as_sent(connector: Tree) -> dict[str, Any]:
    """A connector as the service tells it, as what it takes back."""
    return {name: connector[name] for name in SENT if name in connector}


def shown(connector: Tree | None, vendor: Tree, *, name: str, zone: str) -> dict[str, str]:
    """The fields as a form begins: those of the connector, else what the vendor's file proposes."""
    known = connector or {}
    settings, filters = known.get("settings") or {}, known.get("filters") or {}
    fields = {
        "name": name,
        "base_url": str(known.get("base_url") or ""),
        "since": _day(filters.get("since"), zone),
        "queues": "\n".join(filters.get("queues") or ()),
        "tags": "\n".join(filters.get("tags") or ()),
        "exports": "\n".join(known.get("exports") or ()),
        "poll": str(known.get("poll_every_seconds") or DEFAULT_POLL),
    }
    for setting in vendor.get("settings") or ():
        value = settings.get(setting["name"])
        if value is None:
            value = "" if connector else setting.get("default") or ""
        fields[f"settings-{setting['name']}"] = str(value)
    ownership = known.get("ownership") or {}
    return fields | {f"ownership-{field}": str(ownership.get(field) or "newest") for field in FIELDS}


def read(
    form: Fields, vendor: Tree, *, connector: Tree | None, name: str, zone: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """(what is to be sent, what is wrong by field). What a form does not ask stays as it is."""
    wrong: dict[str, str] = {}
    if NAME.fullmatch(name) is None:
        wrong["name"] = "Lower-case letters, digits and hyphens, at most 63, as in zendesk-eu."
    if name == TAKEN:
        wrong["name"] = "This word is the address of a page here. Choose another."
    base_url = form.line("base_url")
    if not _is_address(base_url):
        wrong["base_url"] = "The whole address, beginning with https://, without a user name in it."
    settings: dict[str, str] = {}
    for setting in vendor.get("settings") or ():
        value = form.line(f"settings-{setting['name']}")
        if value:
            settings[setting["name"]] = value
        elif setting.get("required"):
            example = f" For example: {setting['example']}." if setting.get("example") else ""
            wrong[f"settings-{setting['name']}"] = f"This helpdesk needs it.{example}"
    filters = dict((connector or {}).get("filters") or {})
    since = form.line("since")
    if since != _day(filters.get("since"), zone):
        try:
            filters["since"] = _midnight(since, zone) if since else None
        except ValueError:
            wrong["since"] = "A day, as in 2026-09-01; empty takes in everything."
    filters |= {"queues": lines(form.get("queues", "")), "tags": lines(form.get("tags", ""))}
    body = as_sent(connector or {}) | {
        "vendor": str(vendor.get("vendor") or ""),
        "base_url": base_url,
        "settings": settings,
        "filters": filters,
        "ownership": {field: _one_of(form.line(f"ownership-{field}"), OWNERS, "newest") for field in FIELDS},
        "exports": lines(form.get("exports", "")),
        "poll_every_seconds": _seconds(form.line("poll")),
    }
    return body, wrong


def polls(chosen: str) -> list[tuple[str, str]]:
    """How often it may be read, to choose from: (seconds, words)."""
    seconds = sorted({*POLLS, _seconds(chosen)})
    return [(str(each), f"every {say_roughly(each)}") for each in seconds]


def lines(text: str) -> list[str]:
    """A line or comma between each; each once."""
    return list(dict.fromkeys(part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()))


def _seconds(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else DEFAULT_POLL


def _one_of(value: str, known: Mapping[str, str] | Sequence[str], otherwise: str) -> str:
    return value if value in known else otherwise


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _day(since: Any, zone: str) -> str:
    instant = as_instant(since)
    return instant.astimezone(zone_of(zone)).date().isoformat() if instant else ""


def _midnight(day: str, zone: str) -> str:
    """`ValueError` for what is no day."""
    return render_instant(datetime.combine(date.fromisoformat(day), time(), tzinfo=zone_of(zone)).astimezone(UTC))
