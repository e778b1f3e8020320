"""What the requester was promised, in words they would use: no targets, no cycles, one sentence per promise."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.tickets.domain.clock import ClockState
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.policy import Target

_ANSWERS = (Target.FIRST_RESPONSE, Target.NEXT_RESPONSE, Target.PERIODIC_UPDATE)
_SHOWN = (*_ANSWERS, Target.RESOLUTION)
WORDS = {
    Target.FIRST_RESPONSE: "A first answer",
    Target.NEXT_RESPONSE: "An answer",
    Target.PERIODIC_UPDATE: "News",
    Target.RESOLUTION: "A solution",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`due_at` is None while the clock waits, because it moves. `zone` is that of the desk's hours."""

    target: Target
    due_at: datetime | None
    missed: bool
    zone: str

    @property
    def what(self) -> str:
        return WORDS[self.target]

    @property
    def is_answer(self) -> bool:
        return self.target in _ANSWERS


def promises_of(dossier: Dossier) -> list[Promise]:
    """What is still owed to the requester: the next word, then the solution."""
    standing = [
        Promise(
            target=clock.target,
            due_at=clock.due_at if clock.state is ClockState.RUNNING else None,
            missed=clock.breached_at is not None,
            zone=clock.hours.pieces[-1][1].zone,
        )
        for clock in dossier.clocks.values()
        if clock.active and clock.target in _SHOWN and clock.target_for is not None
    ]
    return sorted(standing, key=lambda promise: _SHOWN.index(promise.target))


def spoken(at: datetime, zone: str) -> str:
    """`Monday 23 November 2026, 11:00 (Europe/Berlin)`; in UTC where nobody knows the zone."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local, zone = at, "UTC"
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({zone.replace('_', ' ')})"


def time_left(at: datetime, now: datetime) -> str:
    """`in 2 hours and 5 minutes`, `3 days ago`; the two largest parts, because nobody reads more of them."""
    minutes = int(abs(at - now).total_seconds() // 60)
    if minutes < 1:
        return "now"
    days, rest = divmod(minutes, 24 * 60)
    parts = [(days, "day"), (rest // 60, "hour"), (rest % 60, "minute")]
    words = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count][:2]
    return f"in {' and '.join(words)}" if at > now else f"{' and '.join(words)} ago"
