"""What is promised: an ordered list of rules, of which the first that matches a ticket gives its targets, hours and pauses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.condition import Condition, Features


class Priority(StrEnum):
    """P1 is the most urgent."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Status(StrEnum):
    """`unknown` is an outside desk's word that nothing maps; the clocks run on in it."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"
    UNKNOWN = "unknown"

    @property
    def done(self) -> bool:
        return self in (Status.SOLVED, Status.CLOSED)


class Target(StrEnum):
    """What a clock measures.

    Agent work, requester wait and periodic update are Zendesk's; next response is counted from the oldest unanswered word of
    the requester (as in Request Tracker), and an OLA is what one team promises the others while it holds the ticket.
    """

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    PERIODIC_UPDATE = "periodic_update"
    RESOLUTION = "resolution"
    AGENT_WORK = "agent_work"
    REQUESTER_WAIT = "requester_wait"
    OLA = "ola"


class PolicyInvalid(ValueError):
    """A policy that contradicts itself; the text names the place."""


PAUSABLE = frozenset({Status.PENDING, Status.ON_HOLD})
FIXED_PAUSES: Mapping[Target, frozenset[Status]] = {
    Target.AGENT_WORK: PAUSABLE,
    Target.REQUESTER_WAIT: frozenset({Status.PENDING}),
}
"""What these two measure is said by when they stand still: agents work on what is new or open, and a requester waits for
whatever does not wait for the requester (Zendesk's definitions). No policy says otherwise."""
WAITING_FOR_PARENT = frozenset({Target.RESOLUTION, Target.AGENT_WORK, Target.OLA})
"""What stands still while a ticket waits for its major incident. Its requester still waits, and is still owed answers."""
EVERY_TEAM = "*"
FALLBACK = "standard"
"""The policy of every ticket that no other one is for."""


class OnChange(StrEnum):
    """What a changed target does to a clock: `retain` its start and stops, or `restart` it as a new cycle."""

    RETAIN = "retain"
    RESTART = "restart"


class OnReopen(StrEnum):
    """Whether a reopened ticket's clocks go on without the solved time, or begin a new cycle."""

    CONTINUE = "continue"
    RESTART = "restart"


class StepTime(StrEnum):
    """Whether the distance of a step is counted in the clock's own time or on the wall."""

    BUSINESS = "business"
    REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of an escalation ladder: a share of the target (`percent`), or a distance from its end (`offset_for`).

    A negative distance lies before the breach, a positive one after it. A share is always one of counted time. `to` is
    `assignee`, `team`, `lead`, `manager`, `email:address` or `webhook:name`. With `repeat_every` it is said again until
    somebody has touched the ticket.
    """

    percent: float | None = None
    offset_for: timedelta | None = None
    time: StepTime = StepTime.BUSINESS
    to: str
    repeat_every: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.offset_for is None):
            raise PolicyInvalid("A step is either a share of the target or a distance from its end.")
        if self.percent is not None and (self.percent <= 0 or self.time is StepTime.REAL):
            raise PolicyInvalid("A share of the target is more than nothing, and is always one of business time.")
        if self.repeat_every is not None and self.repeat_every < timedelta(minutes=1):
            raise PolicyInvalid("A step is repeated every minute at most.")

    @property
    def at(self) -> str:
        """As written: `75%`, `-30m`, `+2h`."""
        if self.percent is not None:
            return f"{self.percent:g}%"
        assert self.offset_for is not None
        minutes = abs(self.offset_for) / timedelta(minutes=1)
        sign = "-" if self.offset_for < timedelta(0) else "+"
        return f"{sign}{minutes / 60:g}h" if minutes and minutes % 60 == 0 else f"{sign}{minutes:g}m"

    @property
    def threshold(self) -> str:
        """What is said once per cycle of a clock, whatever place the step has in whichever version of the policy: `75% lead`."""
        return " ".join((self.at, *(("real",) if self.time is StepTime.REAL else ()), self.to))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is promised to the tickets for which `when` holds. An absent target promises nothing.

    `targets` and `olas` (per team, `*` for any other) are open time of `calendar`. `pause_on` says per target in which
    statuses it stands still; a target that it does not name does so in pending and on hold. `reopen_window` is real time:
    a ticket that stayed solved for that long is reopened with new cycles, whatever `on_reopen` says.
    """

    name: str
    when: Condition = field(default_factory=Condition)
    calendar: Calendar
    targets: Mapping[Priority, Mapping[Target, timedelta]] = field(default_factory=dict)
    olas: Mapping[str, timedelta] = field(default_factory=dict)
    pause_on: Mapping[Target, frozenset[Status]] = field(default_factory=dict)
    on_change: Mapping[Target, OnChange] = field(default_factory=dict)
    on_reopen: OnReopen = OnReopen.CONTINUE
    reopen_window: timedelta | None = None
    ladder: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        for target, statuses in self.pause_on.items():
            if target in FIXED_PAUSES:
                raise PolicyInvalid(f"When {target} stands still is what it means; a policy cannot change it.")
            if not statuses <= PAUSABLE:
                raise PolicyInvalid("Clocks can be paused on pending and on_hold only.")
        for priority, targets in self.targets.items():
            for target, target_for in targets.items():
                if target is Target.OLA:
                    raise PolicyInvalid("An OLA is promised per team, not per priority.")
                if target_for <= timedelta(0):
                    raise PolicyInvalid(f"The {target} target of {priority} must be longer than nothing.")
        for team, ola_for in self.olas.items():
            if ola_for <= timedelta(0):
                raise PolicyInvalid(f"The OLA of {team} must be longer than nothing.")
        if self.reopen_window is not None and self.reopen_window <= timedelta(0):
            raise PolicyInvalid("The window for reopening must be longer than nothing.")

    def promised(self, target: Target, features: Features) -> timedelta | None:
        """How much open time this target allows such a ticket; None if nothing is promised."""
        if target is Target.OLA:
            if features.team is None:
                return None
            return self.olas.get(features.team, self.olas.get(EVERY_TEAM))
        return self.targets.get(Priority(features.priority), {}).get(target)

    def restarts_on_reopen(self, solved_for: timedelta) -> bool:
        """Whether a ticket that was solved for this long (real time) begins new cycles. Exactly the window is too late."""
        if self.on_reopen is OnReopen.RESTART:
            return True
        return self.reopen_window is not None and solved_for >= self.reopen_window


def stands_still(rule: Rule | None, target: Target, status: Status, *, waits: bool) -> bool:
    """Whether a clock of this target is paused in this status, or because the ticket waits for its major incident."""
    if waits and target in WAITING_FOR_PARENT:
        return True
    fixed = FIXED_PAUSES.get(target)
    if fixed is not None:
        return status in fixed
    return status in (PAUSABLE if rule is None else rule.pause_on.get(target, PAUSABLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """How a rule compared with a ticket; `reason` says why it does or does not apply."""

    rule: str
    matched: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy; it never changes, and neither do the versions of the calendars in it.

    Of several policies a new ticket gets the first by `order` (then by name) whose `when` holds.
    """

    name: str
    version: int
    order: int = 100
    when: Condition = field(default_factory=Condition)
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if not self.rules:
            raise PolicyInvalid("A policy needs at least one rule.")
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise PolicyInvalid("Every rule of a policy has a name of its own.")

    @property
    def label(self) -> str:
        """As events name it, e.g. `standard@1`."""
        return f"{self.name}@{self.version}"

    def match(self, features: Features) -> Rule | None:
        """The first rule that holds."""
        return next((rule for rule in self.rules if rule.when.check(features) is None), None)

    def checks(self, features: Features) -> list[RuleCheck]:
        """Every rule in order with the reason why it does not apply, which for those after the match is the match."""
        checks: list[RuleCheck] = []
        matched: str | None = None
        for rule in self.rules:
            problem = rule.when.check(features)
            if matched is not None:
                checks.append(RuleCheck(rule=rule.name, matched=False, reason=f"{matched} comes before it"))
            elif problem is not None:
                checks.append(RuleCheck(rule=rule.name, matched=False, reason=problem))
            else:
                matched = rule.name
                asks = rule.when.asks
                reason = f"it holds for this {asks}" if asks else "it holds for every ticket"
                checks.append(RuleCheck(rule=rule.name, matched=True, reason=reason))
        return checks

    def calendars(self) -> dict[str, Calendar]:
        """The calendars pinned in this version by their labels."""
        return {rule.calendar.label: rule.calendar for rule in self.rules}


def chosen(policies: Iterable[Policy], features: Features) -> Policy | None:
    """The policy of a new ticket: the first by order, then name, whose condition holds."""
    return next((policy for policy in in_order(policies) if policy.when.check(features) is None), None)


def in_order(policies: Iterable[Policy]) -> list[Policy]:
    """As they are tried on a new ticket: by order, then name; the one for whatever no other is for comes last."""
    return sorted(policies, key=lambda policy: (policy.name == FALLBACK, policy.order, policy.name))
