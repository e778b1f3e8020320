"""`demo`: the story."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from glidepath.context import DEFAULT_PORT, data_folder
from glidepath.session import session_of


def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Check the story and exit: 0 only if every check holds")] = False,
    speed: Annotated[float | None, typer.Option(help="Reading pauses: 2 halves them, 0 drops them")] = None,
    url: Annotated[str | None, typer.Option(help="Play on this running deployment instead of an own one")] = None,
    port: Annotated[int, typer.Option(envvar="GLIDEPATH_PORT", help="Port of the own deployment")] = DEFAULT_PORT,
) -> None:
    """Watch a rollout being held and resumed by real events."""
    # The simulators and servers cost time to import; other subcommands should not pay for it.
    from glidepath.demo.play import Playbill, Terminated, ending_on_sigterm, play_elsewhere, play_embedded

    bill = Playbill(once=once, speed=speed if speed is not None else (0.0 if once else 1.0))
    session = session_of(context)
    try:
        with ending_on_sigterm():
            if url or session.url:
                target = type(session)(url=url or session.url, api_key=session.api_key).deployment()
                passed = play_elsewhere(_folder(urlsplit(target.url).netloc), target, bill=bill)
            else:
                passed = play_embedded(_folder(str(port)), port=port, bill=bill)
    except Terminated:
        raise typer.Exit(143) from None
    if not passed:
        raise typer.Exit(1)


def _folder(name: str) -> Path:
    """One folder per port or deployment, so that demos run side by side and go on after a kill."""
    return data_folder() / "demo" / name.replace(":", "-")
