"""`doctor`: versions, whether the deployment answers, and whether each part says it is ready."""

from platform import python_version

import typer

from glidepath.client import Client
from glidepath.faults import Fault
from glidepath.output import Format, Output, show_rows
from glidepath.session import session_of
from shared import __version__

_SERVICES = ("rollout", "tickets", "survey")


def doctor(context: typer.Context, output: Output = Format.TABLE) -> None:
    """Look at this installation and at the deployment; exit 1 when something is wrong."""
    deployment = session_of(context).deployment()
    rows = [
        _row("glidepath", True, f"{__version__} on Python {python_version()}"),
        _row("deployment", True, f"{deployment.url} ({deployment.found_in})"),
    ]
    client = deployment.client()
    rows += [_probed(client, name) for name in ("gateway", "release", *_SERVICES)]
    client.close()
    show_rows(rows, ("part", "ok", "detail"), output)
    if not all(row["ok"] for row in rows):
        raise Fault("not everything is well")


def _probed(client: Client, name: str) -> dict[str, object]:
    try:
        if name == "gateway":
            ready = client.is_ready()
            return _row(name, ready, "ready" if ready else "not ready; GET /readyz says why")
        if name == "release":
            return _row(name, True, str(client.get("/api/gateway/v1/about")["version"]))
        status = client.get(f"/api/{name}/v1/status")
        connected = bool(status["nats_connected"])
        waiting = f"{status['outbox_unsent']} events wait to be sent"
        return _row(name, connected, waiting if connected else f"no connection to NATS; {waiting}")
    except Fault as fault:
        return _row(name, False, fault.message)


def _row(part: str, ok: bool, detail: str) -> dict[str, object]:
    return {"part": part, "ok": ok, "detail": detail}
