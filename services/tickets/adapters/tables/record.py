"""The metadata that every table of this service belongs to."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.database import NAMING_CONVENTION, Plumbing


class Record(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """This service's own metadata: SQLModel's default one is shared by the whole process."""


metadata = Record.metadata


plumbing = Plumbing(metadata)
