"""A ticket on the desk while somebody works on it: as it was found, as it is to be, and what happened in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.condition import Features
from services.tickets.domain.dossier import Dossier, features_of, last_at, opening_of
from services.tickets.domain.moment import Moment, MomentKind, Opening, in_order
from services.tickets.domain.sync import RemoteLink
from services.tickets.domain.ticket import Comment, CommentEdit, Entry, Ticket
from shared.clock import new_id, render_instant

WORDED = ("subject", "description", "impact", "cause", "system", "tags", "external_key", "external_id", "requester_id")
"""What can be searched for, comments aside."""


@dataclass(slots=True, kw_only=True)
class Folder:
    """`comments` are new ones, `revised` those that were there; `edits` is what these said before."""

    found: Dossier
    ticket: Ticket
    new: bool = False
    moments: list[Moment] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    revised: list[Comment] = field(default_factory=list)
    edits: list[CommentEdit] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    batch_id: str | None = None
    link: RemoteLink | None = None
    """Where it is as well, if that is known already."""
    told_by: str | None = None
    """The connector whose helpdesk told what is in the folder: it need not be told of it."""

    @classmethod
    def of(cls, dossier: Dossier) -> "Folder":
        return cls(found=dossier, ticket=dossier.ticket)

    def happened(
        self,
        kind: MomentKind,
        at: datetime,
        now: datetime,
        value: str = "",
        *,
        detail: Mapping[str, object] | None = None,
        said_at: datetime | None = None,
    ) -> str:
        """Something the clocks care about; its id. `said_at` is the time that a remote desk gave, kept where another counts."""
        told = dict(detail or {})
        if said_at is not None and said_at != at:
            told["said_at"] = render_instant(said_at)
        moment = Moment(moment_id=new_id(), kind=kind, at=at, observed_at=now, value=value, detail=told)
        self.moments.append(moment)
        return moment.moment_id

    def take_back(self, moment_id: str, at: datetime, now: datetime) -> None:
        """From now on it counts as never having happened."""
        self.happened(MomentKind.RETRACTED, at, now, moment_id)

    def note(self, kind: str, at: datetime, now: datetime, actor: str, /, **detail: Any) -> None:
        """A line of the history that people read."""
        self.entries.append(
            Entry(
                entry_id=new_id(),
                ticket_id=self.ticket.ticket_id,
                at=at,
                observed_at=now,
                kind=kind,
                actor=actor,
                detail=detail,
                batch_id=self.batch_id,
            )
        )

    @property
    def all_moments(self) -> tuple[Moment, ...]:
        return (*self.found.moments, *self.moments)

    @property
    def reworded(self) -> bool:
        """Whether search has to learn something."""
        if self.new or self.comments or self.revised:
            return True
        return any(getattr(self.ticket, name) != getattr(self.found.ticket, name) for name in WORDED)

    def here_and_now(self, now: datetime) -> datetime:
        """What is done here comes after all that is known, even where another replica's clock is a little ahead."""
        return max(now, last_at(self.all_moments) or now)

    def record_features(self, now: datetime) -> None:
        """What the rules look at changed: the replay has to match them again from here on."""
        told, is_now = self._features_told().written(), features_of(self.ticket).written()
        changed = {name: value for name, value in is_now.items() if name != "priority" and value != told[name]}
        if changed:
            self.happened(MomentKind.FEATURES, self.here_and_now(now), now, detail=changed)

    def pin(self, policy: str) -> None:
        """A new ticket is opened under this policy and as what it is now; later facts of its past tell what changed since."""
        name, _, version = policy.rpartition("@")
        self.ticket = replace(self.ticket, policy_name=name, policy_version=int(version))
        opening = Opening(policy=policy, features=self.first_features())
        self.moments = [
            replace(each, detail={**opening.detail(), **each.detail}) if each.kind is MomentKind.OPENED else each
            for each in self.moments
        ]

    def first_features(self) -> Features:
        """What a new ticket was opened as."""
        features = features_of(self.ticket)
        opened, tags = None, None
        for moment in in_order(self.moments):
            if moment.kind is MomentKind.OPENED and opened is None:
                opened = moment.value
            elif moment.kind is MomentKind.FEATURES and tags is None:
                tags = moment.detail.get("tags")
        known: dict[str, object] = {"priority": opened} if opened else {}
        return features.changed(known | ({"tags": tags} if tags is not None else {}))

    def _features_told(self) -> Features:
        features: Features | None = None
        for moment in in_order(self.all_moments):
            if moment.kind is MomentKind.OPENED and features is None:
                features = Opening.of(moment, opening_of(self.found.ticket)).features
            elif moment.kind is MomentKind.FEATURES and features is not None:
                features = features.changed(moment.detail)
        return features or features_of(self.found.ticket)
