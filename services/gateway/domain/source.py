"""A source: one outside system that sends to `POST /hooks/{name}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_SECRETS = 2
"""Two live secrets, so that one can be exchanged without losing a delivery."""


def is_source_name(text: str) -> bool:
    """Lower case letters, digits and hyphens, at most 63, beginning with a letter or digit."""
    return NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source as configured; its secrets are elsewhere."""

    id: str
    name: str
    vendor: str
    kind: Literal["lms", "helpdesk"]
    enabled: bool
    vendor_file: Mapping[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime
