"""How the sync with helpdesks is said: fields, whose word counts, and what became of an order. Pure."""

from collections.abc import Mapping
from typing import Final

from services.gateway.console.desk.words import PRIORITIES, spaced, status_look
from services.gateway.console.views import Look

FIELDS: Final[Mapping[str, str]] = {"status": "Status", "priority": "Priority", "subject": "Subject"}
OWNERS: Final[Mapping[str, str]] = {
    "remote": "the helpdesk's word counts",
    "local": "Glidepath's word counts",
    "newest": "the newest word counts",
}
WRITE_STATES: Final[Mapping[str, Look]] = {
    "waiting": Look("clock", "Waiting", "idle"),
    "attempted": Look("question", "Uncertain", "wait"),
    "done": Look("check", "Done", "done"),
    "refused": Look("alert", "Refused", "stop"),
    "discarded": Look("cross", "Discarded", "over"),
}


def write_look(state: object) -> Look:
    return WRITE_STATES.get(str(state), Look("question", spaced(state).capitalize() or "Unknown", "idle"))


def field_word(name: object) -> str:
    return FIELDS.get(str(name), spaced(name).capitalize())


def value_word(name: object, value: object) -> str:
    """A field's value as people read it."""
    if value in (None, ""):
        return "nothing"
    if name == "status":
        return status_look(value).word
    if name == "priority" and value in PRIORITIES:
        return str(value)
    return f"“{value}”" if name == "subject" else str(value)


def owner_words(owner: object) -> str:
    return OWNERS.get(str(owner), spaced(owner))
