"""Keeping a ticket the same here and at an outside helpdesk: who changed what, whose word counts, what is to be told."""

from services.tickets.domain.sync.connector import Connector, Filters, Mode, owner_of, silent_since, usual_gap
from services.tickets.domain.sync.link import (
    FIELDS,
    Conflict,
    Field,
    Owner,
    RemoteLink,
    agreed,
    changed_here,
    value_of,
)
from services.tickets.domain.sync.merge import Decision, Observation, decide
from services.tickets.domain.sync.sentences import say_write
from services.tickets.domain.sync.standing import Backlog, State, is_polling, say_standing, state_of
from services.tickets.domain.sync.write import (
    RemoteWrite,
    WriteKind,
    WriteState,
    marker_of,
    retry_in,
    same_words,
)

__all__ = [
    "FIELDS",
    "Backlog",
    "Conflict",
    "Connector",
    "Decision",
    "Field",
    "Filters",
    "Mode",
    "Observation",
    "Owner",
    "RemoteLink",
    "RemoteWrite",
    "State",
    "WriteKind",
    "WriteState",
    "agreed",
    "changed_here",
    "decide",
    "is_polling",
    "marker_of",
    "owner_of",
    "retry_in",
    "same_words",
    "say_standing",
    "say_write",
    "silent_since",
    "state_of",
    "usual_gap",
    "value_of",
]
