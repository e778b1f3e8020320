"""A rollout as a tree: what `get rollout NAME` shows and the demo shows live."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from rich.tree import Tree

_PHASES: dict[str, tuple[str, str]] = {
    "pending": ("·", "dim"),
    "waiting": ("◷", "yellow"),
    "open": ("▶", "cyan"),
    "baking": ("◔", "cyan"),
    "holding": ("‖", "bold red"),
    "completed": ("✔", "green"),
    "aborted": ("✖", "bold red"),
    "rolled_back": ("↩", "magenta"),
}
_ASSESSMENTS: dict[str, tuple[str, str]] = {
    "passed": ("✔", "green"),
    "failed": ("✖", "red"),
    "insufficient": ("…", "yellow"),
    "inconclusive": ("?", "yellow"),
    "error": ("!", "magenta"),
}


def rollout_tree(rollout: Mapping[str, Any], *, now: str | None = None) -> Tree:
    """`rollout` as `GET /api/rollout/v1/rollouts/{name}` answers; `now` is printed beside the name (business time)."""
    head = Text.assemble((str(rollout["name"]), "bold"), f"  {rollout.get('title') or ''}")
    if rollout.get("plan_version"):
        head.append(f"  plan v{rollout['plan_version']}", "dim")
    if now:
        head.append(f"  {now}", "dim")
    tree = Tree(head, guide_style="dim")
    for wave in rollout.get("waves", []):
        branch = tree.add(wave_line(wave))
        for hold in wave.get("holds", []):
            branch.add(_hold_line(hold))
        for gate in wave.get("gates", []):
            branch.add(_gate_line(gate))
    return tree


def wave_line(wave: Mapping[str, Any]) -> Text:
    """One wave: sign, name, phase in words, and how many of its people are done."""
    phase = str(wave.get("phase", "pending"))
    sign, style = _PHASES.get(phase, ("·", ""))
    line = Text.assemble((f"{sign} ", style), (str(wave["wave"]), "bold"), "  ", (phase.replace("_", " "), style))
    size, done = int(wave.get("audience_size") or 0), int(wave.get("completed") or 0)
    if size:
        line.append(f"  {bar(done, size)} {done}/{size}")
    if waits_for := wave.get("waits_for"):
        line.append(f"  {waits_for}", "dim")
    return line


def bar(done: int, size: int, width: int = 12) -> str:
    """How much is done, as blocks."""
    filled = width * min(done, size) // size if size else 0
    return "█" * filled + "░" * (width - filled)


def _hold_line(hold: Mapping[str, Any]) -> Text:
    line = Text.assemble(("held: ", "bold red"), str(hold.get("reason", "")))
    if hold.get("next_step"):
        line.append(f" {hold['next_step']}", "italic")
    if hold.get("lifted_by"):
        line.append(f" (lifted by {hold['lifted_by']})", "dim")
    return line


def _gate_line(gate: Mapping[str, Any]) -> Text:
    sign, style = _ASSESSMENTS.get(str(gate.get("assessment", "")), ("·", "dim"))
    name = str(gate.get("gate") or gate.get("kind") or "gate")
    return Text.assemble((f"{sign} ", style), f"{name}: ", (str(gate.get("sentence") or "not looked at yet"), ""))
