"""`keys`: API keys. A new key is shown once and never again."""

from typing import Annotated
from urllib.parse import quote

import typer

from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import opened


def create(
    context: typer.Context,
    name: str,
    role: Annotated[list[str], typer.Option(help="admin, training, it_agent, it_lead, manager, viewer, integration")],
    output: Output = Format.TABLE,
) -> None:
    """Make a key and print it, this once."""
    with opened(context) as client:
        answer = client.post("/api/gateway/v1/keys", {"name": name, "roles": role})
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    console().print(str(answer["key"]))


def list_keys(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List keys (never the secret part)."""
    with opened(context) as client:
        rows = list(client.items("/api/gateway/v1/keys"))
    show_rows(rows, ("id", "name", "roles", "created_at", "revoked_at"), output)


def revoke(context: typer.Context, key_id: str) -> None:
    """Make a key worthless at once."""
    with opened(context) as client:
        client.post(f"/api/gateway/v1/keys/{quote(key_id, safe='')}/revoke")
    console().print(f"{key_id} is revoked")
