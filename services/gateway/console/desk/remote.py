"""Where a ticket is as well: the helpdesk, what both sides agree on, what was told there, what was in conflict. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.console.desk.sync_rows import ConflictView, WriteView, conflict_view, write_view
from services.gateway.console.desk.sync_words import field_word, owner_words, value_word

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    words: str
    ours: str
    theirs: str
    rule: str
    agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteView:
    connector: str
    key: str
    """How it is called there; empty until it is known to be there."""
    gone_at: Any
    seen_at: Any
    linked_at: Any
    fields: tuple[FieldView, ...]
    writes: tuple[WriteView, ...]
    conflicts: tuple[ConflictView, ...]

    @property
    def says(self) -> str:
        """Whether both sides say the same, in a sentence."""
        if self.gone_at:
            return "It is no longer there, or not ours to see. Nothing is told there any more."
        if not self.key:
            return "It is to be opened there."
        apart = [field.words.lower() for field in self.fields if not field.agreed]
        if not apart:
            return "Both sides say the same."
        return f"Not agreed yet: {', '.join(apart)}."


def remote_view(found: Tree | None, ticket: Tree) -> RemoteView | None:
    """`found` as `GET /v1/tickets/{id}/remote` answers; None for a ticket that is only here."""
    if not found:
        return None
    return RemoteView(
        connector=str(found.get("connector") or ""),
        key=_key(found, ticket),
        gone_at=found.get("gone_at"),
        seen_at=found.get("seen_at"),
        linked_at=found.get("linked_at"),
        fields=tuple(_field(each) for each in _list(found, "fields")),
        writes=tuple(write_view(each) for each in _list(found, "writes")),
        conflicts=tuple(conflict_view(each) for each in _list(found, "conflicts")),
    )


def _key(found: Tree, ticket: Tree) -> str:
    """What people there call it, where that is told, else its id."""
    if ticket.get("external_key") and ticket.get("source") == found.get("connector"):
        return str(ticket["external_key"])
    return str(found.get("external_id") or "")


def _field(each: Tree) -> FieldView:
    name = each.get("field")
    return FieldView(
        words=field_word(name),
        ours=value_word(name, each.get("ours")),
        theirs=value_word(name, each.get("theirs")),
        rule=owner_words(each.get("owner")),
        agreed=bool(each.get("agreed")),
    )


def _list(found: Tree, name: str) -> Sequence[Tree]:
    listed = found.get(name)
    return listed if isinstance(listed, list) else ()
