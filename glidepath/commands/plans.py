"""`lint` and `apply`: a plan from a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from glidepath.faults import Fault
from glidepath.output import Format, Output, console, show_data
from glidepath.session import opened

PlanFile = Annotated[Path, typer.Option("--file", "-f", help="The plan, YAML or JSON")]


def lint(context: typer.Context, file: PlanFile, output: Output = Format.TABLE) -> None:
    """Check a plan and change nothing; every problem is named with its place."""
    answer = _send(context, file, "lint")
    problems = answer.get("problems") or []
    if output is not Format.TABLE:
        show_data(answer, output)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise Fault(f"{file}: {count}", places=[_line(problem) for problem in problems])
    if output is Format.TABLE:
        console().print(f"{file}: no problems")


def apply(context: typer.Context, file: PlanFile, output: Output = Format.TABLE) -> None:
    """Put a plan into effect, or its next version."""
    answer = _send(context, file, "apply")
    if output is not Format.TABLE:
        show_data(answer, output)
        return
    name = answer.get("name") or answer.get("rollout")
    console().print(f"{name}: plan version {answer.get('plan_version')} is in effect")


def _send(context: typer.Context, file: Path, verb: str) -> dict[str, Any]:
    content = read_file(file)
    content_type = "application/json" if file.suffix == ".json" else "application/yaml"
    with opened(context) as client:
        answer = client.send(f"/api/rollout/v1/plans/{verb}", content, content_type)
    return answer if isinstance(answer, dict) else {}


def read_file(file: Path) -> bytes:
    """The file's bytes; a `Fault` that names the file when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Fault(f"cannot read {file}: {error.strerror or error}") from error


def _line(problem: Any) -> str:
    if isinstance(problem, dict):
        return f"{problem.get('pointer') or problem.get('place') or '(whole plan)'}: {problem.get('detail', '')}"
    return str(problem)
