"""`doctor`: versions, whether the deployment answers, and whether each part says it is ready."""

from platform import python_version

import typer

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
    probes = {"gateway": "/readyz", "key": "/api/gateway/v1/about"}
    probes |= {service: f"/api/{service}/v1/status" for service in _SERVICES}
    for name, path in probes.items():
        try:
            answer = client.get(path)
            detail = str(answer.get("version", "")) if name == "key" else "ready"
            rows.append(_row(name, True, detail))
        except Fault as fault:
            rows.append(_row(name, False, fault.message))
    client.close()
    show_rows(rows, ("part", "ok", "detail"), output)
    if not all(row["ok"] for row in rows):
        raise Fault("not everything is well")


def _row(part: str, ok: bool, detail: str) -> dict[str, object]:
    return {"part": part, "ok": ok, "detail": detail}
