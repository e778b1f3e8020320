"""What the door for webhooks needs to know of a vendor, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to a webhook, as the vendor wants it."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trusted:
    """The sender proved who it is."""


@dataclass(frozen=True, slots=True)
class Untrusted:
    """It did not; `reason` says what was wrong in plain words, never what would have been right."""

    reason: str
