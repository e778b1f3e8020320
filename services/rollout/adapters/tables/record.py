"""The base of every table of this service, and the shared plumbing tables on the same metadata."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.database import NAMING_CONVENTION, Plumbing


class Record(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """A row of the rollout service."""


def columns(row: type[SQLModel]) -> Any:
    """The columns of a table class, for statements."""
    return row.__table__.c  # type: ignore[attr-defined]


metadata = Record.metadata
plumbing = Plumbing(metadata)
