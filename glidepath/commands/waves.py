"""The verbs on a wave: each shows the wave before, asks, acts, and shows it after."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from glidepath.client import Client
from glidepath.commands.rollouts import rollout_path
from glidepath.faults import NotThere
from glidepath.output import console
from glidepath.session import Reason, Yes, opened
from glidepath.tree import rollout_tree


def promote(
    context: typer.Context,
    rollout: str,
    wave: str,
    reason: Reason = "",
    full: Annotated[bool, typer.Option("--full", help="Skip every gate; needs a reason")] = False,
    yes: Yes = False,
) -> None:
    """Let a wave go on now."""
    _act(context, rollout, wave, "promote", {"reason": reason, "full": full}, yes)


def pause(context: typer.Context, rollout: str, wave: str, reason: Reason = "", yes: Yes = False) -> None:
    """Stop a wave until it is resumed."""
    _act(context, rollout, wave, "pause", {"reason": reason}, yes)


def resume(context: typer.Context, rollout: str, wave: str, reason: Reason = "", yes: Yes = False) -> None:
    """Take back a pause."""
    _act(context, rollout, wave, "resume", {"reason": reason}, yes)


def hold(context: typer.Context, rollout: str, wave: str, reason: Reason, yes: Yes = False) -> None:
    """Place a hold of your own on a wave, on top of any other."""
    _act(context, rollout, wave, "hold", {"reason": reason}, yes)


def lift(context: typer.Context, rollout: str, wave: str, hold_id: str, reason: Reason = "", yes: Yes = False) -> None:
    """Lift one hold; the others stay. Hold ids: `glidepath get rollout NAME -o json`."""
    _act(context, rollout, wave, f"holds/{quote(hold_id, safe='')}/lift", {"reason": reason}, yes)


def abort(context: typer.Context, rollout: str, wave: str, reason: Reason = "", yes: Yes = False) -> None:
    """End a wave for good; nobody further is enrolled."""
    _act(context, rollout, wave, "abort", {"reason": reason}, yes)


def retry(context: typer.Context, rollout: str, wave: str, reason: Reason = "", yes: Yes = False) -> None:
    """Start an aborted wave anew."""
    _act(context, rollout, wave, "retry", {"reason": reason}, yes)


def _act(context: typer.Context, rollout: str, wave: str, verb: str, body: dict[str, Any], yes: bool) -> None:
    with opened(context) as client:
        _show(client, rollout, wave, "before")
        if not yes:
            typer.confirm(f"{verb.rpartition('/')[2]} {wave} of {rollout}?", abort=True)
        client.post(f"{rollout_path(rollout)}/waves/{quote(wave, safe='')}/{verb}", body)
        _show(client, rollout, wave, "after")


def _show(client: Client, name: str, wave: str, when: str) -> None:
    rollout = client.get(rollout_path(name))
    waves = [each for each in rollout["waves"] if each["wave"] == wave]
    if not waves:
        known = ", ".join(each["wave"] for each in rollout["waves"])
        raise NotThere(f"{name} has no wave {wave!r}; its waves are {known}")
    console().print(f"{when}:")
    console().print(rollout_tree(rollout | {"waves": waves}))
