"""How a connector stands, in one word and one sentence that says what is so and what to do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.tickets.domain.sync.connector import LEAST_SILENCE, Connector, silent_since


class State(StrEnum):
    """`STARTING` until the helpdesk has been read once; `RUNNING` while it is being read again."""

    OFF = "off"
    NO_CREDENTIAL = "no_credential"
    FAILING = "failing"
    SILENT = "silent"
    STARTING = "starting"
    RUNNING = "running"
    FINE = "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is still to be told, what waits for a person, and what could not be understood."""

    waiting: int = 0
    uncertain: int = 0
    refused: int = 0
    problems: int = 0


def state_of(connector: Connector, now: datetime) -> State:
    """`now` is real time."""
    if not connector.enabled:
        return State.OFF
    if connector.credential is None:
        return State.NO_CREDENTIAL
    if connector.problem is not None:
        return State.FAILING
    if silent_since(connector, now) is not None:
        return State.SILENT
    if connector.polled_at is None:
        return State.STARTING
    return State.RUNNING if is_polling(connector) else State.FINE


def is_polling(connector: Connector) -> bool:
    """Whether it stands between two pages of its list of changes."""
    return connector.cursor.get("page") is not None


def say_standing(connector: Connector, backlog: Backlog, now: datetime) -> str:
    """What is so and what to do, for a person. `now` is real time."""
    state, name = state_of(connector, now), connector.name
    if state is State.OFF:
        return "It is switched off: nothing is read there and nothing is told."
    if state is State.NO_CREDENTIAL:
        return f"It has no credential, so nothing is read or told: set one, for example with `glidepath sync login {name}`."
    if state is State.FAILING:
        return _failing(connector, now)
    if state is State.SILENT:
        gap = connector.usual_gap_for or LEAST_SILENCE
        return (
            f"No webhook has come since {_at(connector.delivered_at)}, though one usually comes every {_length(gap)}: see"
            " whether the helpdesk still sends them. Polling finds what they do not tell."
        )
    return " ".join([_reading(state), *_backlog(connector, backlog)])


def _failing(connector: Connector, now: datetime) -> str:
    problem = (connector.problem or "").rstrip(".")
    since = f" It has been so since {_at(connector.problem_since)}" if connector.problem_since is not None else ""
    again = connector.next_call_at
    next_try = f"; the next attempt is at {_at(again)}" if again is not None and again > now else ""
    return f"{problem}.{since}{next_try}." if since else f"{problem}."


def _reading(state: State) -> str:
    if state is State.STARTING:
        return "It is being read for the first time."
    return "It is being read just now." if state is State.RUNNING else "All that it told has been read."


def _backlog(connector: Connector, backlog: Backlog) -> list[str]:
    said = []
    name = connector.name
    if backlog.refused:
        said.append(
            f"It refused {_count(backlog.refused, 'order')}: see why with `glidepath sync writes {name} --state refused`."
        )
    if backlog.problems:
        said.append(
            f"{_count(backlog.problems, 'item')} could not be understood: `glidepath sync quarantine {name}` shows them."
        )
    if backlog.uncertain:
        said.append(
            f"{_count(backlog.uncertain, 'order')} had no answer yet; each is looked for before it is sent again."
        )
    if backlog.waiting and not connector.two_way:
        said.append(
            f"{_count(backlog.waiting, 'order')} would be told if it were two-way: see `glidepath sync writes {name}`."
        )
    elif backlog.waiting:
        said.append(
            f"{_count(backlog.waiting, 'order')} wait to be told."
            if backlog.waiting > 1
            else "1 order waits to be told."
        )
    return said


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"


def _at(instant: datetime | None) -> str:
    return "-" if instant is None else f"{instant:%Y-%m-%d %H:%M} UTC"


def _length(length: timedelta) -> str:
    """The largest unit that says something, for a gap that is an average anyway."""
    seconds = length.total_seconds()
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit)} {name}"
    return f"{max(1, round(seconds))} seconds"
