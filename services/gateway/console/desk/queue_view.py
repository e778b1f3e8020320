"""The queue as its page shows it: tabs, filters that live in the address, rows with what is due next. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from services.gateway.console.desk.strip import clock_look
from services.gateway.console.desk.words import (
    CLOCK_STATES,
    DONE_STATUSES,
    OPEN_STATUSES,
    PRIORITIES,
    STATUSES,
    priority_look,
    say_due,
    status_look,
    target_words,
)
from services.gateway.console.rendering import as_instant
from services.gateway.console.views import Look

Tree = Mapping[str, Any]
Query = tuple[tuple[str, str], ...]

ONE: Final = ("kind", "team", "assignee", "source", "rollout", "wave", "requester", "sla", "q", "sort", "view")
MANY: Final[Mapping[str, Sequence[str]]] = {"status": tuple(STATUSES), "priority": tuple(PRIORITIES)}
SORTS: Final[Mapping[str, str]] = {
    "due": "due soonest",
    "newest": "newest",
    "updated": "changed last",
    "relevance": "best match",
}
SLAS: Final[Mapping[str, str]] = {
    "overdue": "overdue",
    "at_risk": "at risk",
    "running": "running",
    "breached": "ever breached",
    "unconfirmed": "breach not confirmed yet",
}
LONGEST: Final = 200
ME: Final = "me"
NOBODY: Final = "none"


def _open(*more: tuple[str, str]) -> Query:
    return (*more, *(("status", status) for status in OPEN_STATUSES))


TABS: Final[Sequence[tuple[str, str, Query, str]]] = (
    ("mine", "Mine", _open(("assignee", ME)), "due"),
    ("unassigned", "Unassigned", _open(("assignee", NOBODY)), "due"),
    ("overdue", "Overdue", (("sla", "overdue"),), "due"),
    ("at_risk", "At risk", (("sla", "at_risk"),), "due"),
    ("open", "All open", _open(), "due"),
    ("solved", "Solved", tuple(("status", status) for status in DONE_STATUSES), "updated"),
)
"""(name as counted by the service, words, what it asks for, order)."""
EMPTY: Final[Mapping[str, tuple[str, str]]] = {
    "mine": ("Nothing is assigned to you.", "Take the ticket that is due soonest under “Unassigned”."),
    "unassigned": ("Every open ticket has somebody.", "Look under “At risk” for where help is needed most."),
    "overdue": ("Nothing is overdue.", "Look under “At risk” for what will be, unless somebody acts."),
    "at_risk": ("No promise is in danger.", "“All open” is sorted by what is due next."),
    "open": ("No ticket is open.", "New ones appear here by themselves, from the form, by e-mail, and from helpdesks."),
    "solved": ("Nothing has been solved yet.", "Solved tickets stay here and can be found by the search."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    name: str
    words: str
    href: str
    number: int | None
    capped: bool
    """The number is where counting stopped; there may be more."""
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """What is promised next on a ticket. `at` is None where nothing counts down."""

    look: Look
    target: str
    at: str | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    number: int
    ticket_id: str
    version: int
    subject: str
    status: Look
    priority: Look
    requester: str
    held_by: str
    wave: str
    rollout: str
    major: bool
    due: DueView
    raw: Tree

    @property
    def said(self) -> str:
        """What is announced when this changes on an open page."""
        return f"Ticket {self.number}: {self.status.word}, {self.due.look.word}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What the address asks for, as the service takes it, and nothing else."""

    given: Query
    cursor: str | None

    def one(self, name: str) -> str:
        return next((value for key, value in self.given if key == name), "")

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.given if key == name]

    @property
    def query(self) -> str:
        """What follows the `?` of this cut's address, as saved views keep it."""
        return urlencode(self.given)

    @property
    def asked(self) -> dict[str, Any]:
        """Parameters for the service."""
        found: dict[str, Any] = {name: self.every(name) or None for name in MANY}
        return found | {name: self.one(name) or None for name in ONE}

    @property
    def narrowed(self) -> list[tuple[str, str]]:
        """The filters beside the tab's own, to be named and taken away one by one."""
        tab = current_tab(self)
        base = set(tab[2]) if tab else set()
        return [(key, value) for key, value in self.given if (key, value) not in base and key not in ("sort", "view")]

    def without(self, *names: str) -> str:
        return urlencode([(key, value) for key, value in self.given if key not in names])

    def less(self, name: str, value: str) -> str:
        """The address without one filter."""
        return urlencode([pair for pair in self.given if pair != (name, value)])


def read_cut(params: Sequence[tuple[str, str]]) -> Cut:
    """From the address's parameters; what is not known, empty or too long is left out. Without any: all open, due soonest."""
    given = [
        (name, value.strip())
        for name, value in params
        if value.strip() and len(value) <= LONGEST and (name in ONE or value in MANY.get(name, ()))
    ]
    given = [pair for pair in dict.fromkeys(given) if pair[0] != "sort" or pair[1] in SORTS]
    cursor = next((value for name, value in params if name == "cursor" and value), None)
    if not given:
        given = [*TABS[4][2], ("sort", TABS[4][3])]
    return Cut(given=tuple(given), cursor=cursor)


def current_tab(cut: Cut) -> tuple[str, str, Query, str] | None:
    """The tab whose cut this is, or which it narrows; the narrowest of those."""
    given = set(cut.given)
    fitting = [tab for tab in TABS if set(tab[2]) <= given and _same_words(tab[2], cut)]
    return max(fitting, key=lambda tab: len(tab[2])) if fitting else None


def _same_words(asked: Query, cut: Cut) -> bool:
    """Whether no status is asked for beside the tab's own, which would widen it."""
    return set(cut.every("status")) == {value for name, value in asked if name == "status"}


def tabs(cut: Cut, counts: Tree | None) -> list[Tab]:
    current = current_tab(cut)
    return [
        Tab(
            name=name,
            words=words,
            href="/tickets?" + urlencode([*asked, ("sort", order)]),
            number=_count(counts, name),
            capped=counts is not None and _count(counts, name) == counts.get("most"),
            current=current is not None and current[0] == name and not cut.one("view"),
        )
        for name, words, asked, order in TABS
    ]


def _count(counts: Tree | None, name: str) -> int | None:
    found = (counts or {}).get(name)
    return found if isinstance(found, int) else None


def empty_words(cut: Cut) -> tuple[str, str]:
    """What an empty queue says, and what to do then."""
    tab = current_tab(cut)
    if cut.one("q") or cut.narrowed or tab is None:
        return "No ticket fits all of this.", "Take a filter away, or search in all tickets."
    return EMPTY[tab[0]]


def row_view(ticket: Tree, now: datetime) -> RowView:
    """`ticket` as one item of `GET /v1/tickets`."""
    requester, attribution = ticket.get("requester") or {}, ticket.get("attribution") or {}
    holders = [str(ticket[name]) for name in ("team", "assignee") if ticket.get(name)]
    return RowView(
        number=int(ticket.get("number") or 0),
        ticket_id=str(ticket.get("ticket_id") or ""),
        version=int(ticket.get("version") or 0),
        subject=str(ticket.get("subject") or ""),
        status=status_look(ticket.get("status")),
        priority=priority_look(ticket.get("priority")),
        requester=str(requester.get("name") or requester.get("email") or ""),
        held_by=", ".join(holders),
        wave=str(attribution.get("wave") or ""),
        rollout=str(attribution.get("rollout") or ""),
        major=bool(ticket.get("major")),
        due=due_view(ticket, now),
        raw=ticket,
    )


def due_view(ticket: Tree, now: datetime) -> DueView:
    """The soonest of what counts down; else what is paused; else what became of the promises."""
    clocks = [clock for clock in ticket.get("clocks") or () if clock.get("state") in ("running", "paused")]
    running = sorted(_dated(clocks), key=lambda pair: pair[0])
    if running:
        due_at, clock = running[0]
        late = due_at <= now
        look = CLOCK_STATES["late" if late else "running"]
        return DueView(
            look=look, target=target_words(clock.get("target")), at=str(clock["due_at"]), words=say_due(due_at, now)
        )
    if clocks:
        target = target_words(clocks[0].get("target"))
        return DueView(look=CLOCK_STATES["paused"], target=target, at=None, words=f"paused with {target.lower()} open")
    return _ended(ticket)


def _ended(ticket: Tree) -> DueView:
    ended = [clock for clock in ticket.get("clocks") or () if clock.get("state") != "cancelled"]
    breached = next((clock for clock in ended if clock.get("breached_at")), None)
    if breached is not None:
        look = clock_look(breached)
        return DueView(look=look, target=target_words(breached.get("target")), at=None, words="breached")
    if ended:
        return DueView(look=CLOCK_STATES["settled"], target="", at=None, words="every promise kept")
    return DueView(look=Look("dots", "No promise", "idle"), target="", at=None, words="nothing is promised")


def _dated(clocks: Sequence[Tree]) -> Iterator[tuple[datetime, Tree]]:
    for clock in clocks:
        due_at = as_instant(clock.get("due_at"))
        if clock.get("state") == "running" and due_at is not None:
            yield due_at, clock
