"""How an integration stands: what a source sends and what a connector reads and tells, as one view with one sentence. Pure.

Read with tolerance: a field that an older or newer service does not send leaves its place empty, never a page broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.gateway.console.integrations.words import ALARMING, KINDS, mode_word, say_gap, state_look
from services.gateway.console.rendering import as_instant, say_count
from services.gateway.console.views import Look

Tree = Mapping[str, Any]

LEAST_SILENCE: Final = timedelta(minutes=15)
SILENT_AFTER: Final = 12
"""Times the usual gap, as the tickets service has it for its connectors; a source that nothing reads is held to the same."""
ENOUGH: Final = 5
"""Deliveries of which a usual gap can be told."""
MANY_FAIL: Final = 0.2
"""Share of the last deliveries that were not understood from which on somebody should look."""

_UNTOLD: Final = dict.fromkeys(
    (
        "synced_until",
        "polled_at",
        "polling",
        "next_look_at",
        "failures",
        "problem",
        "problem_since",
        "found",
        "waiting",
        "refused",
        "oldest_waiting_at",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The last deliveries of a source and what is in its quarantine, as far as it was asked for."""

    deliveries: Sequence[Tree] = ()
    held: Sequence[Tree] = ()
    more_held: bool = False

    @property
    def last_at(self) -> datetime | None:
        times = [as_instant(row.get("received_at")) for row in self.deliveries]
        return max((at for at in times if at), default=None)

    @property
    def refused_at(self) -> datetime | None:
        """When something last came that was not let in."""
        times = [as_instant(row.get("last_received_at")) for row in self.held]
        return max((at for at in times if at), default=None)

    @property
    def failed(self) -> int:
        return sum(row.get("outcome") == "quarantined" for row in self.deliveries)

    @property
    def usual_gap(self) -> timedelta | None:
        times = sorted(at for row in self.deliveries if (at := as_instant(row.get("received_at"))))
        return (times[-1] - times[0]) / (len(times) - 1) if len(times) >= ENOUGH else None

    def silent_since(self, now: datetime) -> datetime | None:
        """Since when deliveries have been missing, though this source usually sends some."""
        if self.last_at is None or self.usual_gap is None:
            return None
        patience = max(LEAST_SILENCE, self.usual_gap * SILENT_AFTER)
        return self.last_at if now - self.last_at > patience else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its words. `place` is the section of the integration's page that shows what is counted."""

    words: str
    said: str
    tone: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One integration: a source of the gateway, a connector of the tickets service, or both under one name."""

    name: str
    kind: str
    vendor: str
    title: str
    look: Look
    says: str
    source: Tree | None
    connector: Tree | None
    recent: Recent
    event_at: datetime | None
    """When something last came from there: a webhook."""
    silent_since: datetime | None
    usual: str
    figures: tuple[Figure, ...]

    @property
    def status(self) -> Tree:
        """Of the connector; what it does not tell is None."""
        return _UNTOLD | dict((self.connector or {}).get("status") or {})

    @property
    def mode(self) -> str:
        return mode_word(self.connector.get("mode")) if self.connector else ""

    @property
    def two_way(self) -> bool:
        return bool(self.connector) and (self.connector or {}).get("mode") == "two_way"

    @property
    def polled_at(self) -> Any:
        return self.status.get("polled_at")

    @property
    def alarming(self) -> tuple[int, str]:
        """Sorts what somebody should look at first: states that call for it, then what got stuck, then names."""
        words = [state_look(state).word for state in ALARMING]
        stuck = any(figure.tone == "stop" for figure in self.figures)
        return (words.index(self.look.word) if self.look.word in words else len(words) + (not stuck)), self.name


def standing(name: str, source: Tree | None, connector: Tree | None, recent: Recent, *, now: datetime) -> Standing:
    """`now` is real. One of `source` and `connector` is there."""
    known = connector or source or {}
    status = (connector or {}).get("status") or {}
    if connector:
        state, says = str(status.get("state") or "unknown"), str(status.get("says") or "")
        silent, gap = as_instant(status.get("silent_since")), status.get("usual_gap_seconds")
    else:
        state, says = _of_source(source or {}, recent, now)
        silent = recent.silent_since(now)
        gap = recent.usual_gap.total_seconds() if recent.usual_gap else None
    times = (recent.last_at, as_instant(status.get("delivered_at")))
    return Standing(
        name=name,
        kind=KINDS.get(str((source or {}).get("kind") or "helpdesk"), "Source"),
        vendor=str(known.get("vendor") or ""),
        title=str((connector or {}).get("title") or known.get("vendor") or ""),
        look=state_look(state),
        says=says,
        source=source,
        connector=connector,
        recent=recent,
        event_at=max((at for at in times if at), default=None),
        silent_since=silent,
        usual=say_gap(gap) if isinstance(gap, int | float) else "",
        figures=figures(status, recent),
    )


def figures(status: Tree, recent: Recent) -> tuple[Figure, ...]:
    """What is not as it should be, and what waits; what is zero is not said."""
    rows = (
        ("refused", "refused orders", "stop", "orders"),
        ("uncertain", "uncertain orders", "wait", "orders"),
        ("waiting", "waiting orders", "idle", "orders"),
        ("problems", "not understood", "stop", "problems"),
        ("conflicts", "conflicts in 7 days", "wait", "conflicts"),
    )
    found = [
        Figure(words=words, said=f"{status[key]:,}", tone=tone, place=place)
        for key, words, tone, place in rows
        if isinstance(status.get(key), int) and status[key]
    ]
    if recent.held:
        said = f"{len(recent.held)}{'+' if recent.more_held else ''}"
        found.append(Figure(words="in quarantine", said=said, tone="stop", place="problems"))
    return tuple(found)


def _of_source(source: Tree, recent: Recent, now: datetime) -> tuple[str, str]:
    """State and sentence of a source that no connector reads."""
    last_at, refused_at = recent.last_at, recent.refused_at
    if not source.get("enabled", True):
        return "off", "It is switched off: whatever it sends is turned away."
    if refused_at and (last_at is None or refused_at > last_at):
        return "refusing", "What came last was not let in. See below why; most often the secret is another one there."
    if last_at is None:
        return "waiting", _first(source)
    if recent.failed >= max(1, MANY_FAIL * len(recent.deliveries)):
        many = say_count(len(recent.deliveries), "delivery was", "deliveries were")
        return "refusing", f"{recent.failed} of the last {many} not understood. See below which expression failed."
    gap = recent.usual_gap
    if recent.silent_since(now) and gap:
        usual = say_gap(gap.total_seconds())
        return "silent", f"It usually sends every {usual}. See there whether its webhook is still switched on."
    return "listening", "What it sends is taken in."


def _first(source: Tree) -> str:
    if source.get("secrets_set") or source.get("vendor") == "xapi":
        return "Nothing has come yet. Follow the set-up steps there, then let it send something."
    return "No secret is set, so what it sends may be turned away. Set one by the set-up steps."
