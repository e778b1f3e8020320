"""SLA clocks: what they read after a list of moments, and what that is news of.

`run_clocks` plays the moments in order. Before each one the clocks are brought to its instant, so a target that ran out
earlier is breached at that earlier instant and one that was met in time is not, whenever the moment became known. A clock
counts `[started_at, ...)` less its stops, half-open, in open time of its hours; it is breached at the very instant
at which the target is used up, so what happens at that instant comes too late.
"""

from services.tickets.domain.clock.news import Breached, News, Settled, Withdrawn, news_of
from services.tickets.domain.clock.replay import UnknownPolicy
from services.tickets.domain.clock.run import run_clocks
from services.tickets.domain.clock.values import (
    FOREVER,
    CancelledBecause,
    Cause,
    Clock,
    ClockKey,
    ClockState,
    Stop,
    StopKind,
)

__all__ = [
    "FOREVER",
    "Breached",
    "CancelledBecause",
    "Cause",
    "Clock",
    "ClockKey",
    "ClockState",
    "News",
    "Settled",
    "Stop",
    "StopKind",
    "UnknownPolicy",
    "Withdrawn",
    "news_of",
    "run_clocks",
]
