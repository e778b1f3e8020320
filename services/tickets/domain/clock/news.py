"""What of a change of clocks is to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.tickets.domain.clock.values import Clock, ClockKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached:
    """The target ran out at `at`."""

    clock: Clock
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A breach that was told turned out not to be one, or not at that instant."""

    clock: Clock
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The clock stands still for good in its cycle, as far as is known."""

    clock: Clock


News = Breached | Withdrawn | Settled


def news_of(before: Mapping[ClockKey, Clock], after: Mapping[ClockKey, Clock]) -> list[News]:
    """What to tell: first what was told and is not so, then what is, in the order in which it happened.

    Running the same moments again is no news. A clock that is gone takes its breach with it.
    """
    withdrawn: list[Withdrawn] = []
    happened: list[tuple[datetime, News]] = []
    for key, known in before.items():
        if key not in after and known.breached_at is not None:
            withdrawn.append(Withdrawn(clock=known, at=known.breached_at))
    for key, clock in after.items():
        told = before.get(key)
        told_at = told.breached_at if told else None
        if told_at is not None and told_at != clock.breached_at:
            withdrawn.append(Withdrawn(clock=clock, at=told_at))
        if clock.breached_at is not None and clock.breached_at != told_at:
            happened.append((clock.breached_at, Breached(clock=clock, at=clock.breached_at)))
        if clock.settled_at is not None and (told is None or _ending(told) != _ending(clock)):
            happened.append((clock.settled_at, Settled(clock=clock)))
    withdrawn.sort(key=lambda news: news.at)
    happened.sort(key=lambda each: each[0])
    return [*withdrawn, *(news for _, news in happened)]


def _ending(clock: Clock) -> tuple[datetime | None, str | None]:
    return clock.settled_at, clock.outcome
