"""What happened to a ticket that its clocks care about, each at the instant at which it happened.

A moment is never changed. One that is learned of late is put where it belongs, whatever the order of arrival; one that turns
out not to have been is taken back by another, and from then on counts as never having happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.tickets.domain.condition import Features
from services.tickets.domain.policy import Priority, Status


class MomentKind(StrEnum):
    """In the order in which they count where several happened at one instant.

    * The opening comes first: nothing can have happened before it. What was merged in is a part of the ticket from its
      beginning, so it comes next.
    * An answer came before the status that was sent with it ("here is how, solved"). A word of the requester at the very
      instant of an answer is not answered by it.
    * Priority, features and waiting are what the ticket was when its status changed: who raises the priority and solves the
      ticket at once had the shorter target for that instant. A change of policy comes after all of them: a cycle that
      ended at that instant is finished, and finished cycles are never touched by one.
    * A ticket that is merged or deleted is deaf from there on, so these are last.

    Of several changes of one kind at one instant only the last is so for any time at all, and only that one counts.
    """

    OPENED = "opened"
    """`value` is the priority; `detail` is `{"policy": "standard@1", "features": {...}}`."""
    ABSORBED = "absorbed"
    """Another ticket was merged into this one: `value` is its id, `detail["started_at"]` when it was opened."""
    ANSWERED = "answered"
    ASKED = "asked"
    """A public word of the requester."""
    PRIORITY = "priority"
    FEATURES = "features"
    """`detail` holds the features that changed."""
    WAITS = "waits"
    """`value` is `parent` while the ticket waits for its major incident, empty when it no longer does."""
    STATUS = "status"
    POLICY = "policy"
    """`value` is the new version's label; `detail` is `{"migration": id, "retroactive": bool}`."""
    MERGED = "merged"
    """This ticket was merged into the one of id `value`."""
    DELETED = "deleted"
    RETRACTED = "retracted"
    """The moment of id `value` was taken back at this one's time. What is retracted is not brought back: it happens anew."""


_RANK = {kind: rank for rank, kind in enumerate(MomentKind)}
PARENT = "parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`at` is when it counts, `observed_at` when we learned of it; `value` and `detail` (plain JSON) are of its kind.

    `moment_id` sorts by creation and decides between two statuses of one instant: what was learned later wins.
    `taken_back_at` is when a `RETRACTED` moment took it back.
    """

    moment_id: str
    kind: MomentKind
    at: datetime
    observed_at: datetime
    value: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    taken_back_at: datetime | None = None

    @property
    def status(self) -> Status:
        return Status(self.value)

    @property
    def priority(self) -> Priority:
        return Priority(self.value)

    @property
    def started_at(self) -> datetime:
        """When the ticket that was merged in had been opened."""
        written = self.detail.get("started_at")
        if isinstance(written, datetime):
            return written
        return datetime.fromisoformat(written) if isinstance(written, str) else self.at

    @property
    def retroactive(self) -> bool:
        """Whether a new policy's calendar also counts for the time before it."""
        return self.detail.get("retroactive") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a ticket was opened as: the version of the policy it is pinned to, and what the rules looked at."""

    policy: str
    features: Features = field(default_factory=Features)

    @classmethod
    def of(cls, moment: Moment, otherwise: "Opening | None" = None) -> "Opening":
        """What an opening says; `otherwise` is for openings that were written down before they said it."""
        policy, features = moment.detail.get("policy"), moment.detail.get("features")
        if otherwise is None:
            otherwise = cls(policy="")
        return cls(
            policy=policy if isinstance(policy, str) else otherwise.policy,
            features=replace(
                Features.read(features) if isinstance(features, Mapping) else otherwise.features,
                priority=moment.priority,
            ),
        )

    def detail(self) -> dict[str, object]:
        """As the moment holds it."""
        return {"policy": self.policy, "features": self.features.written()}


def with_retractions(moments: Iterable[Moment]) -> list[Moment]:
    """The moments that say something themselves, each with the instant at which it was taken back, if it was."""
    said: list[Moment] = []
    taken_back: dict[str, datetime] = {}
    for moment in moments:
        if moment.kind is MomentKind.RETRACTED:
            known = taken_back.get(moment.value)
            taken_back[moment.value] = moment.at if known is None else min(known, moment.at)
        else:
            said.append(moment)
    if not taken_back:
        return said
    return [
        replace(each, taken_back_at=max(each.at, taken_back[each.moment_id])) if each.moment_id in taken_back else each
        for each in said
    ]


def in_order(moments: Iterable[Moment]) -> list[Moment]:
    """What stands, by the time at which it happened. The opening comes first; nothing can have happened before it."""
    return sorted((each for each in with_retractions(moments) if each.taken_back_at is None), key=_order)


def _order(moment: Moment) -> tuple[bool, datetime, int, str]:
    return (moment.kind is not MomentKind.OPENED, moment.at, _RANK[moment.kind], moment.moment_id)


def played(moments: Iterable[Moment]) -> list[tuple[datetime, Moment]]:
    """Standing moments as they are to be played: with the instants at which they take effect, never before the opening.

    Of several openings the earliest is the one; of changes of one kind at one instant the last is. Nothing without an opening.
    """
    standing = list(moments)
    openings = [each for each in standing if each.kind is MomentKind.OPENED]
    if not openings:
        return []
    opening = min(openings, key=lambda each: (each.at, each.moment_id))
    since = opening.at
    rest = [each for each in standing if each.kind is not MomentKind.OPENED]
    rest.sort(key=lambda each: (max(since, each.at), _RANK[each.kind], each.at, each.moment_id))
    play = [(since, opening)]
    for moment in rest:
        at = max(since, moment.at)
        last_at, last = play[-1]
        if last_at == at and last.kind is moment.kind and moment.kind in _STATES:
            play[-1] = (at, _followed(last, moment))
        else:
            play.append((at, moment))
    return play


_STATES = frozenset({MomentKind.PRIORITY, MomentKind.FEATURES, MomentKind.WAITS, MomentKind.STATUS, MomentKind.POLICY})


def _followed(first: Moment, then: Moment) -> Moment:
    return replace(then, detail={**first.detail, **then.detail}) if then.kind is MomentKind.FEATURES else then


def policies_named(moments: Iterable[Moment], otherwise: Opening | None = None) -> set[str]:
    """The labels of all policies that the clocks of these moments need, taken back or not."""
    named = set()
    for moment in moments:
        if moment.kind is MomentKind.OPENED:
            named.add(Opening.of(moment, otherwise).policy)
        elif moment.kind is MomentKind.POLICY:
            named.add(moment.value)
    return named


def bounded(at: datetime | None, *, earliest: datetime, observed_at: datetime) -> datetime:
    """A remote time as it counts: never after we learned of it, never before `earliest`; none sent, `observed_at`."""
    if at is None:
        return observed_at
    return max(min(at, observed_at), min(earliest, observed_at))


def latest_status(moments: Iterable[Moment]) -> Status:
    """The status that the newest fact tells, not the one that arrived last."""
    told = [moment.status for moment in in_order(moments) if moment.kind is MomentKind.STATUS]
    return told[-1] if told else Status.NEW


def latest_priority(moments: Iterable[Moment], otherwise: Priority) -> Priority:
    told = [moment.priority for moment in in_order(moments) if moment.kind is MomentKind.PRIORITY]
    return told[-1] if told else otherwise


def solved_since(moments: Iterable[Moment]) -> datetime | None:
    """Since when the ticket has been solved or closed without a break; None if it is neither."""
    since: datetime | None = None
    for moment in in_order(moments):
        if moment.kind in (MomentKind.DELETED, MomentKind.MERGED):
            return since
        if moment.kind is MomentKind.STATUS:
            since = (since or moment.at) if moment.status.done else None
    return since


def reopened_at(moments: Iterable[Moment]) -> datetime:
    """When the ticket last left solved. Only for one that has been solved and is not."""
    statuses = [moment for moment in in_order(moments) if moment.kind is MomentKind.STATUS]
    while not statuses[-2].status.done:
        statuses.pop()
    return statuses[-1].at
