"""`source add` and `source list`; `source test` lives in `source_test`."""

from typing import Annotated
from urllib.parse import quote

import typer

from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import opened


def add(
    context: typer.Context,
    name: str,
    vendor: Annotated[str, typer.Option(help="moodle, xapi, canvas, zendesk, jira, zammad or standard_webhooks")],
    kind: Annotated[str, typer.Option(help="lms or helpdesk")],
    secret: Annotated[
        list[str], typer.Option(help="Shared with the sender; twice while rotating", envvar="GLIDEPATH_SOURCE_SECRET")
    ],
    output: Output = Format.TABLE,
) -> None:
    """Let an outside system deliver webhooks to /hooks/NAME."""
    with opened(context) as client:
        body = {"vendor": vendor, "kind": kind, "secrets": secret}
        answer = client.put(f"/api/gateway/v1/sources/{quote(name, safe='')}", body)
        if output is not Format.TABLE:
            show_data(answer, output)
            return
        console().print(f"{name}: deliveries are taken at {client.base_url}/hooks/{name}")


def list_sources(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List the sources."""
    with opened(context) as client:
        rows = list(client.items("/api/gateway/v1/sources"))
    show_rows(rows, ("name", "vendor", "kind", "enabled"), output)
