"""What the sync commands share: addresses, a connector by its name, and one that is put back changed."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from glidepath.client import Client
from glidepath.commands.tickets.reading import TICKETS

CONNECTORS = f"{TICKETS}/connectors"
Name = Annotated[str, typer.Argument(metavar="NAME", help="The connector's name; the gateway's source has the same")]
_PUT = ("vendor", "base_url", "settings", "mode", "enabled", "filters", "ownership", "exports", "poll_every_seconds")


def connector_path(name: str) -> str:
    return f"{CONNECTORS}/{quote(name, safe='')}"


def find_connector(client: Client, name: str) -> dict[str, Any]:
    """The connector and how it stands; `NotThere` when there is none."""
    connector: dict[str, Any] = client.get(connector_path(name))
    return connector


def change_connector(client: Client, connector: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The connector with some of it changed. Refused if somebody changed it since it was read."""
    body = {name: connector[name] for name in _PUT} | changes
    headers = {"If-Match": f'W/"{connector["version"]}"'}
    changed: dict[str, Any] = client.call("PUT", connector_path(str(connector["name"])), body=body, headers=headers)
    return changed
