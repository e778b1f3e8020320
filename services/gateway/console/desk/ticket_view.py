"""A ticket as its page shows it: what was said, what happened, how it hangs together with others. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.gateway.console.desk.history_words import ICONS, say_entry
from services.gateway.console.desk.strip import ClockView, clock_view
from services.gateway.console.desk.words import (
    ROLES,
    priority_look,
    spaced,
    status_look,
)
from services.gateway.console.rendering import as_instant
from services.gateway.console.views import Look

Tree = Mapping[str, Any]

RULES: Final[Mapping[str, str]] = {
    "tag": "a tag names the wave",
    "course": "it is about the wave's course",
    "system": "it is about a system that the rollout touches",
    "requester": "the requester is in the wave and names its course or system",
    "hand": "the desk set it by hand",
}
LINKS: Final[Mapping[str, str]] = {
    "parent": "Part of",
    "child": "Includes",
    "duplicate_of": "Duplicate of",
    "duplicated_by": "Duplicated by",
    "follow_up_of": "Follows up",
    "followed_up_by": "Followed up by",
    "related": "Related to",
    "merged_into": "Merged into",
    "merged_from": "Took in",
}
LINKS_BY_HAND: Final = ("parent", "child", "duplicate_of", "follow_up_of", "related")
NOTICED_LATE: Final = timedelta(minutes=1)
_ORDER: Final = (
    "first_response",
    "next_response",
    "periodic_update",
    "resolution",
    "agent_work",
    "requester_wait",
    "ola",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordView:
    """Something said on a ticket. `by` is `requester`, `desk` or `machine`."""

    comment_id: str
    at: str
    author: str
    role: str
    by: str
    public: bool
    body: str
    retracted_at: str | None
    edited_at: str | None
    counts: bool
    """A public word of the desk that stands: what answered the requester, so what can be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    kind: str
    words: str
    number: int | None
    reference: str
    subject: str
    status: Look | None
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    at: str
    actor: str
    icon: str
    sentence: str
    noticed_at: str | None
    """Where it was noticed later than it happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    number: int
    ticket_id: str
    version: int
    subject: str
    description: str
    status: Look
    priority: Look
    requester: str
    requester_email: str
    rule: str
    deleted: bool
    closed: bool
    done: bool
    major: bool
    raw: Tree

    def text(self, name: str) -> str:
        """A field as a form shows it."""
        value = self.raw.get(name)
        return "" if value is None else str(value)

    @property
    def tags(self) -> str:
        return ", ".join(self.raw.get("tags") or ())

    @property
    def attribution(self) -> Tree:
        return self.raw.get("attribution") or {}


def ticket_view(ticket: Tree) -> TicketView:
    """`ticket` as `GET /v1/tickets/{id}` answers."""
    requester, status = ticket.get("requester") or {}, str(ticket.get("status") or "")
    rule = str((ticket.get("attribution") or {}).get("rule") or "")
    return TicketView(
        number=int(ticket.get("number") or 0),
        ticket_id=str(ticket.get("ticket_id") or ""),
        version=int(ticket.get("version") or 0),
        subject=str(ticket.get("subject") or ""),
        description=str(ticket.get("description") or ""),
        status=status_look(status),
        priority=priority_look(ticket.get("priority")),
        requester=str(requester.get("name") or requester.get("email") or "somebody"),
        requester_email=str(requester.get("email") or ""),
        rule=RULES.get(rule, spaced(rule)),
        deleted=bool(ticket.get("deleted_at")),
        closed=status == "closed",
        done=status in ("solved", "closed"),
        major=bool(ticket.get("major")),
        raw=ticket,
    )


def word_view(comment: Tree) -> WordView:
    """`comment` as `GET /v1/tickets/{id}/comments` lists it."""
    role, public = str(comment.get("author_role") or "unknown"), bool(comment.get("public"))
    by = {"requester": "requester", "agent": "desk", "bot": "machine"}.get(role, "machine")
    retracted_at = comment.get("retracted_at")
    return WordView(
        comment_id=str(comment.get("comment_id") or ""),
        at=str(comment.get("at") or ""),
        author=str(comment.get("author_name") or ROLES.get(role, "somebody")),
        role=ROLES.get(role, role),
        by=by,
        public=public,
        body=str(comment.get("body") or ""),
        retracted_at=retracted_at,
        edited_at=comment.get("edited_at"),
        counts=public and role == "agent" and retracted_at is None,
    )


def clock_views(clocks: Sequence[Tree]) -> list[ClockView]:
    """What still counts first, in the order in which people ask for it."""
    ordered = sorted(
        clocks,
        key=lambda clock: (
            clock.get("state") in ("settled", "cancelled"),
            _ORDER.index(str(clock.get("target"))) if clock.get("target") in _ORDER else len(_ORDER),
            int(clock.get("cycle") or 0),
        ),
    )
    return [clock_view(clock) for clock in ordered]


def link_views(ticket: Tree, links: Sequence[Tree]) -> list[LinkView]:
    """The ticket's links as listed, each with what is known of the other ticket."""
    found = [_link(link) for link in links]
    known = {(link.kind, link.reference) for link in found}
    for kind, key in (("parent", "parent_id"), ("merged_into", "merged_into")):
        other = ticket.get(key)
        if other and not any(kind == each for each, _ in known):
            found.append(_link({"kind": kind, "other_id": other}))
    return found


def _link(link: Tree) -> LinkView:
    other = link.get("other") or link.get("ticket") or {}
    number = link.get("other_number") or link.get("number") or other.get("number")
    kind, status = str(link.get("kind") or "related"), link.get("status") or other.get("status")
    return LinkView(
        kind=kind,
        words=LINKS.get(kind, spaced(kind).capitalize()),
        number=int(number) if number else None,
        reference=str(number or link.get("other_id") or other.get("ticket_id") or ""),
        subject=str(link.get("subject") or other.get("subject") or ""),
        status=status_look(status) if status else None,
        by_hand=kind not in ("merged_into", "merged_from"),
    )


def entry_view(entry: Tree) -> EntryView:
    """`entry` as `GET /v1/tickets/{id}/history` lists it."""
    at, observed_at = str(entry.get("at") or ""), entry.get("observed_at")
    kind = str(entry.get("kind") or "")
    said = entry.get("sentence") or say_entry(kind, entry.get("detail") or {})
    return EntryView(
        at=at,
        actor=str(entry.get("actor") or ""),
        icon=ICONS.get(kind, "dots"),
        sentence=str(said),
        noticed_at=str(observed_at) if _later(at, observed_at) else None,
    )


def _later(at: str, observed_at: object) -> bool:
    """Whether something was noticed so much later that it is worth saying."""
    happened, noticed = as_instant(at), as_instant(str(observed_at)) if observed_at else None
    return happened is not None and noticed is not None and noticed - happened >= NOTICED_LATE
