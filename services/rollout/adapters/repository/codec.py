"""Rows to frozen values and back. What the last look found is kept as JSON documents."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import SQLModel

from services.rollout.domain.assessment import GateAssessment
from services.rollout.domain.rollout import Wave
from services.rollout.domain.transition import GateRecord, Wait

_DOCUMENTS: Mapping[str, TypeAdapter[Any]] = {
    "records": TypeAdapter(dict[str, GateRecord]),
    "gates": TypeAdapter(tuple[GateAssessment, ...]),
    "waits": TypeAdapter(tuple[Wait, ...]),
}


def value_of(row: SQLModel, made: type[Any]) -> Any:
    """The value whose fields are columns of the row."""
    return made(**{name: getattr(row, name) for name in made.__dataclass_fields__})


def wave_of(row: SQLModel) -> Wave:
    values = {name: getattr(row, name) for name in Wave.__dataclass_fields__}
    return Wave(**values | {name: adapter.validate_python(values[name]) for name, adapter in _DOCUMENTS.items()})


def values_of(value: Any) -> dict[str, Any]:
    """Column values; documents as plain JSON."""
    values = {name: getattr(value, name) for name in value.__dataclass_fields__}
    for name in _DOCUMENTS.keys() & values.keys() if isinstance(value, Wave) else ():
        values[name] = _DOCUMENTS[name].dump_python(values[name], mode="json")
    return values
