"""`up`: everything in one process."""

from pathlib import Path
from typing import Annotated

import typer

from glidepath.context import DEFAULT_PORT, data_folder


def up(
    data: Annotated[
        Path | None, typer.Option(help="Where databases, NATS and secrets lie; default: GLIDEPATH_DATA or ./data")
    ] = None,
    port: Annotated[int, typer.Option(envvar="GLIDEPATH_PORT", help="Port of the gateway on 127.0.0.1")] = DEFAULT_PORT,
    nats_port: Annotated[int, typer.Option(help="Port of the NATS server; 0 takes a free one")] = 0,
    log: Annotated[
        bool, typer.Option("--log", help="Show the services' log here instead of in the data folder")
    ] = False,
) -> None:
    """Run all of Glidepath in this process, with SQLite and a NATS server of its own. Ctrl-C ends it."""
    from glidepath.embedded.serving import serve_forever

    serve_forever(data or data_folder(), port=port, nats_port=nats_port, show_log=log)
