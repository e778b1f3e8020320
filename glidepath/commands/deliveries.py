"""`deliveries` and `quarantine`: what came in, what could not be used, and trying again."""

from typing import Annotated
from urllib.parse import quote

import typer

from glidepath.output import Format, Output, console, show_rows
from glidepath.session import opened

Source = Annotated[str | None, typer.Option(help="Only this source")]
Most = Annotated[int, typer.Option("--most", "-n", help="How many at most, newest first")]


def list_deliveries(
    context: typer.Context, source: Source = None, most: Most = 50, output: Output = Format.TABLE
) -> None:
    """List webhook deliveries and what each meant."""
    with opened(context) as client:
        rows = list(client.items("/api/gateway/v1/deliveries", most=most, source=source))
    show_rows(rows, ("id", "source", "received_at", "outcome", "reason"), output)


def replay_delivery(context: typer.Context, delivery_id: str) -> None:
    """Hand a delivery on once more."""
    with opened(context) as client:
        client.post(f"/api/gateway/v1/deliveries/{quote(delivery_id, safe='')}/replay")
    console().print(f"{delivery_id} was handed on again")


def list_quarantine(
    context: typer.Context, source: Source = None, most: Most = 50, output: Output = Format.TABLE
) -> None:
    """List what could not be verified or understood, and why."""
    with opened(context) as client:
        rows = list(client.items("/api/gateway/v1/quarantine", most=most, source=source))
    show_rows(rows, ("id", "source", "received_at", "reason"), output, none="the quarantine is empty")


def replay_quarantine(context: typer.Context, quarantine_id: str) -> None:
    """Try a quarantined delivery again, after its cause was mended."""
    with opened(context) as client:
        client.post(f"/api/gateway/v1/quarantine/{quote(quarantine_id, safe='')}/replay")
    console().print(f"{quarantine_id} was tried again")
