"""How integrations are said: an icon and a word for each state, and how long ago something was. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.gateway.console.desk.words import say_roughly as roughly
from services.gateway.console.desk.words import spaced
from services.gateway.console.views import Look

Tree = Mapping[str, Any]

STATES: Final[Mapping[str, Look]] = {
    "fine": Look("check", "Fine", "done"),
    "running": Look("play", "Reading now", "go"),
    "starting": Look("clock", "Starting", "go"),
    "silent": Look("hand", "Silent", "wait"),
    "no_credential": Look("lock", "No credential", "wait"),
    "failing": Look("alert", "Failing", "stop"),
    "off": Look("hold", "Off", "over"),
    # Of a source that nothing is read from.
    "listening": Look("check", "Listening", "done"),
    "waiting": Look("clock", "Nothing came yet", "wait"),
    "closed": Look("lock", "Closed", "wait"),
    "refusing": Look("alert", "Refusing", "stop"),
}
ALARMING: Final = ("failing", "refusing", "silent", "no_credential", "closed", "starting", "waiting", "running")
"""In the order in which somebody should look; what is not here comes after, by name."""
KINDS: Final[Mapping[str, str]] = {"helpdesk": "Helpdesk", "lms": "Learning system"}
MODES: Final[Mapping[str, tuple[str, str]]] = {
    "read_only": (
        "Read-only",
        "Tickets are read from there; nothing is written there. What would be written waits here and can be looked at.",
    ),
    "two_way": (
        "Two-way",
        "Tickets are read from there, and replies, status, priority and subject are written back there.",
    ),
}
CREDENTIALS: Final[Mapping[str, str]] = {
    "token": "Token",
    "basic": "Name and password",
    "oauth2": "OAuth 2",
}


def state_look(state: object) -> Look:
    return STATES.get(str(state), Look("question", spaced(state).capitalize() or "Unknown", "idle"))


def say_ago(at: datetime, now: datetime) -> str:
    """`12 s ago`; the script says the same as time goes on (assets/times.js)."""
    seconds = (now - at).total_seconds() // 1
    if seconds < -59:
        return f"in {roughly(-seconds)}"
    return "just now" if seconds < 1 else f"{roughly(seconds)} ago"


def say_gap(seconds: float) -> str:
    """How long something usually takes: `40 s`, `4 min`."""
    return roughly(max(seconds, 1.0))


def mode_word(mode: object) -> str:
    return MODES.get(str(mode), (spaced(mode).capitalize(), ""))[0]
