"""`get rollout`, `list`, `status`."""

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.live import Live

from glidepath.client import Client
from glidepath.faults import Fault, TimedOut
from glidepath.output import Format, Output, console, show_data, show_rows
from glidepath.session import opened
from glidepath.tree import rollout_tree
from shared.clock import monotonic

_STOPPED = frozenset({"holding", "aborted", "rolled_back"})


def rollout_path(name: str) -> str:
    return f"/api/rollout/v1/rollouts/{quote(name, safe='')}"


def get_rollout(
    context: typer.Context,
    name: str,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay and show every change")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show a rollout as a tree of waves, gates and holds."""
    with opened(context, patience_seconds=30.0 if watch else 0.0) as client:
        rollout = client.get(rollout_path(name))
        if output is not Format.TABLE:
            show_data(rollout, output)
        elif watch:
            _watch(client, name, rollout)
        else:
            console().print(rollout_tree(rollout))


def _watch(client: Client, name: str, rollout: dict[str, Any]) -> None:
    with Live(rollout_tree(rollout), console=console(), auto_refresh=False) as live:
        while True:
            time.sleep(0.5)
            live.update(rollout_tree(client.get(rollout_path(name))), refresh=True)


def list_rollouts(context: typer.Context, output: Output = Format.TABLE) -> None:
    """List all rollouts and where each stands."""
    with opened(context) as client:
        rows = list(client.items("/api/rollout/v1/rollouts"))
    for row in rows:
        row["stands"] = ", ".join(f"{wave['wave']} {wave['phase']}" for wave in row.get("waves", []))
    show_rows(
        rows, ("name", "title", "plan_version", "stands"), output, none="no rollout yet: `glidepath apply -f FILE`"
    )


def status(
    context: typer.Context,
    name: str,
    timeout: Annotated[float, typer.Option(help="Wait this many seconds for the end; 0 judges now")] = 0.0,
) -> None:
    """Exit 0 when healthy, 1 when a wave is held or aborted, 2 when it took longer than --timeout."""
    deadline = monotonic() + timeout
    with opened(context, patience_seconds=timeout) as client:
        while True:
            waves = client.get(rollout_path(name))["waves"]
            if stopped := [wave for wave in waves if wave["phase"] in _STOPPED]:
                raise Fault(f"{name} is not healthy", places=[_why(wave) for wave in stopped])
            if all(wave["phase"] == "completed" for wave in waves):
                console().print(f"{name}: all {len(waves)} waves completed")
                return
            if timeout <= 0:
                console().print(f"{name}: healthy; {_stands(waves)}")
                return
            if monotonic() > deadline:
                raise TimedOut(f"{name} is not finished after {timeout:g} s: {_stands(waves)}")
            time.sleep(0.5)


def _why(wave: dict[str, Any]) -> str:
    reasons = "; ".join(hold["reason"] for hold in wave.get("holds", []))
    return f"{wave['wave']} is {wave['phase'].replace('_', ' ')}{': ' + reasons if reasons else ''}"


def _stands(waves: list[dict[str, Any]]) -> str:
    return ", ".join(f"{wave['wave']} {wave['phase']}" for wave in waves)
