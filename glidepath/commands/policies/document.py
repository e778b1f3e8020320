"""A policy as a file, and as `NAME@VERSION` on the command line."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
import yaml

from glidepath.commands.plans import read_file
from glidepath.commands.tickets.reading import TICKETS
from glidepath.faults import Fault

POLICIES = f"{TICKETS}/policies"
Label = Annotated[str, typer.Argument(metavar="NAME@VERSION", help="e.g. standard@2")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The policy, YAML or JSON")]


def read_document(file: Path) -> dict[str, Any]:
    """The policy in a file. A `Fault` names the file and, where it cannot be parsed, the place in it."""
    content = read_file(file)
    try:
        document = json.loads(content) if file.suffix == ".json" else yaml.safe_load(content)
    except (ValueError, yaml.YAMLError) as error:
        raise Fault(f"{file} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise Fault(f"{file} holds no policy: expected fields like order, when and rules at its top")
    # YAML reads a bare 2026-12-25 as a date; on the wire it is text.
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain


def split_label(label: str) -> tuple[str, int | None]:
    """`standard@2` -> name and version; the version is None where it is left out."""
    name, at, version = label.rpartition("@")
    if not at:
        return label, None
    if not name or not version.isdigit():
        raise Fault(f"{label!r} is not written like NAME@VERSION, e.g. standard@2")
    return name, int(version)


def versioned(label: str) -> tuple[str, int]:
    """Like `split_label`, where only a version will do."""
    name, version = split_label(label)
    if version is None:
        raise Fault(f"which version? write {label}@1 or another: glidepath policies show {label}")
    return name, version


def policy_path(name: str, version: int | None = None) -> str:
    path = f"{POLICIES}/{quote(name, safe='')}"
    return path if version is None else f"{path}/versions/{version}"
