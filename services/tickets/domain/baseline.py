"""How often the people of a wave asked for help before it opened: what a gate's figures are to be compared with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BEFORE = timedelta(days=28)
"""Whole weeks, so that weekends weigh the same; long enough that a few tickets do not decide."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """`tickets` were opened in `[since, opened_at)` by the `people` of the wave's audience, about anything at all."""

    rollout: str
    wave: str
    opened_at: datetime
    since: datetime
    people: int
    tickets: int
    measured_at: datetime

    @property
    def per_100_per_week(self) -> float | None:
        return rate(self.tickets, self.people, self.opened_at - self.since)


def rate(tickets: int, people: int, period: timedelta) -> float | None:
    """Tickets per 100 people per week; None where there were no people or no time."""
    if people <= 0 or period <= timedelta(0):
        return None
    return tickets / people * 100 / (period / WEEK)
