"""`people import`."""

from pathlib import Path

import typer

from glidepath.commands.plans import read_file
from glidepath.output import Format, Output, console, show_one
from glidepath.session import opened


def import_people(context: typer.Context, file: Path, output: Output = Format.TABLE) -> None:
    """Import people from a CSV or JSON file: all of them or, when a row is wrong, none and every wrong row named."""
    content = read_file(file)
    content_type = "application/json" if file.suffix == ".json" else "text/csv"
    with opened(context) as client, console().status(f"importing {file}"):
        answer = client.send("/api/rollout/v1/people/import", content, content_type)
    show_one(answer, output)
