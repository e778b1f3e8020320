"""What happened to a ticket that its clocks care about, each at the instant at which it happened.

A moment is never changed. One that is learned of late is put where it belongs, whatever the order of arrival.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.tickets.domain.policy import Priority, Status


class MomentKind(StrEnum):
    OPENED = "opened"
    ANSWERED = "answered"
    PRIORITY = "priority"
    STATUS = "status"
    DELETED = "deleted"


# At one and the same instant: the answer that came with "solved" was given before the ticket was solved.
_RANK = {kind: rank for rank, kind in enumerate(MomentKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`at` is when it counts, `observed_at` when we learned of it; `value` is the status or priority as text.

    `moment_id` sorts by creation and decides between two statuses of one instant: what was learned later wins.
    """

    moment_id: str
    kind: MomentKind
    at: datetime
    observed_at: datetime
    value: str = ""

    @property
    def status(self) -> Status:
        return Status(self.value)

    @property
    def priority(self) -> Priority:
        return Priority(self.value)


def in_order(moments: Iterable[Moment]) -> list[Moment]:
    """By the time at which they happened. The opening comes first; nothing can have happened before it."""
    return sorted(moments, key=_order)


def _order(moment: Moment) -> tuple[bool, datetime, int, str]:
    return (moment.kind is not MomentKind.OPENED, moment.at, _RANK[moment.kind], moment.moment_id)


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
        if moment.kind is MomentKind.DELETED:
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
