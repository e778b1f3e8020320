"""What would have become of tickets under another policy: the same moments run twice, with the pins replaced.

Nothing of it is kept with the tickets. A ticket is covered if the policy's condition held for it when it was opened (and it was
opened under the policy that is to be replaced, if one is named); later moves from version to version are left out then, since
the replayed version stands for all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from services.tickets.domain.clock import Clock, ClockKey, ClockState, run_clocks
from services.tickets.domain.dossier import Dossier, opening_of
from services.tickets.domain.moment import Moment, MomentKind, Opening, in_order
from services.tickets.domain.policy import Policy

MOST_SAMPLES = 50
SIDES = ("then", "now")


class Ending(StrEnum):
    """How a clock stands. `out`: cancelled, so it is in no figure."""

    MET = "met"
    BREACHED = "breached"
    OPEN = "open"
    OUT = "out"


class Change(StrEnum):
    """What the other policy does to a clock; `saved` is a breach that would not have been."""

    NEWLY_BREACHED = "newly_breached"
    SAVED = "saved"
    EARLIER = "earlier"
    LATER = "later"
    SAME = "same"
    NEWLY_PROMISED = "newly_promised"
    NO_LONGER_PROMISED = "no_longer_promised"


def ending_of(clock: Clock) -> Ending:
    if clock.state is ClockState.CANCELLED and (clock.breached_at is None or clock.cancelled_because == "merged"):
        return Ending.OUT
    if clock.breached_at is not None:
        return Ending.BREACHED
    return Ending.MET if clock.settled_at is not None else Ending.OPEN


def change_of(then: Clock | None, now: Clock | None) -> Change:
    """The weightiest thing that is different: first what became of it, then when it was due."""
    if then is None or now is None:
        return Change.NEWLY_PROMISED if then is None else Change.NO_LONGER_PROMISED
    before, after = ending_of(then), ending_of(now)
    if (before is Ending.BREACHED) != (after is Ending.BREACHED):
        return Change.NEWLY_BREACHED if after is Ending.BREACHED else Change.SAVED
    if then.due_at is None or now.due_at is None or then.due_at == now.due_at:
        return Change.SAME
    return Change.EARLIER if now.due_at < then.due_at else Change.LATER


def covers(policy: Policy, dossier: Dossier, instead_of: str | None) -> bool:
    """Whether the ticket would have been under the policy."""
    opening = opened_as(dossier)
    if instead_of is not None and opening.policy.rpartition("@")[0] != instead_of:
        return False
    return policy.when.check(opening.features) is None


def opened_as(dossier: Dossier) -> Opening:
    otherwise = opening_of(dossier.ticket)
    opening = next((each for each in in_order(dossier.moments) if each.kind is MomentKind.OPENED), None)
    return otherwise if opening is None else Opening.of(opening, otherwise)


def repinned(dossier: Dossier, label: str) -> tuple[Moment, ...]:
    """The moments with this version as the one pin from the opening on."""
    otherwise = opening_of(dossier.ticket)
    return tuple(
        replace(each, detail=replace(Opening.of(each, otherwise), policy=label).detail())
        if each.kind is MomentKind.OPENED
        else each
        for each in dossier.moments
        if each.kind is not MomentKind.POLICY
    )


Pair = tuple[Clock | None, Clock | None]


def replay(dossier: Dossier, book: Mapping[str, Policy], policy: Policy, until: datetime) -> dict[ClockKey, Pair]:
    """The ticket's clocks (as they were, as they would have been), both as of `until`. Raises `NeverDue`, `UnknownPolicy`."""
    ticket_id, otherwise = dossier.ticket.ticket_id, opening_of(dossier.ticket)
    then = run_clocks(ticket_id, dossier.moments, book, until, otherwise)
    now = run_clocks(ticket_id, repinned(dossier, policy.label), {policy.label: policy}, until, otherwise)
    return {key: (then.get(key), now.get(key)) for key in sorted({*then, *now})}


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a replay has found so far; plain JSON by `written`, so that it goes on after a restart where it stood.

    `endings` counts by priority, target and side; `changes` by change. Samples whose outcome changed come before those whose
    due time moved.
    """

    tickets: int
    covered: int
    endings: dict[str, dict[str, dict[str, dict[str, int]]]]
    changes: dict[str, int]
    turned: list[dict[str, Any]]
    moved: list[dict[str, Any]]

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Tally":
        return cls(
            tickets=written.get("tickets", 0),
            covered=written.get("covered", 0),
            endings={
                priority: {
                    target: {side: dict(counts) for side, counts in sides.items()} for target, sides in of.items()
                }
                for priority, of in written.get("endings", {}).items()
            },
            changes={change.value: written.get("changes", {}).get(change.value, 0) for change in Change},
            turned=list(written.get("turned", ())),
            moved=list(written.get("moved", ())),
        )

    def written(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("tickets", "covered", "endings", "changes", "turned", "moved")}

    @property
    def samples(self) -> list[dict[str, Any]]:
        return [*self.turned, *self.moved][:MOST_SAMPLES]

    def add(self, dossier: Dossier, pairs: Mapping[ClockKey, Pair]) -> None:
        """A covered ticket."""
        self.covered += 1
        for (target, cycle), (then, now) in pairs.items():
            sides = self.endings.setdefault(dossier.ticket.priority.value, {}).setdefault(target.value, {})
            for side, clock in zip(SIDES, (then, now), strict=True):
                if clock is not None:
                    counts = sides.setdefault(side, {})
                    ending = ending_of(clock).value
                    counts[ending] = counts.get(ending, 0) + 1
            change = change_of(then, now)
            self.changes[change.value] += 1
            self._sample(dossier, target.value, cycle, change, then, now)

    def _sample(
        self, dossier: Dossier, target: str, cycle: int, change: Change, then: Clock | None, now: Clock | None
    ) -> None:
        if change is Change.SAME:
            return
        shown = self.turned if change in (Change.NEWLY_BREACHED, Change.SAVED) else self.moved
        if len(shown) >= MOST_SAMPLES:
            return
        shown.append(
            {
                "ticket_id": dossier.ticket.ticket_id,
                "number": dossier.ticket.number,
                "priority": dossier.ticket.priority.value,
                "target": target,
                "cycle": cycle,
                "change": change.value,
                "due_then": _written(then.due_at if then else None),
                "due_now": _written(now.due_at if now else None),
                "breached_then": _written(then.breached_at if then else None),
                "breached_now": _written(now.breached_at if now else None),
            }
        )


def count_in(
    tally: Tally,
    dossiers: Iterable[Dossier],
    book: Mapping[str, Policy],
    policy: Policy,
    *,
    instead_of: str | None,
    until: datetime,
) -> None:
    """Replay some more tickets."""
    for dossier in dossiers:
        tally.tickets += 1
        if covers(policy, dossier, instead_of):
            tally.add(dossier, replay(dossier, book, policy, until))


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
