"""A source: one outside system that sends to `POST /hooks/{name}`."""

import re

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MAX_SECRETS = 2
"""Two live secrets, so that one can be exchanged without losing a delivery."""


def is_source_name(text: str) -> bool:
    """Lower case letters, digits and hyphens, at most 63, beginning with a letter or digit."""
    return NAME.fullmatch(text) is not None
