"""What a helpdesk says of a ticket, weighed against what was agreed: `domain.sync.merge` decides, here it is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from services.tickets.domain.moment import MomentKind, latest_priority, latest_status
from services.tickets.domain.sync import (
    FIELDS,
    Conflict,
    Connector,
    Decision,
    Field,
    Observation,
    Owner,
    RemoteLink,
    agreed,
    decide,
)
from services.tickets.usecases.folder import Folder
from shared.clock import new_id
from shared.events.facts import HelpdeskFact, Priority, TicketStatus

Says = Mapping[str, Mapping[str, str]]
KINDS: Mapping[Field, MomentKind] = {"status": MomentKind.STATUS, "priority": MomentKind.PRIORITY}


@dataclass(slots=True, kw_only=True)
class Weighing:
    """One ticket's link while facts about it are weighed. `telling` is what an order under way makes the helpdesk say."""

    connector: Connector
    link: RemoteLink
    says: Says
    telling: Mapping[Field, str] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    took: int = 0
    """Words of theirs that changed something here."""
    asks: bool = False

    def weigh(self, folder: Folder, fact: HelpdeskFact, *, whole: bool, now: datetime) -> HelpdeskFact:
        """The fact without what does not count; the link and the folder as they are then."""
        changes: dict[str, Any] = {}
        for name in FIELDS:
            said = _said(fact, name)
            if said is None:
                continue
            decision, owner, conflict = self._decide(folder, name, said, fact.occurred_at, whole=whole)
            if conflict is not None:
                self._note_conflict(folder, name, conflict, decision, owner, now)
            changes |= self._carry_out(folder, name, said, fact, decision, conflict is not None, now)
        return fact.model_copy(update=changes) if changes else fact

    def _decide(
        self, folder: Folder, name: Field, said: str, said_at: datetime | None, *, whole: bool
    ) -> tuple[Decision, Owner, Observation | None]:
        telling = self.telling.get(name)
        seen = Observation(
            said=said,
            said_at=said_at,
            whole=whole,
            here=here(folder, name),
            here_at=self.link.ours_at.get(name),
            ours=self.link.ours.get(name),
            theirs=self.link.theirs.get(name),
            theirs_at=self.link.theirs_at.get(name),
            telling=None if telling is None else said_as(self.says, name, telling),
        )
        owner = self.connector.owner_of(name, self.link.ownership)
        decision, conflict = decide(seen, owner)
        return decision, owner, seen if conflict else None

    def _carry_out(
        self,
        folder: Folder,
        name: Field,
        said: str,
        fact: HelpdeskFact,
        decision: Decision,
        conflict: bool,
        now: datetime,
    ) -> dict[str, Any]:
        """The fields of the fact that are to be something else."""
        at = fact.occurred_at
        if decision is Decision.TAKE:
            self.took += self.link.theirs.get(name) is not None
            self.link = agreed(self.link, name, ours=said, theirs=said, at=at)
            return self._taken_now(folder, name, said, fact, now) if conflict else {}
        if decision is Decision.SAME:
            self.link = agreed(self.link, name, ours=said, theirs=said, at=at)
            return {}
        if decision is Decision.LATE:
            return {name: None} if name == "subject" else {}
        if decision is Decision.ECHO:
            ours = self.telling[name]
            self.link = agreed(self.link, name, ours=ours, theirs=said, at=at)
            return {name: _word(name, ours) if here(folder, name) == ours else None}
        if decision in (Decision.SEEN, Decision.NOTHING):
            ours = self.link.ours[name]
            self.link = agreed(self.link, name, ours=ours, theirs=said, at=at)
            # It still is so; theirs may have fewer words, so what goes into history is ours.
            return {name: _word(name, ours) if decision is Decision.SEEN else None}
        if decision is Decision.KEEP:
            # Theirs is known now; that ours differs from what was agreed makes it be told.
            self.link = replace(
                self.link,
                theirs={**self.link.theirs, name: said},
                theirs_at=self.link.theirs_at if at is None else {**self.link.theirs_at, name: at},
            )
        if decision is Decision.ASK:
            self.asks = True
        return {name: None}

    def _taken_now(self, folder: Folder, name: Field, said: str, fact: HelpdeskFact, now: datetime) -> dict[str, Any]:
        """Their word won over a later one of ours: it is so from now on, and ours was so until now."""
        at = folder.here_and_now(now)
        if name == "subject":
            folder.ticket = replace(folder.ticket, subject=said)
        else:
            before = here(folder, name)
            folder.note(name, at, now, self.connector.name, before=before, after=said)
            folder.happened(KINDS[name], at, now, said, said_at=fact.occurred_at)
        return {name: None}

    def _note_conflict(
        self, folder: Folder, name: Field, seen: Observation, decision: Decision, owner: Owner, now: datetime
    ) -> None:
        kept: Literal["ours", "theirs"] = "theirs" if decision is Decision.TAKE else "ours"
        self.conflicts.append(
            Conflict(
                conflict_id=new_id(),
                connector=self.connector.name,
                ticket_id=folder.ticket.ticket_id,
                field=name,
                ours=seen.here,
                theirs=seen.said,
                ours_at=seen.here_at,
                theirs_at=seen.said_at,
                kept=kept,
                rule=owner,
                at=now,
            )
        )
        folder.note(
            "conflict",
            folder.here_and_now(now),
            now,
            self.connector.name,
            field=name,
            ours=seen.here,
            theirs=seen.said,
            kept=kept,
            rule=owner.value,
        )


def here(folder: Folder, name: Field) -> str:
    """What the ticket says, with what the folder has learned meanwhile."""
    if name == "status":
        return latest_status(folder.all_moments).value
    if name == "priority":
        return latest_priority(folder.all_moments, folder.ticket.priority).value
    return folder.ticket.subject


def said_as(says: Says, name: Field, word: str) -> str:
    """What the helpdesk reports after it was told our word."""
    return says.get(name, {}).get(word, word)


def _said(fact: HelpdeskFact, name: Field) -> str | None:
    value = getattr(fact, name)
    return None if value is None else str(value)


def _word(name: Field, word: str) -> Any:
    if name == "status":
        return TicketStatus(word)
    return Priority(word) if name == "priority" else word
