"""What a ticket here and a ticket there last agreed on, field by field.

For each field a link keeps a pair: our word and theirs that stand for one another. Ours changed if the ticket says something
else than our half, theirs if the helpdesk does. (The halves differ where it has fewer words: what is on hold here may be just
open there.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.tickets.domain.ticket import Ticket

Field = Literal["status", "priority", "subject"]
FIELDS: tuple[Field, ...] = ("status", "priority", "subject")


class Owner(StrEnum):
    """Whose word counts when a field was changed on both sides."""

    REMOTE = "remote"
    LOCAL = "local"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLink:
    """`external_id` is None until the ticket is known to be there."""

    ticket_id: str
    connector: str
    external_id: str | None = None
    ours: Mapping[Field, str] = field(default_factory=dict)
    theirs: Mapping[Field, str] = field(default_factory=dict)
    theirs_at: Mapping[Field, datetime] = field(default_factory=dict)
    """The newest time of theirs at which their half was seen to be so."""
    ours_at: Mapping[Field, datetime] = field(default_factory=dict)
    """When ours was last changed here."""
    ownership: Mapping[Field, Owner] = field(default_factory=dict)
    seen_at: datetime | None = None
    """The newest change of theirs that was read."""
    comments_read_at: datetime | None = None
    """By their clock: when its comments were last read."""
    read_wanted: bool = False
    """Something told too little to be sure: read the ticket itself."""
    gone_at: datetime | None = None
    """When it was found to be no longer there, or not ours to see."""
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A field that was changed on both sides, and what became of it. The loser's word is kept."""

    conflict_id: str
    connector: str
    ticket_id: str
    field: Field
    ours: str
    theirs: str
    ours_at: datetime | None
    theirs_at: datetime | None
    kept: Literal["ours", "theirs"]
    rule: Owner
    at: datetime


def value_of(ticket: Ticket, name: Field) -> str:
    """What the ticket says here."""
    return str(getattr(ticket, name))


def changed_here(link: RemoteLink, ticket: Ticket) -> dict[Field, str]:
    """The fields that say something else than when both sides last agreed, with what they say."""
    said = {name: value_of(ticket, name) for name in FIELDS if name in link.ours}
    return {name: word for name, word in said.items() if word != link.ours[name]}


def agreed(link: RemoteLink, name: Field, *, ours: str, theirs: str, at: datetime | None) -> RemoteLink:
    """The link once both sides have said that this is so; times only go forward."""
    known = link.theirs_at.get(name)
    latest = max(filter(None, (known, at)), default=None)
    return replace(
        link,
        ours={**link.ours, name: ours},
        theirs={**link.theirs, name: theirs},
        theirs_at=link.theirs_at if latest is None else {**link.theirs_at, name: latest},
    )
