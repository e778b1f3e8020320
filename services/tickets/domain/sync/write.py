"""Something that an outside helpdesk is to be told, and how to tell it once.

No helpdesk promises that a request that is sent twice takes effect once. So each order is written down as attempted before it is
sent. If its answer is lost (the line, the helpdesk or we broke off), the next thing is to look whether it took effect, once it
cannot take effect any more; only then is it sent again.
"""

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
MARKER_DIGITS = 14
_TAG = re.compile(r"<[^<>]*>")
_NO_LETTER = re.compile(r"[\W_]+")


class WriteKind(StrEnum):
    """`CHANGE` holds no values until it is attempted: what differs then is told, so that many changes are one order."""

    CREATE = "create"
    CHANGE = "change"
    COMMENT = "comment"


class WriteState(StrEnum):
    """`ATTEMPTED` and not answered: nobody knows yet whether it took effect. `REFUSED` waits for a person."""

    WAITING = "waiting"
    ATTEMPTED = "attempted"
    DONE = "done"
    REFUSED = "refused"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWrite:
    """`payload` is what was sent at the last attempt (fields with our words, for a change). Times are real."""

    write_id: str
    connector: str
    ticket_id: str
    kind: WriteKind
    comment_id: str | None = None
    state: WriteState = WriteState.WAITING
    payload: Mapping[str, str] = field(default_factory=dict)
    recorded_at: datetime
    recorded_by: str = ""
    try_at: datetime
    attempted_at: datetime | None = None
    first_attempted_at: datetime | None = None
    attempts: int = 0
    done_at: datetime | None = None
    external_id: str | None = None
    problem: str | None = None


def marker_of(write_id: str) -> str:
    """What is put into what is written there, so that it can be found again: `gp-` and 14 hexadecimal digits."""
    return f"gp-{hashlib.sha256(write_id.encode()).hexdigest()[:MARKER_DIGITS]}"


def retry_in(failures: int, *, spread: float) -> timedelta:
    """How long to wait after so many failures in a row: doubling, at most a quarter of an hour, spread over its upper half.

    `spread` is random, 0 to 1: many replicas must not come back at one instant (AWS calls this equal jitter).
    """
    doublings = min(max(failures, 1) - 1, 20)
    whole = min(FIRST_WAIT * int(2**doublings), LONGEST_WAIT)
    return whole / 2 + whole / 2 * spread


def same_words(ours: str, theirs: str) -> bool:
    """Whether two texts say the same, whatever a helpdesk did to markup, spaces and punctuation."""
    return _letters(ours) == _letters(theirs)


def _letters(text: str) -> str:
    bare = html.unescape(_TAG.sub(" ", text))
    letters = _NO_LETTER.sub("", bare).casefold()
    # A text of signs only is compared as it stands.
    return letters or "".join(bare.split())
