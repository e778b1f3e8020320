"""From rows to the domain's values."""

from dataclasses import fields
from typing import Any, TypeVar

from sqlmodel import SQLModel

V = TypeVar("V")


def value_of(kind: type[V], row: SQLModel) -> V:
    """The dataclass `kind` with the row's columns of the same names; JSON lists become tuples where `roles` are meant."""
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # every kind used here is a dataclass
        value = getattr(row, field.name)
        values[field.name] = tuple(value) if field.name == "roles" else value
    return kind(**values)
