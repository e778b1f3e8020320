"""`source test`: what a saved delivery means to a vendor file, without a server. Reads two files, writes facts."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from shared.clock import Clock, SystemClock
from shared.mapping import (
    NotUnderstood,
    RawDelivery,
    VendorFile,
    VendorFileError,
    load_vendor,
    read_vendor_text,
    to_json,
    understand,
)

MAX_FILE_BYTES = 4 * 1024 * 1024
_HEADER_LINE = re.compile(r"([A-Za-z0-9-]+)\s*:\s*(.*)")


class Unusable(Exception):
    """A file or an option cannot be used; the message says which and why."""


def source_test(
    file: Annotated[Path, typer.Argument(help="The body of a delivery, byte for byte")],
    vendor: Annotated[str | None, typer.Option(help="A vendor that comes with Glidepath")] = None,
    vendor_file: Annotated[Path | None, typer.Option(help="A vendor file of your own")] = None,
    headers: Annotated[Path | None, typer.Option(help="Its headers: JSON or lines `Name: value`")] = None,
) -> None:
    """Print the canonical facts of a saved delivery, or say which expression failed."""
    try:
        facts, problems = explain(file, vendor=vendor, vendor_file=vendor_file, headers=headers, clock=SystemClock())
    except (Unusable, VendorFileError, NotUnderstood) as error:
        typer.echo(f"not understood: {error}" if isinstance(error, NotUnderstood) else str(error), err=True)
        raise typer.Exit(1) from None
    for problem in problems:
        typer.echo(problem, err=True)
    typer.echo(facts)


def explain(
    file: Path, *, vendor: str | None, vendor_file: Path | None, headers: Path | None, clock: Clock
) -> tuple[str, list[str]]:
    """The facts as JSON text, and a line for each item of a batch that was not understood.

    `Unusable`, `VendorFileError` or `NotUnderstood` when there are none.
    """
    chosen = _vendor(vendor, vendor_file)
    sent = read_headers(_bytes(headers)) if headers is not None else {}
    body = _bytes(file)
    delivery = RawDelivery(
        body=body,
        content_type=sent.get("content-type") or guess_content_type(body),
        headers=sent,
        received_at=clock.now(),
    )
    found = understand(chosen, delivery)
    problems = [
        f"item {problem.item} not understood: {problem.detail} ({problem.expression})" for problem in found.problems
    ]
    return to_json(found.facts), problems


def read_headers(raw: bytes) -> dict[str, str]:
    """Headers by lower-case name from a JSON object, from the `headers` of a saved delivery, or from `Name: value` lines."""
    try:
        text = raw.decode("utf-8-sig")
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise Unusable("the headers file is not UTF-8 text") from error
    except (ValueError, RecursionError):
        lines = (_HEADER_LINE.fullmatch(line.strip()) for line in text.splitlines())
        return {line[1].lower(): line[2].strip() for line in lines if line is not None}
    if isinstance(document, dict) and isinstance(document.get("headers"), Mapping):
        document = document["headers"]
    if not isinstance(document, dict):
        raise Unusable("the headers file is JSON but no object of names and values")
    return {str(name).lower(): value for name, value in document.items() if isinstance(value, str)}


def guess_content_type(body: bytes) -> str:
    """What a sender would have called this body."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return (
        "application/x-www-form-urlencoded"
        if start not in (b"{", b"[", b'"', b"") and b"=" in body
        else "application/json"
    )


def _vendor(name: str | None, path: Path | None) -> VendorFile:
    if (name is None) == (path is None):
        raise Unusable("give either --vendor or --vendor-file")
    if name is not None:
        return load_vendor(name)
    assert path is not None
    try:
        return read_vendor_text(_bytes(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} is not UTF-8 text") from error


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_FILE_BYTES:
        raise Unusable(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    return data
