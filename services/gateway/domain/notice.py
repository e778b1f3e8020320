"""An e-mail notice: what is in it, and when a failed one is tried again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

State = Literal["waiting", "undeliverable", "sent", "failed", "expired"]
"""`waiting`: to be sent at `next_attempt_at`. `undeliverable`: no mail server is set up yet; sent once there is one.
`failed`: refused for good, or tried too often. `expired`: its link ended before it could be sent."""

# Greylisting clears within minutes, a broken relay within hours: about two days in all.
RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
    timedelta(hours=20),
)
PAGES = {"signoff": "signoff", "survey": "survey", "ticket": "ticket"}
REPLY_HINT = "You can answer this e-mail. Please write your answer above this line."
"""The tickets service cuts an answer off where it finds the second sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One e-mail as it goes out."""

    message_id: str
    to_email: str
    to_name: str
    subject: str
    body: str
    reply_to: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()


def retry_at(attempts: int, now: datetime, *, wish: timedelta | None = None) -> datetime | None:
    """When to try again after `attempts` (>= 1) temporary failures; None when it has been tried often enough."""
    if attempts > len(RETRY_AFTER):
        return None
    return now + max(RETRY_AFTER[attempts - 1], wish or timedelta(0))


def message_id_of(notification_id: str, public_host: str) -> str:
    """The Message-ID, the same for each attempt, so that a mail system sees a double after a crash for what it is."""
    safe = "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in notification_id)
    return f"<{safe[:120]}@{public_host}>"


def with_link(body: str, url: str | None) -> str:
    """The body with `{link}` replaced; where the text forgot the place, the link stands at the end."""
    if url is None:
        return body.replace("{link}", "").rstrip() + "\n" if "{link}" in body else body
    if "{link}" in body:
        return body.replace("{link}", url)
    return f"{body.rstrip()}\n\n{url}\n"


def with_reply_hint(body: str, can_reply: bool) -> str:
    """The body with `{reply}` replaced by the sentence that answering works, or by nothing where it does not."""
    if "{reply}" not in body:
        return body
    if can_reply:
        return body.replace("{reply}", REPLY_HINT)
    return "\n".join(line for line in body.split("\n") if line.strip() != "{reply}").replace("{reply}", "")


def one_line(text: str) -> str:
    """Text for a mail header: no line breaks or control characters, so that nobody adds headers of their own."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as it is kept. `link` is what the link leads to (purpose, subject, expires_at), never a token."""

    id: str
    owner: str
    person_id: str | None
    to_email: str
    to_name: str
    subject: str
    body: str
    link: Mapping[str, Any] | None
    thread: Mapping[str, Any] | None = None
    """The conversation: `id`, `in_reply_to` (a Message-ID) and `follows` (earlier notices)."""
    rollout: str | None
    wave: str | None
    state: State
    attempts: int
    next_attempt_at: datetime
    requested_at: datetime
    sent_at: datetime | None
    reason: str | None
