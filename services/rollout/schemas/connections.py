"""Connections on the wire. A token goes in and never comes out."""

from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class ConnectionIn(BaseModel):
    """How a learning system is called."""

    model_config = ConfigDict(extra="forbid")
    vendor: str = Field(max_length=80)
    base_url: str = Field(max_length=500)
    token: SecretStr | None = Field(default=None, min_length=1, max_length=2_000)
    """May be left out to keep the one that is held."""
    match_by: Literal["email", "username", "idnumber"] = "email"
    """What accounts are found by: the e-mail address, or the directory's id as user name or ID number."""
    student_role_id: int = Field(default=5, ge=1)
    batch_size: int = Field(default=50, ge=1, le=50)
    pause_seconds: float = Field(default=0.25, ge=0, le=3_600)
    """Between two calls of the paced worker."""
    poll_every_seconds: float = Field(default=300, ge=1, le=86_400)

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address such as https://lms.example.org or https://example.org/moodle")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("an address without user, query or fragment")
        return value.strip().rstrip("/")


class ConnectionOut(BaseModel):
    """A connection and how its calls go. All times are real time."""

    source: str
    vendor: str
    base_url: str
    match_by: str
    student_role_id: int
    batch_size: int
    pause_seconds: float
    poll_every_seconds: float
    poll_wanted: bool
    polling: bool
    polled_at: datetime | None
    polls: int
    """Polls that ran to their end."""
    failures: int
    """Failed calls in a row."""
    last_error: str | None
    next_call_at: datetime | None
    version: int
