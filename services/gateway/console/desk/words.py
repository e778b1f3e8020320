"""How the desk's states are said: an icon and a word for each, and durations and countdowns in words. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.gateway.console.views import Look

Tree = Mapping[str, Any]

STATUSES: Final[Mapping[str, Look]] = {
    "new": Look("pending", "New", "go"),
    "open": Look("play", "Open", "go"),
    "pending": Look("hold", "Pending", "wait"),
    "on_hold": Look("hand", "On hold", "wait"),
    "solved": Look("check", "Solved", "done"),
    "closed": Look("check", "Closed", "over"),
    "unknown": Look("question", "Unknown", "idle"),
}
STATUS_MEANS: Final[Mapping[str, str]] = {
    "open": "somebody works on it",
    "pending": "waits for the requester",
    "on_hold": "waits for somebody else",
    "solved": "the requester has what they need",
    "closed": "for good",
}
OPEN_STATUSES: Final = ("new", "open", "pending", "on_hold", "unknown")
DONE_STATUSES: Final = ("solved", "closed")
PRIORITIES: Final[Mapping[str, Look]] = {
    "P1": Look("alert", "P1 urgent", "stop"),
    "P2": Look("promote", "P2 high", "wait"),
    "P3": Look("dots", "P3 normal", "idle"),
    "P4": Look("chevron", "P4 low", "idle"),
}
KINDS: Final = ("incident", "request", "question", "change")
TARGETS: Final[Mapping[str, str]] = {
    "first_response": "First response",
    "next_response": "Next response",
    "periodic_update": "Periodic update",
    "resolution": "Resolution",
    "agent_work": "Agent work",
    "requester_wait": "Requester wait",
    "ola": "Hand-over between teams",
}
ROLES: Final[Mapping[str, str]] = {
    "requester": "the requester",
    "agent": "the desk",
    "bot": "a machine",
    "unknown": "somebody",
}
CLOCK_STATES: Final[Mapping[str, Look]] = {
    "running": Look("play", "Running", "go"),
    "paused": Look("hold", "Paused", "wait"),
    "settled": Look("check", "Met", "done"),
    "cancelled": Look("cross", "Cancelled", "over"),
    "breached": Look("alert", "Breached", "stop"),
    "late": Look("alert", "Overdue", "stop"),
}
CANCELLED_BECAUSE: Final[Mapping[str, str]] = {
    "merged": "the ticket was merged into another, which carries the promise on",
    "policy": "the policy promises this no longer",
    "deleted": "the ticket was deleted",
    "restarted": "a new cycle began when the promise changed",
}
CAUSES: Final[Mapping[str, str]] = {
    "elapsed": "The time ran out.",
    "retarget": "The promise became shorter than what was used up already; it counts from the moment of that change.",
    "retracted": "An answer was taken back; it counts from the moment it was taken back.",
    "merged": "A ticket that was merged into it had begun earlier; it counts from the merge.",
}
_UNKNOWN = Look("question", "Unknown", "idle")


def status_look(status: object) -> Look:
    return STATUSES.get(str(status), Look("question", spaced(status).capitalize() or "Unknown", "idle"))


def priority_look(priority: object) -> Look:
    return PRIORITIES.get(str(priority), _UNKNOWN)


def target_words(target: object) -> str:
    return TARGETS.get(str(target), spaced(target).capitalize())


def spaced(word: object) -> str:
    """`on_hold` as `on hold`; nothing for None."""
    return "" if word is None else str(word).replace("_", " ")


def say_span(seconds: float) -> str:
    """`2 h 5 min`, `40 s`: whole minutes from one and a half on, cut like countdowns are; hours are never folded into days.

    A day of business time has no fixed length, so hours are the largest unit.
    """
    whole = int(abs(seconds))
    if whole < 90 and whole != 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    parts = [f"{hours:,} h"] if hours else []
    return " ".join([*parts, *([f"{minutes} min"] if minutes or not hours else [])])


def say_exact(seconds: int) -> str:
    """`2:05:07`, so that a column of them can be added up by hand."""
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{'-' if seconds < 0 else ''}{hours}:{minutes:02}:{left:02}"


def say_due(due_at: datetime, now: datetime) -> str:
    """`due in 1 h 5 min`, `overdue by 12 min`; the script says the same as time goes on (assets/times.js)."""
    seconds = (due_at - now).total_seconds()
    if seconds > 0:
        return f"due in {say_roughly(seconds)}"
    return f"overdue by {say_roughly(-seconds)}"


def say_roughly(seconds: float) -> str:
    """`12 s`, `4 min`, `1 h 5 min`, `2 d 3 h`, `5 d`: the two largest units at most, and days from 24 hours on."""
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if days >= 3:
        return f"{days} d"
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{whole} s"


def whole_seconds(parts: Sequence[float]) -> list[int]:
    """Each part in whole seconds, rounded so that they add up to the rounded sum."""
    rounded, before, total = [], 0, 0.0
    for part in parts:
        total += part
        upto = round(total)
        rounded.append(upto - before)
        before = upto
    return rounded


def join_words(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
