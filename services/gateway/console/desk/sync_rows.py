"""Orders, conflicts, what was not understood, and links as rows of a page. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.gateway.console.desk.sync_words import field_word, owner_words, value_word, write_look
from services.gateway.console.desk.words import spaced
from services.gateway.console.views import Look

Tree = Mapping[str, Any]

MOST_SHOWN: Final = 1500
"""Characters of an item that was not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteView:
    """Something that the helpdesk is to be told."""

    write_id: str
    look: Look
    state: str
    says: str
    number: int | None
    subject: str
    problem: str
    attempts: int
    by: str
    at: Any

    @property
    def retries(self) -> bool:
        return self.state == "refused"

    @property
    def discards(self) -> bool:
        return self.state in ("refused", "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    conflict_id: str
    number: int | None
    field: str
    ours: str
    theirs: str
    ours_at: Any
    theirs_at: Any
    kept_ours: bool
    rule: str
    at: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """Part of an answer that a vendor file could not make sense of: which expression, and what it met."""

    problem_id: str
    answer: str
    expression: str
    reason: str
    item: str
    """Empty for those who may not see what people wrote."""
    cut: bool
    times: int
    at: Any
    last_at: Any


def write_views(items: Sequence[Tree]) -> list[WriteView]:
    return [write_view(item) for item in items]


def write_view(item: Tree) -> WriteView:
    says = str(item.get("says") or spaced(item.get("kind")))
    return WriteView(
        write_id=str(item.get("write_id") or ""),
        look=write_look(item.get("state")),
        state=str(item.get("state") or ""),
        says=says[:1].upper() + says[1:],
        number=item.get("number"),
        subject=str(item.get("subject") or ""),
        problem=str(item.get("problem") or ""),
        attempts=int(item.get("attempts") or 0),
        by=str(item.get("recorded_by") or ""),
        at=item.get("done_at") or item.get("attempted_at") or item.get("recorded_at"),
    )


def conflict_views(items: Sequence[Tree]) -> list[ConflictView]:
    return [conflict_view(item) for item in items]


def conflict_view(item: Tree) -> ConflictView:
    name = item.get("field")
    return ConflictView(
        conflict_id=str(item.get("conflict_id") or ""),
        number=item.get("number"),
        field=field_word(name),
        ours=value_word(name, item.get("ours")),
        theirs=value_word(name, item.get("theirs")),
        ours_at=item.get("ours_at"),
        theirs_at=item.get("theirs_at"),
        kept_ours=item.get("kept") == "ours",
        rule=owner_words(item.get("rule")),
        at=item.get("at"),
    )


def problem_views(items: Sequence[Tree]) -> list[ProblemView]:
    return [problem_view(item) for item in items]


def problem_view(item: Tree) -> ProblemView:
    met = item.get("item") or ""
    text = met if isinstance(met, str) else json.dumps(met, indent=2, ensure_ascii=False)
    return ProblemView(
        problem_id=str(item.get("problem_id") or ""),
        answer=spaced(item.get("answer")),
        expression=str(item.get("expression") or ""),
        reason=str(item.get("reason") or ""),
        item=text[:MOST_SHOWN],
        cut=len(text) > MOST_SHOWN,
        times=int(item.get("times") or 1),
        at=item.get("at"),
        last_at=item.get("last_at") or item.get("at"),
    )
