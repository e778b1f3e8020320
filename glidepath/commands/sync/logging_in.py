"""`sync login`: the credential of a connector, asked for without echo or read from a file; then whether it lets us in."""

import json
import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from glidepath.client import Client
from glidepath.commands.plans import read_file
from glidepath.commands.sync.reading import Name, connector_path, find_connector
from glidepath.faults import Fault
from glidepath.output import console
from glidepath.session import opened
from shared.clock import monotonic

ASK_EVERY_SECONDS = 0.5
_OPEN = frozenset({"user", "client_id"})
"""Parts that are no secret."""


class Kind(StrEnum):
    TOKEN = "token"  # noqa: S105  # the name of a kind
    BASIC = "basic"
    OAUTH2 = "oauth2"


def login(
    context: typer.Context,
    name: Name,
    kind: Annotated[Kind | None, typer.Option(help="Of the kinds that the helpdesk takes")] = None,
    user: Annotated[str | None, typer.Option(help="The account's name, where one is sent")] = None,
    client_id: Annotated[str | None, typer.Option(help="OAuth 2: the client's id")] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="The secret, or a JSON object with the parts; - is standard input. Without it you are asked"),
    ] = None,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="See so long whether it lets us in")] = 20.0,
) -> None:
    """Give a connector its credential. It is kept sealed and shown to nobody again; exit 1 when it does not let us in."""
    with opened(context) as client:
        connector = find_connector(client, name)
        wanted = _kind(connector, kind)
        given = {"user": user, "client_id": client_id} | _read(token_file, wanted)
        parts = {key: value for key, value in given.items() if value}
        if token_file is None and sys.stdin.isatty():
            parts = _asked(wanted, parts)
        client.put(f"{connector_path(name)}/credential", {"kind": wanted["kind"], **parts})
        console().print(f"{name} has its credential ({wanted['kind']})")
        if wait > 0 and connector["enabled"]:
            _see(client, connector, wait)


def _kind(connector: Mapping[str, Any], kind: Kind | None) -> dict[str, Any]:
    """The kind that was asked for, else the only one there is, else the one that is held."""
    taken: dict[str, dict[str, Any]] = {each["kind"]: each for each in connector["auth"]}
    held = connector.get("credential_kind")
    chosen = kind.value if kind else next(iter(taken)) if len(taken) == 1 else held
    if chosen is None and taken and sys.stdin.isatty():
        for each in taken.values():
            console().print(f"{each['kind']}: {each['title']}")
        chosen = str(typer.prompt("kind", default=next(iter(taken))))
    if chosen is None or chosen not in taken:
        places = [f"--kind {each['kind']}: {each['title']}" for each in taken.values()]
        raise Fault(f"say which kind of credential {connector['name']} gets", places=places)
    return taken[chosen]


def _read(file: Path | None, wanted: Mapping[str, Any]) -> dict[str, str]:
    """The parts in a file or on standard input: a JSON object, or the secret alone."""
    if file is None and sys.stdin.isatty():
        return {}
    text = (sys.stdin.read() if file is None or str(file) == "-" else read_file(file).decode()).strip()
    if not text:
        raise Fault("no secret: nothing was read", places=["--token-file FILE, or - for standard input"])
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise Fault(f"the credential begins like JSON and is none: {error}") from error
        return {str(key): str(value) for key, value in found.items() if key != "kind" and value is not None}
    secret = next(part for part in wanted["needs"] if part not in _OPEN)
    return {secret: text}


def _asked(wanted: Mapping[str, Any], parts: dict[str, str]) -> dict[str, str]:
    if wanted["title"]:
        console().print(str(wanted["title"]))
    for part in (*wanted["needs"], *wanted["may_have"]):
        if part not in parts:
            words = str(part).replace("_", " ")
            optional = part in wanted["may_have"]
            label = f"{words} (empty for none)" if optional else words
            default = "" if optional else None
            parts[part] = str(
                typer.prompt(label, hide_input=part not in _OPEN, default=default, show_default=False)
            ).strip()
    return {part: value for part, value in parts.items() if value}


def _see(client: Client, before: Mapping[str, Any], wait: float) -> None:
    """Whether the helpdesk lets us in; a `Fault` if not."""
    deadline = monotonic() + wait
    with console().status("seeing whether it lets us in"):
        while True:
            standing = find_connector(client, str(before["name"]))["status"]
            if standing["state"] == "failing":
                raise Fault(str(standing["says"]))
            if standing["polling"] or standing["polled_at"] != before["status"]["polled_at"]:
                break
            if monotonic() > deadline:
                console().print(f"it was not asked yet; see later: glidepath sync status {before['name']}")
                return
            time.sleep(ASK_EVERY_SECONDS)
    console().print("it lets us in")
