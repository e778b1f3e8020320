"""A person of the directory, and how people are read from files."""

from services.rollout.domain.person.cells import KINDS, fold_email, fold_identity
from services.rollout.domain.person.sheet import (
    COLUMNS,
    EXTERNAL,
    MAX_ROWS,
    ImportSheet,
    PersonRow,
    RowProblem,
    TooManyRows,
    read_csv,
    read_records,
)

__all__ = [
    "COLUMNS",
    "EXTERNAL",
    "KINDS",
    "MAX_ROWS",
    "ImportSheet",
    "PersonRow",
    "RowProblem",
    "TooManyRows",
    "fold_email",
    "fold_identity",
    "read_csv",
    "read_records",
]
