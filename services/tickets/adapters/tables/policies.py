"""Policies, a row per version."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument


class PolicyRow(Record, table=True):
    """One version of a policy; never changed."""

    __tablename__ = "policies"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSONDocument)
    created_at: datetime
    created_by: str
