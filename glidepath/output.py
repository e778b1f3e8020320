"""How answers are printed: a table for people, JSON or YAML for programs. Colour only on a terminal and never with NO_COLOR."""

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


Output = Annotated[Format, typer.Option("--output", "-o", help="table, json or yaml")]
Row = Mapping[str, Any]
WIDE = 240


def console() -> Console:
    """Standard output; rich itself honours NO_COLOR and leaves colour out of pipes, where lines are long and never cut."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def show_data(data: Any, form: Format) -> None:
    """`data` for a program."""
    if form is Format.YAML:
        print(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), end="")
    else:
        print(json.dumps(data, indent=2, ensure_ascii=False))


def show_rows(rows: Sequence[Row], columns: Sequence[str], form: Format, *, none: str = "nothing here yet") -> None:
    """A list. The table shows `columns` only, JSON and YAML show everything."""
    if form is not Format.TABLE:
        show_data(list(rows), form)
        return
    if not rows:
        console().print(none)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(row.get(column))) for column in columns))
    console().print(table)


def show_one(item: Row, form: Format) -> None:
    """One thing with all its fields."""
    if form is not Format.TABLE:
        show_data(item, form)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in item.items():
        table.add_row(name.replace("_", " "), Text(plain(value)))
    console().print(table)


def plain(value: Any) -> str:
    """A value in a cell."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name}={plain(item)}" for name, item in value.items()) or "-"
    return str(value)
