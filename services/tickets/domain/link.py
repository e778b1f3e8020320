"""How tickets belong together. A link is kept as seen from both of its ends, so either end finds the other at once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkKind(StrEnum):
    """What the other ticket is to this one."""

    PARENT = "parent"
    CHILD = "child"
    DUPLICATE_OF = "duplicate_of"
    DUPLICATED_BY = "duplicated_by"
    FOLLOW_UP_OF = "follow_up_of"
    FOLLOWED_UP_BY = "followed_up_by"
    RELATED = "related"
    MERGED_INTO = "merged_into"
    MERGED_FROM = "merged_from"

    @property
    def inverse(self) -> "LinkKind":
        return _INVERSE[self]

    @property
    def by_hand(self) -> bool:
        """Whether a person sets it as a link; a merge is a deed of its own."""
        return self not in (LinkKind.MERGED_INTO, LinkKind.MERGED_FROM)


_PAIRS = (
    (LinkKind.PARENT, LinkKind.CHILD),
    (LinkKind.DUPLICATE_OF, LinkKind.DUPLICATED_BY),
    (LinkKind.FOLLOW_UP_OF, LinkKind.FOLLOWED_UP_BY),
    (LinkKind.RELATED, LinkKind.RELATED),
    (LinkKind.MERGED_INTO, LinkKind.MERGED_FROM),
)
_INVERSE = dict(_PAIRS) | {other: one for one, other in _PAIRS}
MOST_GENERATIONS = 20
"""A parent's parent's parent ... of more than this is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`other_id` is `kind` of `ticket_id`: with `parent`, the other one is the parent."""

    ticket_id: str
    kind: LinkKind
    other_id: str
    made_at: datetime
    made_by: str

    @property
    def inverse(self) -> "Link":
        return Link(
            ticket_id=self.other_id,
            kind=self.kind.inverse,
            other_id=self.ticket_id,
            made_at=self.made_at,
            made_by=self.made_by,
        )


class CascadeKind(StrEnum):
    """What a major incident does to its children."""

    WAIT = "wait"
    RELEASE = "release"
    SOLVE = "solve"
    REOPEN = "reopen"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """An intent to be carried out some children at a time, in the order of their ids. `at` is when the parent changed."""

    cascade_id: str
    parent_id: str
    kind: CascadeKind
    at: datetime
    actor: str
    comment_id: str | None = None
    after_child: str = ""
    reached: int = 0
