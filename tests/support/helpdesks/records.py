"""What simulated helpdesks keep, and what tests see of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Person:
    id: int
    email: str
    name: str
    agent: bool = False


@dataclass(slots=True)
class StoredComment:
    id: int
    body: str
    public: bool
    author: Person
    created_at: datetime
    by_us: bool
    more: dict[str, Any] = field(default_factory=dict)
    """What only this vendor knows of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field at one moment, in the vendor's words."""

    id: int
    at: datetime
    field: str
    before: Any
    after: Any
    by: Person


@dataclass(slots=True)
class StoredTicket:
    """`status` and `priority` are the vendor's words."""

    id: int
    subject: str
    description: str
    status: str
    priority: str
    requester: Person
    created_at: datetime
    updated_at: datetime
    comments: list[StoredComment] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    """What only this vendor knows of it."""


@dataclass(frozen=True, slots=True)
class RemoteComment:
    body: str
    public: bool
    by_us: bool


@dataclass(frozen=True, slots=True)
class RemoteState:
    """What is so there, in our words. `comments` without the ticket's description."""

    subject: str
    status: str
    priority: str
    comments: tuple[RemoteComment, ...]


@dataclass(frozen=True, slots=True)
class SentWebhook:
    body: bytes
    content_type: str
    headers: Mapping[str, str]
