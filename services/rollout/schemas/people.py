"""People on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PeopleIn(_In):
    """A list of people, with the names of the CSV header (`domain.person.COLUMNS`); what is absent stays as it is."""

    people: list[dict[str, Any]] = Field(min_length=1)


class ImportOut(BaseModel):
    created: int
    changed: int
    unchanged: int


class PersonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: str
    external_key: str | None
    name: str
    email: str | None
    manager_id: str | None
    department: str | None
    region: str | None
    site: str | None
    role: str | None
    kind: str
    language: str | None
    zone: str | None
    tags: list[str]
    champion: bool
    active: bool
    external_ids: dict[str, str]
    version: int
    created_at: datetime
    changed_at: datetime


class IdentityOut(BaseModel):
    """A name in an outside system; source `*` is every system."""

    model_config = ConfigDict(from_attributes=True)
    source: str
    scheme: str
    value: str


class PersonDetailOut(PersonOut):
    identities: list[IdentityOut] = []


class UnknownIdentityOut(BaseModel):
    """A name that a system used and that is nobody's yet; `value` as the system wrote it."""

    id: str
    source: str
    scheme: str
    value: str
    first_seen_at: datetime
    last_seen_at: datetime
    person_id: str | None
    linked_at: datetime | None


class LinkIn(_In):
    person_id: Annotated[str, Field(min_length=1, max_length=36)]


class MemberOut(BaseModel):
    """A person's place in a wave; `push` is what the learning system has been told, `push_error` why it would not have them."""

    enrolment_id: str
    wave: str
    person_id: str
    name: str
    email: str | None
    state: str
    push: str
    push_attempts: int
    push_error: str | None
    changed_at: datetime
