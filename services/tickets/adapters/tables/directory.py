"""What other services told us, and which facts of outside desks have taken effect."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument


class AppliedFactRow(Record, table=True):
    """Facts of outside desks that have taken effect: the same one, however often delivered, counts once."""

    __tablename__ = "applied_facts"
    source: str = Field(primary_key=True)
    fact_key: str = Field(primary_key=True)
    applied_at: datetime


class SourceRow(Record, table=True):
    """Projection of gateway.source.changed (helpdesks)."""

    __tablename__ = "sources"
    source_id: str = Field(primary_key=True)
    name: str = Field(index=True)
    vendor_file: dict[str, Any] = Field(sa_type=JSONDocument)
    epoch: int
    version: int


class PlanRow(Record, table=True):
    """Projection of rollout.plan.applied."""

    __tablename__ = "plans"
    rollout: str = Field(primary_key=True)
    courses: dict[str, str] = Field(sa_type=JSONDocument)
    systems: list[str] = Field(sa_type=JSONDocument)
    title: str | None = None
    applied_at: datetime | None = None
    announced_at: datetime | None = None
    notice_seconds: float | None = None
    epoch: int
    version: int


class WaveRow(Record, table=True):
    """Projection of rollout.wave.changed."""

    __tablename__ = "waves"
    __table_args__ = (Index("ix_waves_name", "rollout", "wave"),)
    wave_id: str = Field(primary_key=True)
    rollout: str
    wave: str
    phase: str
    opened_at: datetime | None
    completed_at: datetime | None
    audience_size: int | None = None
    epoch: int
    version: int


class BaselineRow(Record, table=True):
    """How often the people of a wave asked for help before it opened; measured once."""

    __tablename__ = "baselines"
    rollout: str = Field(primary_key=True)
    wave: str = Field(primary_key=True)
    opened_at: datetime
    since: datetime
    people: int
    tickets: int
    measured_at: datetime


class EnrolmentRow(Record, table=True):
    """Projection of rollout.enrolment.changed: who belongs to which wave."""

    __tablename__ = "enrolments"
    __table_args__ = (Index("ix_enrolments_person", "person_id"), Index("ix_enrolments_wave", "rollout", "wave"))
    enrolment_id: str = Field(primary_key=True)
    rollout: str
    wave: str
    person_id: str
    state: str
    epoch: int
    version: int


class PersonRow(Record, table=True):
    """Projection of rollout.person.changed, as far as a requester's identity goes, and whom to thank them with."""

    __tablename__ = "people"
    person_id: str = Field(primary_key=True)
    name: str
    email: str | None = None
    manager_id: str | None = None
    zone: str | None = None
    epoch: int
    version: int


class PersonIdentityRow(Record, table=True):
    """How outside systems name a person: the system's name, empty for the e-mail address in lower case."""

    __tablename__ = "person_identities"
    __table_args__ = (Index("ix_person_identities_person", "person_id"),)
    system: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    person_id: str
