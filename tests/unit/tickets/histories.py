"""What unit tests of clocks are told in: a Monday, an office, short words for what happens."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.tickets.domain.calendar import MINUTES_PER_DAY, Calendar, Window
from services.tickets.domain.clock import Clock, ClockKey, run_clocks
from services.tickets.domain.condition import Condition
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy, Priority, Rule, Status, Target

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
# Monday; office hours 09:00-17:00 UTC, weekend closed.
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
WORKDAYS = ((Window(opens=540, closes=1020),),) * 5 + ((),) * 2
OFFICE = Calendar(name="office", version=1, zone="UTC", week=WORKDAYS)
ALWAYS = Calendar(name="always", version=1, zone="UTC", week=((Window(opens=0, closes=MINUTES_PER_DAY),),) * 7)

Targets = dict[Target, timedelta]
PROMISES: Targets = {
    Target.FIRST_RESPONSE: HOUR,
    Target.NEXT_RESPONSE: 2 * HOUR,
    Target.PERIODIC_UPDATE: 4 * HOUR,
    Target.RESOLUTION: 8 * HOUR,
    Target.AGENT_WORK: 6 * HOUR,
    Target.REQUESTER_WAIT: 7 * HOUR,
}
FIRST, NEXT, UPDATE = (Target.FIRST_RESPONSE, 1), (Target.NEXT_RESPONSE, 1), (Target.PERIODIC_UPDATE, 1)
RESOLUTION, OLA = (Target.RESOLUTION, 1), (Target.OLA, 1)

_ids = itertools.count()


def at(hours: float) -> datetime:
    """Hours after Monday nine o'clock."""
    return NINE + hours * HOUR


def rule(
    targets: Targets | None = None,
    *,
    name: str = "everything",
    when: Mapping[str, tuple[str, ...]] | None = None,
    calendar: Calendar = OFFICE,
    **more: Any,
) -> Rule:
    """The same targets for every priority."""
    made = PROMISES if targets is None else targets
    return Rule(
        name=name,
        when=Condition(when=when or {}),
        calendar=calendar,
        targets=dict.fromkeys(Priority, made),
        **more,
    )


def policy(*rules: Rule, version: int = 1) -> Policy:
    return Policy(name="standard", version=version, rules=rules or (rule(),))


def moment(kind: MomentKind, when: datetime, value: str = "", **detail: Any) -> Moment:
    return Moment(moment_id=f"{next(_ids):09}", kind=kind, at=when, observed_at=when, value=value, detail=detail)


def opened(when: datetime = NINE, priority: Priority = Priority.P1, **features: Any) -> Moment:
    return moment(MomentKind.OPENED, when, priority, policy="standard@1", features=features)


def became(status: Status, when: datetime) -> Moment:
    return moment(MomentKind.STATUS, when, status)


def answered(when: datetime) -> Moment:
    return moment(MomentKind.ANSWERED, when)


def asked(when: datetime) -> Moment:
    return moment(MomentKind.ASKED, when)


def raised(priority: Priority, when: datetime) -> Moment:
    return moment(MomentKind.PRIORITY, when, priority)


def changed(when: datetime, **features: Any) -> Moment:
    return moment(MomentKind.FEATURES, when, **features)


def moved(version: int, when: datetime, *, retroactive: bool = False) -> Moment:
    return moment(MomentKind.POLICY, when, f"standard@{version}", retroactive=retroactive)


def retracted(what: Moment, when: datetime) -> Moment:
    return moment(MomentKind.RETRACTED, when, what.moment_id)


def run(*moments: Moment, until: datetime, book: Iterable[Policy] | Policy = ()) -> dict[ClockKey, Clock]:
    """The clocks under these versions of the policy; under one that promises everything if there are none."""
    versions = (book,) if isinstance(book, Policy) else tuple(book) or (policy(),)
    return run_clocks("t1", moments, {each.label: each for each in versions}, until)


def standing(clock: Clock) -> tuple[str, datetime | None]:
    """How a clock stands, and since when or until when."""
    return clock.outcome or clock.state.value, clock.settled_at if clock.settled_at is not None else clock.due_at
