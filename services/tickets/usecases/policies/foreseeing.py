"""What a change of policy does to a ticket's clocks: each open one before and after, and breaches that need not have been."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.tickets.domain.clock import CancelledBecause, Cause, Clock, ClockKey, ClockState, run_clocks
from services.tickets.domain.dossier import Dossier, opening_of
from services.tickets.domain.moment import Moment, MomentKind, Opening
from services.tickets.domain.policy import Policy
from shared.clock import render_instant

MOST_SAMPLES = 50
A_SECOND = timedelta(seconds=1)


class Effect(StrEnum):
    """In the order of what people want to see first."""

    NEWLY_BREACHED = "newly_breached"
    CANCELLED = "cancelled"
    NEWLY_PROMISED = "newly_promised"
    EARLIER = "earlier"
    RESTARTED = "restarted"
    LATER = "later"
    SAME = "same"


_RANK = {effect.value: rank for rank, effect in enumerate(Effect)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A clock before and after; one of the two is None where there was, or is, none."""

    effect: Effect
    before: Clock | None
    after: Clock | None


def compared(before: Mapping[ClockKey, Clock], after: Mapping[ClockKey, Clock], at: datetime) -> list[Change]:
    """Every clock that was open, or is now. Finished cycles are not looked at: nothing touches them."""
    changes = []
    for key, clock in before.items():
        if clock.active:
            changes.append(_change(clock, after.get(key), after, at))
    for key, clock in after.items():
        if not clock.active or (key in before and before[key].active):
            continue
        target, cycle = key
        restarted = after.get((target, cycle - 1))
        if restarted is None or restarted.cancelled_because is not CancelledBecause.RESTARTED or (key in before):
            changes.append(Change(effect=Effect.NEWLY_PROMISED, before=before.get(key), after=clock))
    return changes


def _change(clock: Clock, then: Clock | None, after: Mapping[ClockKey, Clock], at: datetime) -> Change:
    if then is None or then.state is ClockState.CANCELLED:
        if then is not None and then.cancelled_because is CancelledBecause.RESTARTED:
            anew = after.get((clock.target, clock.cycle + 1))
            return Change(effect=Effect.RESTARTED, before=clock, after=anew)
        return Change(effect=Effect.CANCELLED, before=clock, after=then)
    if then.breached_at is not None and clock.breached_at is None and then.cause is not Cause.ELAPSED:
        return Change(effect=Effect.NEWLY_BREACHED, before=clock, after=then)
    was, now = _ends(clock, at), _ends(then, at)
    effect = Effect.SAME if was == now else Effect.EARLIER if now < was else Effect.LATER
    return Change(effect=effect, before=clock, after=then)


def _ends(clock: Clock, at: datetime) -> tuple[int, datetime, timedelta]:
    """What decides which of two is due earlier; while both stand still it is the time that is left."""
    if clock.due_at is not None:
        return 0, clock.due_at, timedelta(0)
    return 0, at, clock.remaining(at) or timedelta(0)


def needless(dossier: Dossier, book: Mapping[str, Policy], moves: Mapping[str, str], now: datetime) -> set[str]:
    """Clocks of finished cycles that are breached and would not be, had the ticket always been under the new version.

    An open clock says so itself when it is replayed (`Clock.would_not_have_breached`).
    """
    finished = {key: each for key, each in dossier.clocks.items() if each.breached_at is not None and not each.active}
    if not finished:
        return set()
    supposed = run_clocks(
        dossier.ticket.ticket_id, list(_supposing(dossier, moves)), book, now, _moved(opening_of(dossier.ticket), moves)
    )
    return {
        clock.clock_id
        for key, clock in finished.items()
        if key in supposed and supposed[key].breached_at is None and supposed[key].settled_at == clock.settled_at
    }


def _supposing(dossier: Dossier, moves: Mapping[str, str]) -> Iterator[Moment]:
    for moment in dossier.moments:
        if moment.kind is MomentKind.POLICY:
            yield replace(moment, value=moves.get(moment.value, moment.value))
        elif moment.kind is MomentKind.OPENED:
            yield replace(moment, detail=_moved(Opening.of(moment, opening_of(dossier.ticket)), moves).detail())
        else:
            yield moment


def _moved(opening: Opening, moves: Mapping[str, str]) -> Opening:
    return replace(opening, policy=moves.get(opening.policy, opening.policy))


def counted(counts: Mapping[str, int], changes: Iterable[Change], *, tickets: int, flagged: int) -> dict[str, int]:
    """The counts with these changes in them."""
    total = {
        "tickets": 0,
        "clocks": 0,
        "would_not_have_breached": 0,
        **{effect.value: 0 for effect in Effect},
        **counts,
    }
    total["tickets"] += tickets
    total["would_not_have_breached"] += flagged
    for change in changes:
        total["clocks"] += change.before is not None
        total[change.effect.value] += 1
    return total


def sampled(samples: Sequence[Mapping[str, Any]], found: Iterable[tuple[Dossier, Change]]) -> list[Mapping[str, Any]]:
    """The most telling of them, at most `MOST_SAMPLES`; among equals those that came first."""
    kept = list(samples)
    worst = _RANK[kept[-1]["effect"]] if len(kept) >= MOST_SAMPLES else len(_RANK)
    for dossier, change in found:
        if _RANK[change.effect.value] < worst:
            kept.append(_sample(dossier, change))
    kept.sort(key=lambda sample: _RANK[sample["effect"]])
    return kept[:MOST_SAMPLES]


def _sample(dossier: Dossier, change: Change) -> dict[str, Any]:
    clock = change.before or change.after
    assert clock is not None
    after = change.after
    breached_at = after.breached_at if after is not None else clock.breached_at
    return {
        "ticket_id": dossier.ticket.ticket_id,
        "number": dossier.ticket.number,
        "target": clock.target.value,
        "cycle": clock.cycle,
        "effect": change.effect.value,
        "due_before": _said(change.before.due_at if change.before else None),
        "due_after": _said(after.due_at if after is not None and after.active else None),
        "breached_at": _said(breached_at),
        "needless": after is not None and after.would_not_have_breached,
    }


def _said(at: datetime | None) -> str | None:
    return None if at is None else render_instant(at)
